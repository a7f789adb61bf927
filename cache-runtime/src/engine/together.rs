//! Values that are to be stored at the same time travel together.
//!
//! What a miss costs under concurrency is mostly messages, timers and tasks, one each for every store. So a value that is to be
//! stored while others are on their way joins those that have not left yet: one request and one task for all of them. Who
//! stores alone sends at once, as ever.
//!
//! Nobody waits for company: those that have gathered leave as soon as everything that was ready to run has run once, and fewer
//! than [`REQUESTS`] are in flight. And what a caller asks next comes after what it stored: if the task has not run by the time
//! the caller returns, because its thread is still asleep, the caller does that part itself ([`Together::hurry`]).

use std::future::poll_fn;
use std::mem::{replace, take};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Instant;

use tokio::runtime::{self, Handle};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::Call;
use super::background::{Background, UnderWay};
use super::core::Core;
use super::ticket::{StorePermit, settled};
use crate::error::Error;
use crate::policy::Lifetime;
use crate::runtime::lag::Lap;
use crate::store::Store;
use crate::store::vocabulary::Swap;
use crate::util::clock::after;

/// The most values of one request.
const MOST_VALUES: usize = 128;
/// The most bytes, but for one value, that a request should have: the server takes it in one piece.
const MOST_BYTES: usize = 256 * 1024;
/// The most requests in flight. Each has its deadline for itself, so none may have to wait for many before it.
const REQUESTS: usize = 16;

/// A value that is to be stored, and the right to.
pub(super) struct Stored {
    pub(super) call: Call,
    pub(super) hold: StorePermit,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) lifetime: Lifetime,
    pub(super) under_way: UnderWay,
}

/// What of a cache's has not been put in line on the connection yet.
pub(super) struct Together {
    /// Those that take values in.
    open: Mutex<Vec<Arc<Gathering>>>,
    /// The right to have a request in flight.
    requests: Arc<Semaphore>,
}

impl Default for Together {
    fn default() -> Self {
        Self { open: Mutex::default(), requests: Arc::new(Semaphore::new(REQUESTS)) }
    }
}

/// Values of one runtime's callers, which leave together.
pub(crate) struct Gathering {
    runtime: runtime::Id,
    gathered: Mutex<Gathered>,
    has_left: AtomicBool,
    left: Notify,
}

#[derive(Default)]
struct Gathered {
    values: Vec<Stored>,
    bytes: usize,
    /// Nobody joins from here on: they are being put in line.
    is_closed: bool,
}

impl Together {
    /// Takes the value along with others, on `home`, the caller's own runtime; `is_alone` if no other is on its way.
    pub(super) fn store(
        &self,
        home: &Handle,
        cache: &Arc<Core>,
        value: Stored,
        is_alone: bool,
    ) -> Arc<Gathering> {
        let opened = {
            let mut open = lock(&self.open);
            let mut value = Some(value);
            let joined = open
                .iter()
                .rev()
                .find(|gathering| gathering.runtime == home.id() && gathering.join(&mut value));
            if let Some(joined) = joined {
                return Arc::clone(joined);
            }
            let opened = Arc::new(Gathering::new(home.id(), value));
            open.push(Arc::clone(&opened));
            opened
        };
        // Outside of the lock: a runtime that ends drops the task at once, and what it holds.
        let (cache, gathering) = (Arc::clone(cache), Arc::clone(&opened));
        home.spawn(Carrier { cache, gathering, lap: Lap::begin() }.carry(is_alone));
        opened
    }

    /// Puts it in line without its task, which may be on a thread that has not woken up; or waits until somebody else has.
    pub(super) async fn hurry(&self, cache: &Arc<Core>, gathering: &Arc<Gathering>) {
        let mut left = pin!(gathering.left.notified());
        left.as_mut().enable();
        if let Ok(request) = Arc::clone(&self.requests).try_acquire_owned()
            && let Some(leaving) = Leaving::begin(cache, gathering)
        {
            Background::start(leaving.send(Some(request)));
        } else if !gathering.has_left() {
            left.await;
        }
    }

    fn remove(&self, gathering: &Arc<Gathering>) {
        lock(&self.open).retain(|open| !Arc::ptr_eq(open, gathering));
    }
}

impl std::fmt::Debug for Together {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").field("open", &lock(&self.open).len()).finish_non_exhaustive()
    }
}

impl Gathering {
    fn new(runtime: runtime::Id, first: Option<Stored>) -> Self {
        let values: Vec<_> = first.into_iter().collect();
        let bytes = values.iter().map(|value| value.bytes.len()).sum();
        Self {
            runtime,
            gathered: Mutex::new(Gathered { values, bytes, is_closed: false }),
            has_left: AtomicBool::new(false),
            left: Notify::new(),
        }
    }

    /// Takes the value, if there is room for it.
    fn join(&self, value: &mut Option<Stored>) -> bool {
        let mut gathered = lock(&self.gathered);
        let bytes = gathered.bytes + value.as_ref().map_or(0, |value| value.bytes.len());
        if gathered.is_closed || gathered.values.len() >= MOST_VALUES || bytes > MOST_BYTES {
            return false;
        }
        gathered.bytes = bytes;
        gathered.values.extend(value.take());
        true
    }

    /// Whether the values are in line on the connection, or will never be.
    pub(super) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// What has gathered, for the first to ask.
    fn close(&self) -> Option<Vec<Stored>> {
        let mut gathered = lock(&self.gathered);
        let is_first = !replace(&mut gathered.is_closed, true);
        is_first.then(|| take(&mut gathered.values))
    }
}

/// The task that stores what has gathered. If its runtime drops it, the values go, and their leases are given back.
struct Carrier {
    cache: Arc<Core>,
    gathering: Arc<Gathering>,
    lap: Lap,
}

impl Carrier {
    async fn carry(self, is_alone: bool) {
        if !is_alone {
            // To the end of the line: all that is ready to run may join.
            tokio::task::yield_now().await;
        }
        self.lap.end();
        let requests = Arc::clone(&self.cache.background.together.requests);
        // Others may join until it is this one's turn.
        let request = requests.acquire_owned().await.ok();
        if let Some(leaving) = Leaving::begin(&self.cache, &self.gathering) {
            // A box, because a task's future is moved half a dozen times from its beginning to its end.
            Box::pin(leaving.send(request)).await;
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        drop(Leaving::begin(&self.cache, &self.gathering));
    }
}

/// What has gathered, on its way into the line. Dropped when it is there, or will never be.
struct Leaving {
    cache: Arc<Core>,
    gathering: Arc<Gathering>,
    values: Vec<Stored>,
}

impl Leaving {
    /// For the first to ask.
    fn begin(cache: &Arc<Core>, gathering: &Arc<Gathering>) -> Option<Self> {
        let values = gathering.close()?;
        Some(Self { cache: Arc::clone(cache), gathering: Arc::clone(gathering), values })
    }

    async fn send(mut self, _request: Option<OwnedSemaphorePermit>) {
        let (cache, values) = (Arc::clone(&self.cache), take(&mut self.values));
        let swaps: Vec<Swap<'_>> = values.iter().map(Stored::swap).collect();
        let stored = {
            let until = after(cache.deadline);
            let mut request = pin!(swap(&cache, &swaps, until));
            // The first poll puts it in line.
            let begun = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await;
            drop(self);
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

impl Drop for Leaving {
    fn drop(&mut self) {
        self.cache.background.together.remove(&self.gathering);
        self.gathering.has_left.store(true, Ordering::Release);
        self.gathering.left.notify_waiters();
    }
}

/// Alone a value is stored as it always was.
async fn swap(cache: &Core, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error> {
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
