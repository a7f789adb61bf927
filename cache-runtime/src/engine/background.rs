//! Work that no caller waits for: stores, releases, refreshes. Bounded in number and in time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use tokio::sync::{Notify, Semaphore};

use crate::home::home;

/// How many stores and releases may be under way. Each lives no longer than the deadline.
const STORES: usize = 1024;
/// How many refreshes may run. They run the user's functions, and a full house is no reason to wait: the entry is
/// refreshed by a later call.
const REFRESHES: usize = 64;

/// A cache's background work.
#[derive(Debug)]
pub(crate) struct Background {
    stores: Arc<Semaphore>,
    /// How many of them are under way.
    pending: Arc<Pending>,
    refreshes: Arc<Semaphore>,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            stores: Arc::new(Semaphore::new(STORES)),
            pending: Arc::default(),
            refreshes: Arc::new(Semaphore::new(REFRESHES)),
        }
    }
}

impl Background {
    /// Starts `work` at once, and leaves the rest of it to the caller's home.
    ///
    /// The first poll puts its command in line on the connection, so what the same caller asks next is answered as if it had
    /// waited. Dropped where there is no room and no runtime: then a lease runs out by itself.
    pub(crate) fn store(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(permit) = Arc::clone(&self.stores).try_acquire_owned() else { return };
        let pending = self.pending.begin();
        let mut work: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            work.await;
            drop((permit, pending));
        });
        // Whatever it waits for will wake the task, which polls it again first thing.
        let started = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if started.is_pending()
            && let Ok(home) = home()
        {
            home.spawn(work);
        }
    }

    /// Runs a refresh in the background, unless too many run.
    pub(crate) fn refresh(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else { return };
        if let Ok(home) = home() {
            home.spawn(async move {
                work.await;
                drop(permit);
            });
        }
    }

    /// Runs a refresh by blocking code in the background, on the library's own runtime's pool, unless too many run.
    pub(crate) fn refresh_blocking(&self, work: impl FnOnce() + Send + 'static) {
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else { return };
        if let Ok(library) = crate::blocking::library_runtime() {
            library.spawn_blocking(move || {
                work();
                drop(permit);
            });
        }
    }

    /// Waits until no store is under way.
    pub(crate) async fn flush(&self) {
        loop {
            // Before the question, so that an end in between is heard of.
            let ended = self.pending.ended.notified();
            if self.pending.number.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

/// How many stores are under way.
#[derive(Debug, Default)]
struct Pending {
    number: AtomicUsize,
    /// Told when there is none.
    ended: Notify,
}

impl Pending {
    /// Counts one until what it gives is dropped, also if its runtime drops it.
    fn begin(self: &Arc<Self>) -> UnderWay {
        self.number.fetch_add(1, Ordering::AcqRel);
        UnderWay(Arc::clone(self))
    }
}

struct UnderWay(Arc<Pending>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.0.number.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
