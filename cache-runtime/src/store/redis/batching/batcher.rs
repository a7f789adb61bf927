//! One batcher for reads, leases and stores.
//!
//! Under concurrency most of a request's cost is per message: handing it to the driver, writing it, timing it, waking its task.
//! Requests that are made over one connection at the same time therefore share a batch.
//!
//! No batch waits for company. It is sent as soon as every task that was ready has run once and a permit is free; until then
//! callers can join it.
//!
//! Hazard: a caller may be dropped at any time, or be polled once and then never again, so no caller does work that others wait
//! for. A [flush task](FlushTask) on the connection's runtime sends the batch.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::batch::{BatchHandle, OpenBatch};
use super::flush::{Flush, FlushTask};
use super::permits::Permits;
use crate::error::Error;
use crate::runtime::executor::timeout_at;
use crate::store::redis::connection::request::unanswered;
use crate::store::redis::route::Route;
use crate::util::trace;
use crate::util::trace::instrument;

/// How much earlier than its own deadline a caller accepts the deadline of a batch. A caller with more time opens another batch.
const EARLIER: Duration = Duration::from_millis(10);
/// How much later. A caller with less time takes a timer of its own.
const LATER: Duration = Duration::from_millis(1);

/// The requests of a batch, all of one kind.
pub(crate) trait Requests: Sized + Send + 'static {
    type Host: BatchHost;
    type Request<'a>;
    /// What a batch is answered.
    type Answers: Send;
    /// What one caller is answered.
    type Answer;

    /// The command, for errors.
    const DOING: &'static str;

    fn batcher(host: &Self::Host) -> &Batcher<Self>;

    /// Where the request has to go.
    fn route(request: &Self::Request<'_>) -> Route;

    /// A batch of one request, at index 0.
    fn first(request: Self::Request<'_>) -> Self;

    /// Adds a request and gives its index. A full batch gives the request back.
    fn add<'a>(&mut self, request: Self::Request<'a>) -> Result<usize, Self::Request<'a>>;

    /// Sends the requests and [finishes](Flush::finish) the batch.
    fn send(self, flush: Flush<Self>) -> impl Future<Output = ()> + Send;

    /// Takes the answer to the request at `index`.
    fn answer(answers: &mut Self::Answers, index: usize) -> Self::Answer;
}

/// What a connection does for its batches.
pub(crate) trait BatchHost: Send + Sync + 'static {
    /// Runs a flush task.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// The route by which to batch a request; `requested` is the request's own. A closure, because finding the slot of a key has
    /// a cost, and a single server has no use for it.
    fn route(&self, requested: impl FnOnce() -> Route) -> Route;
}

/// How long a batch may take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimeLimit {
    /// The caller waits for the answer, until then.
    Until(Instant),
    /// The caller does not wait. Counts from when the batch is sent.
    Lasting(Duration),
}

impl TimeLimit {
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::Until(until) => until.saturating_duration_since(Instant::now()),
            Self::Lasting(duration) => duration,
        }
    }

    /// By when callers wait for the answer.
    pub(crate) fn until(self) -> Option<Instant> {
        match self {
            Self::Until(until) => Some(until),
            Self::Lasting(_) => None,
        }
    }

    /// Whether a caller with this limit can join a batch with that one.
    #[inline]
    pub(crate) fn accepts(self, batch: Self) -> bool {
        match (self, batch) {
            (Self::Until(own), Self::Until(batch)) => own <= batch + EARLIER,
            _ => true,
        }
    }
}

/// Gathers the requests of one kind on one connection.
pub(crate) struct Batcher<R: Requests> {
    /// How many callers have [entered](Self::enter).
    callers: AtomicUsize,
    /// The batches that callers can join: at most one for each route.
    open: Mutex<Vec<Arc<OpenBatch<R>>>>,
    pub(crate) permits: Permits,
}

impl<R: Requests> Default for Batcher<R> {
    fn default() -> Self {
        Self::new(Permits::default())
    }
}

/// A caller with a request under way, in a batch or not.
pub(crate) struct Entered<'a> {
    callers: &'a AtomicUsize,
    /// Whether no other caller had entered. A caller that enters before this is dropped is not alone.
    pub(crate) is_alone: bool,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.callers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<R: Requests> Batcher<R> {
    pub(crate) fn new(permits: Permits) -> Self {
        Self { callers: AtomicUsize::new(0), open: Mutex::default(), permits }
    }

    /// How many callers have a request under way.
    pub(crate) fn callers(&self) -> usize {
        self.callers.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self) -> Entered<'_> {
        let is_alone = self.callers.fetch_add(1, Ordering::Relaxed) == 0;
        Entered { callers: &self.callers, is_alone }
    }

    /// Joins the open batch of the route, or opens one; says whether it is new.
    fn join(
        &self,
        route: Route,
        request: R::Request<'_>,
        limit: TimeLimit,
        waker: Option<&Waker>,
    ) -> (BatchHandle<R>, bool) {
        let mut open = lock(&self.open);
        let Some(batch) = open.iter_mut().find(|batch| batch.route == route) else {
            let handle = OpenBatch::open(route, request, limit, waker);
            open.push(Arc::clone(&handle.batch));
            return (handle, true);
        };
        match batch.join(request, limit, waker) {
            Ok(handle) => (handle, false),
            Err(request) => {
                let handle = OpenBatch::open(route, request, limit, waker);
                // The flush task of the other one will send it.
                *batch = Arc::clone(&handle.batch);
                (handle, true)
            }
        }
    }

    /// How many callers are in each batch that can be joined.
    #[cfg(test)]
    pub(crate) fn open_batches(&self) -> Vec<usize> {
        lock(&self.open).iter().map(|batch| batch.callers()).collect()
    }

    /// Lets nobody join the batch from here on, and gives its requests to the first that asks.
    pub(crate) fn close(&self, batch: &Arc<OpenBatch<R>>) -> Option<R> {
        lock(&self.open).retain(|open| !Arc::ptr_eq(open, batch));
        batch.take_requests()
    }
}

/// Sends a request together with others and waits for its answer.
pub(crate) async fn ask<R: Requests>(
    host: &Arc<R::Host>,
    request: R::Request<'_>,
    until: Instant,
) -> Result<R::Answer, Error> {
    let mut request = Some(request);
    let handle = poll_fn(|cx| match request.take() {
        Some(request) => {
            Poll::Ready(join::<R>(host, request, TimeLimit::Until(until), Some(cx.waker()), false))
        }
        // Not reached: it is ready at its first poll.
        None => Poll::Pending,
    })
    .await;
    match handle.batch.limit {
        TimeLimit::Until(batch) if batch > until + LATER => {
            // Boxed because it is rare, and larger than all else in this future.
            let answer = Box::pin(async { timeout_at(until, pin!(handle)).await }).await?;
            answer.unwrap_or_else(|| Err(unanswered(R::DOING)))
        }
        _ => handle.await,
    }
}

/// Puts a request in a batch, which is sent in the background. `waker` is that of the poll in which the caller awaits the handle,
/// if there is one. `at_once`: a batch that this request opens does not wait for the tasks that are ready.
pub(crate) fn join<R: Requests>(
    host: &Arc<R::Host>,
    request: R::Request<'_>,
    limit: TimeLimit,
    waker: Option<&Waker>,
    at_once: bool,
) -> BatchHandle<R> {
    let route = host.route(|| R::route(&request));
    let (handle, is_new) = R::batcher(host).join(route, request, limit, waker);
    if is_new {
        // Outside of the lock: a runtime that has ended drops the task at once.
        // In the span of the caller that comes first; the others share its request.
        host.spawn(instrument(trace::callers(), FlushTask::new(host, &handle.batch).run(at_once)));
    }
    handle
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
