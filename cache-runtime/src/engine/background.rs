//! Work that no caller waits for: stores, releases, refreshes. Bounded in number and in time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::Call;
use super::ticket::{self, Hold};
use super::together::{Stored, Together};
use crate::cache::Inner;
use crate::decision::Lifetime;
use crate::flight::Landing;
use crate::home::{self, home, yield_now};

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
    pub(super) together: Together,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            stores: Arc::new(Semaphore::new(STORES)),
            pending: Arc::default(),
            refreshes: Arc::new(Semaphore::new(REFRESHES)),
            together: Together::default(),
        }
    }
}

impl Background {
    /// Starts work at once, and leaves the rest of it to the caller's home. It holds what it is given until it is done.
    ///
    /// The first poll puts its command in line on the connection, so what the same caller asks next is answered as if it had
    /// waited. Dropped where there is no room and no runtime: then a lease runs out by itself. False if there was no room.
    pub(crate) fn store<W>(&self, work: impl FnOnce(UnderWay) -> W) -> bool
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let Some(under_way) = self.begin() else { return false };
        Self::start(work(under_way));
        true
    }

    /// Stores a value: at once if no other is on its way, and else together with those that have not left yet.
    pub(super) fn store_value(
        &self,
        call: Call,
        hold: Hold,
        bytes: Arc<Vec<u8>>,
        lifetime: Lifetime,
        landing: Option<Landing>,
    ) {
        let is_remote = call.cache().store.is_remote();
        let is_alone = self.pending.number.load(Ordering::Acquire) == 0;
        let Some(under_way) = self.begin().map(|under_way| under_way.with(landing)) else { return };
        // Where the caller's own runtime cannot carry it, it goes by itself.
        match home::current().filter(|_| is_remote) {
            // Not polled here first: a task that is started behind the connection's, which that would wake, has the runtime wake
            // another of its threads for nothing.
            Some(current) if home().is_ok_and(|home| home.id() == current.id()) => {
                let cache = Arc::clone(call.cache.arc());
                let value = Stored { call, hold, bytes, lifetime, under_way };
                self.together.store(&current, &cache, value, is_alone);
            }
            _ => Self::start(ticket::store(call, hold, bytes, lifetime, under_way)),
        }
    }

    fn begin(&self) -> Option<UnderWay> {
        let permit = Arc::clone(&self.stores).try_acquire_owned().ok()?;
        Some(UnderWay { _permit: permit, _counted: self.pending.begin(), _landing: None })
    }

    /// Lets the connection write what was put in line, and sees to it that what has gathered is put in line first: a caller does
    /// not wait for its store's answer, but what it asks next is to come after it, and a program may end behind it.
    pub(crate) async fn let_it_be_written(&self, cache: &Arc<Inner>) {
        let Some(runtime) = home::current().map(|current| current.id()) else { return yield_now().await };
        // It leaves in the second turn, if its thread is awake.
        for _ in 0..3 {
            yield_now().await;
            if !self.together.is_waiting(runtime) {
                return;
            }
        }
        // A box, so that the future of a miss is small.
        Box::pin(self.together.hurry(cache, runtime)).await;
        yield_now().await;
    }

    pub(super) fn start(work: impl Future<Output = ()> + Send + 'static) {
        let mut work: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(work);
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

/// Held by a store for as long as it is under way.
///
/// It is the store's own, and not that of a future around it, which would be twice as large.
pub(crate) struct UnderWay {
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
    _landing: Option<Landing>,
}

impl UnderWay {
    /// With what tells others of the value meanwhile.
    pub(super) fn with(self, landing: Option<Landing>) -> Self {
        Self { _landing: landing, ..self }
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
    fn begin(self: &Arc<Self>) -> Counted {
        self.number.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(self))
    }
}

struct Counted(Arc<Pending>);

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.number.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
