//! Values that are to be stored at the same time travel together.
//!
//! What a miss costs under concurrency is mostly messages, timers and tasks, one each for every store. So a value that is to be
//! stored while others are on their way joins those that have not left yet: one request and one task for all of them. Who
//! stores alone sends at once, as ever.
//!
//! Nobody waits for company: those that have gathered leave as soon as everything that was ready to run has run once.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Instant;

use tokio::runtime::{self, Handle};

use super::Call;
use super::background::UnderWay;
use super::ticket::{Hold, settled};
use crate::cache::Inner;
use crate::decision::Lifetime;
use crate::error::Error;
use crate::store::{Store, Swap};

/// The most values of one request.
const MOST_VALUES: usize = 128;
/// The most bytes, but for one value, that a request should have: the server takes it in one piece.
const MOST_BYTES: usize = 256 * 1024;

/// A value that is to be stored, and the right to.
pub(super) struct Stored {
    pub(super) call: Call,
    pub(super) hold: Hold,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) lifetime: Lifetime,
    pub(super) under_way: UnderWay,
}

/// The values of a cache that have not left yet.
#[derive(Default)]
pub(super) struct Together {
    open: Mutex<Option<Arc<Gathering>>>,
    /// How many requests have not been put in line on the connection.
    unsent: AtomicUsize,
}

/// Values of one runtime's callers.
struct Gathering {
    runtime: runtime::Id,
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    values: Vec<Stored>,
    bytes: usize,
}

impl Together {
    /// Takes the value along with others, on `home`, the caller's own runtime; `is_alone` if no other is on its way.
    pub(super) fn store(&self, home: &Handle, cache: &Arc<Inner>, value: Stored, is_alone: bool) {
        let opened = {
            let mut open = lock(&self.open);
            let value = match open.as_ref().filter(|open| open.runtime == home.id()) {
                Some(open) => match open.join(value) {
                    None => return,
                    Some(value) => value,
                },
                None => value,
            };
            let gathered = Gathered { bytes: value.bytes.len(), values: vec![value] };
            let opened = Arc::new(Gathering { runtime: home.id(), gathered: Mutex::new(gathered) });
            // What was open is full, or another runtime's. Its task will send it.
            *open = Some(Arc::clone(&opened));
            self.unsent.fetch_add(1, Ordering::AcqRel);
            opened
        };
        // Outside of the lock: a runtime that ends drops the task at once, and what it holds.
        home.spawn(Carrier { cache: Arc::clone(cache), gathering: opened, is_sent: false }.carry(is_alone));
    }

    /// Whether there are values that have not been put in line.
    pub(super) fn has_unsent(&self) -> bool {
        self.unsent.load(Ordering::Acquire) > 0
    }

    /// Nobody joins from here on.
    fn close(&self, gathering: &Arc<Gathering>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, gathering)) {
            *open = None;
        }
    }
}

impl std::fmt::Debug for Together {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").field("unsent", &self.unsent).finish_non_exhaustive()
    }
}

impl Gathering {
    /// Gives the value back if there is no room for it.
    fn join(&self, value: Stored) -> Option<Stored> {
        let mut gathered = lock(&self.gathered);
        let bytes = gathered.bytes + value.bytes.len();
        if gathered.values.len() >= MOST_VALUES || bytes > MOST_BYTES {
            return Some(value);
        }
        gathered.bytes = bytes;
        gathered.values.push(value);
        None
    }
}

/// The task that stores what has gathered. If its runtime drops it, the values go, and their leases are given back.
struct Carrier {
    cache: Arc<Inner>,
    gathering: Arc<Gathering>,
    is_sent: bool,
}

impl Carrier {
    async fn carry(mut self, is_alone: bool) {
        if !is_alone {
            // To the end of the line: all that is ready to run may join.
            tokio::task::yield_now().await;
        }
        self.cache.background.together.close(&self.gathering);
        let values = std::mem::take(&mut lock(&self.gathering.gathered).values);
        let swaps: Vec<Swap<'_>> = values.iter().map(Stored::swap).collect();
        let stored = {
            let until = Instant::now() + self.cache.deadline;
            let mut request = pin!(swap(&self.cache, &swaps, until));
            // The first poll puts it in line.
            let begun = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await;
            self.is_sent = true;
            self.cache.background.together.unsent.fetch_sub(1, Ordering::AcqRel);
            match begun {
                Poll::Ready(stored) => stored,
                Poll::Pending => request.await,
            }
        };
        drop(swaps);
        match stored {
            Ok(each) => values.into_iter().zip(each).for_each(|(value, stored)| value.settled(stored)),
            Err(error) => values.into_iter().for_each(|value| value.settled(Err(error.clone()))),
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let together = &self.cache.background.together;
        together.close(&self.gathering);
        if !self.is_sent {
            together.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Alone a value is stored as it always was.
async fn swap(cache: &Inner, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error> {
    match swaps {
        [Swap { key, mark, value, ttl }] => Ok(vec![cache.store.swap(key, mark, value, *ttl, until).await]),
        _ => cache.store.swap_many(swaps, until).await,
    }
}

impl Stored {
    fn swap(&self) -> Swap<'_> {
        Swap { key: &self.call.key, mark: self.hold.mark(), value: &self.bytes, ttl: self.lifetime.total() }
    }

    fn settled(self, stored: Result<bool, Error>) {
        settled(&self.call, self.hold, stored);
        drop(self.under_way);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
