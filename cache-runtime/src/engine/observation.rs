//! What calls were, for a test that asks: the feature `testing`. A recorder is a task's own, so tests that run beside each other do not disturb
//! one another, as counters would.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::callsite::Callsite;
use super::core::Core;
use super::course::{Got, WhenFound};
use super::flight::Chain;
use super::{Call, ComputeGuard};
use crate::util::locks::lock;

/// Where a call's value came from, or that its function's body ran.
///
/// ```
/// # use redis_cached::{redis_cached, testing::{self, CallSource}};
/// # #[redis_cached(ttl = 60, key = "square:<n>")]
/// # fn square(n: u64) -> u64 { n * n }
/// let cache = testing::cache();
/// let (_, calls) = cache.sync_scope(|| testing::sync_observe(|| (square(12), square(12))));
/// let sources: Vec<CallSource> = calls.iter().map(|call| call.source).collect();
/// assert_eq!(sources, [CallSource::Computed, CallSource::Store]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallSource {
    /// This process had it, by the option `local`, and nobody was asked.
    Local,
    /// Redis had it, or the memory that stands for it.
    Store,
    /// It was there past its TTL: served while it is refreshed, in place of an error, or because a new one took longer than `timeout`.
    Stale,
    /// Another caller computed it meanwhile, in this process or another.
    Waited,
    /// The function's body ran, whether it returned a value or an error.
    Computed,
}

/// What one call was, as far as it is known when it happens.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    pub(crate) cache: Arc<Core>,
    pub(crate) site: &'static Callsite,
    /// One, or those of a batch of which it is true.
    pub(crate) keys: Vec<String>,
    pub(crate) source: CallSource,
    /// Within how many computations.
    pub(crate) depth: usize,
}

/// What a task's calls were.
#[derive(Debug)]
pub(crate) struct Recorder {
    seen: Mutex<Vec<Observation>>,
    /// Those that began later are within those before them.
    number: u64,
    /// Of the computations around it.
    depth: usize,
    outer: Option<Arc<Recorder>>,
}

/// How many recorders there are: hits of a process without one pay for one read.
static RECORDERS: AtomicUsize = AtomicUsize::new(0);

tokio::task_local! {
    static RECORDER: Arc<Recorder>;
}

thread_local! {
    /// Of the calls that an expression on this thread is making.
    static ENTERED: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

/// Has a thread recorded until it is dropped: for an expression, whose temporaries a closure would not let live as long as its value.
pub(crate) struct ThreadRecording {
    recorder: Arc<Recorder>,
    /// It is dropped on the same thread.
    _thread: PhantomData<*const ()>,
}

impl ThreadRecording {
    pub(crate) fn new(recorder: &Arc<Recorder>) -> Self {
        ENTERED.with_borrow_mut(|entered| entered.push(Arc::clone(recorder)));
        Self { recorder: Arc::clone(recorder), _thread: PhantomData }
    }
}

impl Drop for ThreadRecording {
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(|entered| entered.retain(|other| !Arc::ptr_eq(other, &self.recorder)));
    }
}

impl Recorder {
    /// Within the current one, which then sees the same.
    pub(crate) fn new() -> Arc<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        RECORDERS.fetch_add(1, Ordering::Relaxed);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let depth = Chain::current().map_or(0, |chain| chain.depth());
        Arc::new(Self { seen: Mutex::default(), number, depth, outer: current() })
    }

    pub(crate) fn seen(&self) -> Vec<Observation> {
        lock(&self.seen).clone()
    }

    /// Of the computations around it, which are not the observed code's own.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    fn add(&self, observation: Observation) {
        if let Some(outer) = &self.outer {
            outer.add(observation.clone());
        }
        lock(&self.seen).push(observation);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        RECORDERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The innermost of the current task's and thread's.
pub(crate) fn current() -> Option<Arc<Recorder>> {
    let of_task = RECORDER.try_with(Arc::clone).ok();
    let of_thread = ENTERED.with_borrow(|entered| entered.last().cloned());
    of_task.into_iter().chain(of_thread).max_by_key(|recorder| recorder.number)
}

/// Runs `future` under a recorder, also in another task.
pub(crate) async fn within<F: Future>(recorder: Option<Arc<Recorder>>, future: F) -> F::Output {
    match recorder {
        Some(recorder) => RECORDER.scope(recorder, future).await,
        None => future.await,
    }
}

/// The same for blocking code.
pub(crate) fn sync_within<R>(recorder: &Arc<Recorder>, work: impl FnOnce() -> R) -> R {
    RECORDER.sync_scope(Arc::clone(recorder), work)
}

/// Notes what a call was, for whoever observes the task.
#[inline]
pub(crate) fn note(
    cache: &Arc<Core>,
    site: &'static Callsite,
    source: CallSource,
    keys: impl FnOnce() -> Vec<String>,
) {
    if RECORDERS.load(Ordering::Relaxed) > 0
        && let Some(recorder) = current()
    {
        let depth = Chain::current().map_or(0, |chain| chain.depth());
        recorder.add(Observation { cache: Arc::clone(cache), site, keys: keys(), source, depth });
    }
}

impl CallSource {
    /// Of a call that takes what was there.
    pub(crate) fn of(got: &Got) -> Self {
        match got {
            Got::NoValue | Got::Entry(_, WhenFound::First) => Self::Store,
            Got::Entry(_, WhenFound::Stale(_) | WhenFound::InPlaceOfResult) => Self::Stale,
            Got::Entry(_, WhenFound::Late) | Got::Landed(..) => Self::Waited,
        }
    }
}

impl Call {
    /// Notes what the call was for one of its keys.
    pub(crate) fn note(&self, source: CallSource, key: &str) {
        note(self.cache.arc(), self.function.site, source, || vec![key.to_owned()]);
    }

    /// Notes that the function's body runs.
    pub(crate) fn note_computed(&self, guard: &ComputeGuard) {
        note(self.cache.arc(), self.function.site, CallSource::Computed, || guard.key_names());
    }
}
