//! A batch: which requests are in it, which callers have left it, and which answer is whose.

use std::mem::take;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smallvec::{SmallVec, smallvec};

use super::batcher::{Requests, TimeLimit, lock};
use super::flush::Flush;
use crate::error::Error;
use crate::store::redis::route::Route;

/// Requests that travel together, and the callers who made them.
pub(crate) struct OpenBatch<R: Requests> {
    pub(crate) route: Route,
    pub(crate) limit: TimeLimit,
    /// How long the answer may take once the batch is sent.
    pub(crate) duration: Duration,
    state: Mutex<State<R>>,
    is_finished: AtomicBool,
}

struct State<R: Requests> {
    /// Taken by whoever sends the batch.
    requests: Option<R>,
    /// One for each caller, in the order in which they joined; `None` if the caller has left.
    callers: SmallVec<[Option<Waker>; 4]>,
    answers: Option<Result<R::Answers, Error>>,
}

impl<R: Requests> State<R> {
    fn answer(&mut self, request: usize) -> Option<Result<R::Answer, Error>> {
        match self.answers.as_mut()? {
            Ok(answers) => Some(Ok(R::answer(answers, request))),
            Err(error) => Some(Err(error.clone())),
        }
    }
}

impl<R: Requests> OpenBatch<R> {
    /// A batch and its first caller.
    pub(crate) fn open(
        route: Route,
        request: R::Request<'_>,
        limit: TimeLimit,
        waker: Option<&Waker>,
    ) -> BatchHandle<R> {
        let callers = smallvec![Some(stored(waker))];
        let state = State { requests: Some(R::first(request)), callers, answers: None };
        let batch = Self {
            route,
            limit,
            duration: limit.duration(),
            state: Mutex::new(state),
            is_finished: AtomicBool::new(false),
        };
        BatchHandle { batch: Arc::new(batch), request: 0, caller: 0, is_registered: waker.is_some() }
    }

    /// Takes a caller in. Gives the request back if the batch is full, is being sent, or has too little time.
    #[inline]
    pub(crate) fn join<'a>(
        self: &Arc<Self>,
        request: R::Request<'a>,
        limit: TimeLimit,
        waker: Option<&Waker>,
    ) -> Result<BatchHandle<R>, R::Request<'a>> {
        if !limit.accepts(self.limit) {
            return Err(request);
        }
        let mut state = lock(&self.state);
        let Some(requests) = &mut state.requests else { return Err(request) };
        let request = requests.add(request)?;
        state.callers.push(Some(stored(waker)));
        let caller = state.callers.len() - 1;
        Ok(BatchHandle { batch: Arc::clone(self), request, caller, is_registered: waker.is_some() })
    }

    /// The requests, if nobody has taken them.
    pub(crate) fn take_requests(&self) -> Option<R> {
        lock(&self.state).requests.take()
    }

    /// Takes the answer to a request, if there is one yet.
    pub(crate) fn answer(&self, request: usize) -> Option<Result<R::Answer, Error>> {
        lock(&self.state).answer(request)
    }

    #[cfg(test)]
    pub(crate) fn callers(&self) -> usize {
        lock(&self.state).callers.len()
    }

    /// Whether the callers have been answered.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Acquire)
    }

    /// Answers the callers, unless they have been answered. Gives those who had left.
    pub(crate) fn finish(&self, answers: Result<R::Answers, Error>) -> Vec<usize> {
        let callers = {
            let mut state = lock(&self.state);
            if state.answers.is_some() {
                return Vec::new();
            }
            state.answers = Some(answers);
            self.is_finished.store(true, Ordering::Release);
            take(&mut state.callers)
        };
        let left = (0..callers.len()).filter(|caller| callers[*caller].is_none()).collect();
        callers.into_iter().flatten().for_each(Waker::wake);
        left
    }
}

/// A caller that is not polled yet is not woken either.
fn stored(waker: Option<&Waker>) -> Waker {
    waker.unwrap_or(Waker::noop()).clone()
}

/// A caller's place in a batch: resolves to the caller's answer, and leaves the batch if it is dropped before.
pub(crate) struct BatchHandle<R: Requests> {
    pub(crate) batch: Arc<OpenBatch<R>>,
    /// Which request is the caller's; callers may share one.
    request: usize,
    /// Which caller it is.
    caller: usize,
    /// Whether the batch has the waker of the poll that is under way.
    is_registered: bool,
}

impl<R: Requests> BatchHandle<R> {
    /// Sends the batch in place of its flush task, if that has not begun and a batch may be in flight.
    pub(crate) fn take_over(&self, host: &Arc<R::Host>) -> Option<impl Future<Output = ()> + Send + use<R>> {
        let permit = R::batcher(host).permits.try_acquire(self.batch.duration)?;
        let (requests, flush) = Flush::begin(host, &self.batch, permit)?;
        Some(requests.send(flush))
    }
}

impl<R: Requests> Future for BatchHandle<R> {
    type Output = Result<R::Answer, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if take(&mut self.is_registered) {
            // An answer that has come since wakes the caller.
            return Poll::Pending;
        }
        let mut state = lock(&self.batch.state);
        if let Some(answer) = state.answer(self.request) {
            return Poll::Ready(answer);
        }
        if let Some(Some(waker)) = state.callers.get_mut(self.caller) {
            waker.clone_from(cx.waker());
        }
        Poll::Pending
    }
}

impl<R: Requests> Drop for BatchHandle<R> {
    fn drop(&mut self) {
        // Once the batch is finished nobody looks.
        if !self.batch.is_finished()
            && let Some(caller) = lock(&self.batch.state).callers.get_mut(self.caller)
        {
            *caller = None;
        }
    }
}
