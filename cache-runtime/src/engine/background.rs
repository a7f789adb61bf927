//! Work that no caller waits for: stores, releases, refreshes. Bounded in bytes, in number and in time.
//!
//! With a healthy Redis nothing is dropped, however many values are computed at once. Requests are in flight in a bounded
//! number, so that each has its whole deadline for itself and none is given up because of those before it; the others wait
//! for their turn, and their callers with them, for a deadline at most. What waits is bounded in bytes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::Call;
use super::core::Core;
use super::give_back::GiveBack;
use super::store;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::is_blocking;
use crate::runtime::executor;
use crate::runtime::executor::{home, yield_now};
use crate::store::QueuedWrite;
use crate::util::counter::Counter;
use crate::util::trace::{Span, instrument};

/// The most bytes of encoded values that wait to be stored. What is computed beyond is not stored, and counted.
const ROOM: usize = 64 * 1024 * 1024;
/// In which that room is counted: what a small value takes with all that belongs to it.
const UNIT: usize = 256;
/// From this size on a call returns when its value has been stored, or its deadline is over: it would not have left by
/// itself before the program ends.
const LARGE: usize = 64 * 1024;
/// How many values may be in flight that travel by themselves.
const SINGLES: usize = 1024;
/// How many refreshes may run. They run the user's functions, and a full house is no reason to wait: the entry is
/// refreshed by a later call.
const REFRESHES: usize = 64;

/// How many computations may go on when their callers have gone away. One more runs as long as its caller waits.
const DETACHED: usize = 64;

/// A cache's background work.
#[derive(Debug)]
pub(crate) struct Background {
    room: Arc<Semaphore>,
    singles: Arc<Semaphore>,
    /// How many stores and releases are under way.
    under_way: Arc<Number>,
    refreshes: Arc<Semaphore>,
    detached: Arc<Semaphore>,
    /// How many values Redis has not taken so far.
    pub(crate) unstored: Counter,
    pub(super) give_back: GiveBack,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(ROOM / UNIT)),
            singles: Arc::new(Semaphore::new(SINGLES)),
            under_way: Arc::default(),
            refreshes: Arc::new(Semaphore::new(REFRESHES)),
            detached: Arc::new(Semaphore::new(DETACHED)),
            unstored: Counter::default(),
            give_back: GiveBack::default(),
        }
    }
}

/// What a call has to see to before it returns, so that its value is on its way whatever its caller does next.
#[must_use]
pub(crate) enum Departure {
    /// Nothing is to be stored.
    Nothing,
    /// In line on the connection.
    InLine,
    /// In a batch that is to be sent. Waited for so long at most, or for a deadline.
    Queued(QueuedWrite, Option<Duration>),
    /// Worth waiting for as long: told when it is stored, or has failed to be.
    Awaited(oneshot::Receiver<()>, Option<Duration>),
}

impl Departure {
    /// For a call that would wait for Redis so long yet.
    pub(crate) fn within(self, left: Duration) -> Self {
        match self {
            Self::Queued(write, _) => Self::Queued(write, Some(left)),
            Self::Awaited(stored, _) => Self::Awaited(stored, Some(left)),
            departed @ (Self::Nothing | Self::InLine) => departed,
        }
    }
}

impl Background {
    /// Starts work for values of so many bytes, and leaves the rest of it to the caller's home. It holds what it is given until
    /// it is done. Fails where too much waits already.
    ///
    /// The first poll puts its command in line on the connection, so what the same caller asks next is answered as if it had
    /// waited.
    pub(crate) fn store<W>(&self, bytes: usize, work: impl FnOnce(UnderWay) -> W) -> Result<Departure, Error>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let mut under_way = self.begin(bytes)?;
        let single = Arc::clone(&self.singles).try_acquire_owned().ok();
        let departure =
            if single.is_some() && !is_awaited(bytes) { Departure::InLine } else { under_way.awaited() };
        let (singles, work) = (Arc::clone(&self.singles), work(under_way));
        Self::start(async move {
            let _single = match single {
                Some(single) => Some(single),
                None => singles.acquire_owned().await.ok(),
            };
            work.await;
        });
        Ok(departure)
    }

    /// Stores a value: at once if no other is on its way, and else together with those that have not left yet.
    pub(super) fn store_value(&self, call: Call, value: store::StoreRequest) -> Result<Departure, Error> {
        let is_alone = self.under_way.get() == 0;
        let bytes = value.bytes.len();
        // Where the caller's own runtime cannot send it, it goes by itself.
        let Some(queue) = (!is_awaited(bytes)).then(|| call.store().write_queue(&value.key.name)).flatten()
        else {
            return self.store(bytes, |under_way| store::carry_out(call, vec![value], Vec::new(), under_way));
        };
        // Not polled here first: a task that is started behind the connection's, which that would wake, has the runtime wake
        // another of its threads for nothing.
        let under_way = self.begin(bytes)?;
        let write = store::ValueWrite { call, value, under_way };
        Ok(Departure::Queued(queue.add(Box::new(write), is_alone)?, None))
    }

    fn begin(&self, bytes: usize) -> Result<UnderWay, Error> {
        let units = bytes.div_ceil(UNIT).clamp(1, ROOM / UNIT);
        // No more than what fits into 32 bits, see `ROOM`.
        match Arc::clone(&self.room).try_acquire_many_owned(units as u32) {
            Ok(room) => Ok(UnderWay { _room: room, _counted: self.count(), _stored: None }),
            Err(_) => {
                Err(Error::new(ErrorKind::Timeout, "cannot store: too many bytes wait for Redis already"))
            }
        }
    }

    /// Counts as under way until what it gives is dropped.
    pub(super) fn count(&self) -> Counted {
        self.under_way.begin()
    }

    /// Sees to it that a value is on its way: a caller does not wait for its store's answer, but what it asks next is to come
    /// after it, and a program may end behind it. Waits for what is left of a deadline at most.
    pub(crate) async fn depart(&self, cache: &Arc<Core>, departure: Departure) {
        match departure {
            Departure::Nothing => {}
            // Lets the connection write it.
            Departure::InLine => yield_now().await,
            Departure::Queued(write, left) => {
                // It leaves in the second turn, if its thread is awake.
                for _ in 0..3 {
                    yield_now().await;
                    if write.has_left() {
                        return;
                    }
                }
                if let Some(send) = write.take_over() {
                    Self::start(send);
                } else {
                    // A box, so that the future of a miss is small.
                    let _ = Box::pin(executor::timeout(left.unwrap_or(cache.deadline), write)).await;
                }
                yield_now().await;
            }
            Departure::Awaited(stored, left) => {
                let _ = Box::pin(executor::timeout(left.unwrap_or(cache.deadline), stored)).await;
            }
        }
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

    /// To be held by a computation that does not end with its caller; `None` if too many run.
    pub(crate) fn room_for_detached(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.detached).try_acquire_owned().ok()
    }

    /// Runs a refresh in the background, unless too many run.
    pub(crate) fn refresh(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else { return };
        if let Ok(home) = home() {
            home.spawn(instrument(Span::refresh(), async move {
                work.await;
                drop(permit);
            }));
        }
    }

    /// Runs a refresh by blocking code in the background, on the library's own runtime's pool, unless too many run.
    pub(crate) fn refresh_blocking(&self, work: impl FnOnce() + Send + 'static) {
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else { return };
        if let Ok(library) = crate::runtime::block_on::library_runtime() {
            let span = Span::refresh();
            library.spawn_blocking(move || {
                span.within(work);
                drop(permit);
            });
        }
    }

    /// Waits until no refresh runs, nor any computation whose caller has gone away.
    #[cfg(feature = "testing")]
    pub(crate) async fn computed(&self) {
        for (running, all) in [(&self.refreshes, REFRESHES), (&self.detached, DETACHED)] {
            // Fails only if it is closed, which nobody does.
            let _ = running.acquire_many(all as u32).await;
        }
    }

    /// How many stores and releases are under way.
    pub(crate) fn len(&self) -> usize {
        self.under_way.get()
    }

    /// Waits until nothing is under way.
    pub(crate) async fn flush(&self) {
        loop {
            // Before the question, so that an end in between is heard of.
            let ended = self.under_way.ended.notified();
            if self.under_way.get() == 0 {
                return;
            }
            ended.await;
        }
    }
}

/// Whether who stores so many bytes waits until they are stored. A blocking caller does: a program may end right behind it, and
/// the thread that carries the value with it.
fn is_awaited(bytes: usize) -> bool {
    bytes >= LARGE || is_blocking()
}

/// Held by a store for as long as it is under way.
///
/// It is the store's own, and not that of a future around it, which would be twice as large.
pub(crate) struct UnderWay {
    _room: OwnedSemaphorePermit,
    _counted: Counted,
    /// Tells who waits, by being dropped.
    _stored: Option<oneshot::Sender<()>>,
}

impl UnderWay {
    fn awaited(&mut self) -> Departure {
        let (stored, is_stored) = oneshot::channel();
        self._stored = Some(stored);
        Departure::Awaited(is_stored, None)
    }
}

/// How many stores and releases are under way.
#[derive(Debug, Default)]
struct Number {
    number: AtomicUsize,
    /// Told when there is none.
    ended: Notify,
}

impl Number {
    fn get(&self) -> usize {
        self.number.load(Ordering::Acquire)
    }

    /// Counts one until what it gives is dropped, also if its runtime drops it.
    fn begin(self: &Arc<Self>) -> Counted {
        self.number.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(self))
    }
}

pub(super) struct Counted(Arc<Number>);

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.number.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
