//! A timeout that costs next to nothing while answers arrive in time.
//!
//! Registering a timer takes half a microsecond, and nearly every answer arrives within a fraction of its deadline. The requests of
//! a connection therefore share one timer. When it fires, it is set again for the earliest deadline of the requests that wait
//! then: with a deadline of 250 ms, four timers a second, whatever the number of requests.
//!
//! It fires on the library's thread. A runtime that nobody drives delivers no answers and fires no timers, and callers that wait
//! for it from elsewhere must still time out.

use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::error::Error;
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor::catch_up;
use crate::util::locks::lock;

/// The timeout of a connection's requests. Dropping it ends its task.
pub(crate) struct SharedTimeout {
    shared: Arc<Waiters>,
    task: Result<AbortHandle, Error>,
}

#[derive(Default)]
struct Waiters {
    set: Mutex<WaiterList>,
    sooner: Notify,
}

#[derive(Default)]
struct WaiterList {
    waiting: Vec<Option<Waiter>>,
    /// Unused indices of `waiting`.
    free: Vec<usize>,
    /// When the timer fires; `None` if the task waits to be notified.
    looks_at: Option<Instant>,
}

struct Waiter {
    until: Instant,
    /// `None` once it has timed out and was woken.
    waker: Option<Waker>,
}

impl SharedTimeout {
    pub(crate) fn new() -> Self {
        let shared = Arc::<Waiters>::default();
        let task = library_runtime().map(|library| library.spawn(run(Arc::clone(&shared))).abort_handle());
        Self { shared, task }
    }

    /// Gives `None` if `future` is not ready by `until`.
    ///
    /// # Errors
    /// If the library's thread could not be started, which runs the timer.
    pub(crate) async fn bound<F: Future>(
        &self,
        until: Instant,
        mut future: Pin<&mut F>,
    ) -> Result<Option<F::Output>, Error> {
        if let Err(error) = &self.task {
            return Err(error.clone());
        }
        let mut place = WaiterPlace { shared: &self.shared, index: None };
        let mut poll = |cx: &mut Context<'_>| match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if place.set(until, cx.waker()) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        };
        if let Some(done) = poll_fn(&mut poll).await {
            return Ok(Some(done));
        }
        // The caller's runtime may have been busy: an answer that has arrived by now is not late. Boxed because it is rare.
        Box::pin(catch_up()).await;
        Ok(poll_fn(poll).await)
    }
}

impl Drop for SharedTimeout {
    fn drop(&mut self) {
        if let Ok(task) = &self.task {
            task.abort();
        }
    }
}

/// One request's entry in the list, removed when it is dropped.
struct WaiterPlace<'a> {
    shared: &'a Waiters,
    index: Option<usize>,
}

impl WaiterPlace<'_> {
    /// Registers the request; `false` if it has timed out.
    fn set(&mut self, until: Instant, waker: &Waker) -> bool {
        let mut set = lock(&self.shared.set);
        if let Some(waits) = self.index.and_then(|index| set.waiting[index].as_mut()) {
            if let Some(known) = &mut waits.waker {
                known.clone_from(waker);
            }
            return waits.waker.is_some();
        }
        self.index = Some(set.add(Waiter { until, waker: Some(waker.clone()) }));
        if set.looks_at.is_none_or(|looks_at| until < looks_at) {
            set.looks_at = Some(until);
            drop(set);
            self.shared.sooner.notify_one();
        }
        true
    }
}

impl Drop for WaiterPlace<'_> {
    fn drop(&mut self) {
        if let Some(index) = self.index {
            let mut set = lock(&self.shared.set);
            set.free.push(index);
            let waits = take(&mut set.waiting[index]);
            drop(set);
            drop(waits);
        }
    }
}

impl WaiterList {
    fn add(&mut self, waits: Waiter) -> usize {
        if let Some(index) = self.free.pop() {
            self.waiting[index] = Some(waits);
            return index;
        }
        self.waiting.push(Some(waits));
        self.waiting.len() - 1
    }

    /// Those that have not timed out.
    fn pending(&mut self) -> impl Iterator<Item = &mut Waiter> {
        self.waiting.iter_mut().flatten().filter(|waits| waits.waker.is_some())
    }

    /// Takes the wakers of those that time out now.
    fn late(&mut self, now: Instant) -> Vec<Waker> {
        self.pending().filter(|waits| waits.until <= now).filter_map(|waits| waits.waker.take()).collect()
    }
}

/// The task: fires at the earliest deadline of those that wait.
async fn run(shared: Arc<Waiters>) {
    loop {
        let looks_at = {
            let mut set = lock(&shared.set);
            set.looks_at = set.pending().map(|waits| waits.until).min();
            set.looks_at
        };
        let sooner = shared.sooner.notified();
        match looks_at {
            None => sooner.await,
            Some(looks_at) => {
                if tokio::time::timeout_at(looks_at.into(), sooner).await.is_err() {
                    let late = lock(&shared.set).late(Instant::now());
                    late.into_iter().for_each(Waker::wake);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::time::Duration;

    use super::*;
    use crate::util::clock::after;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    async fn in_time<F: Future>(future: F) -> F::Output {
        tokio::time::timeout(LONG / 6, future).await.expect("it rings in time")
    }

    /// What comes of `future`, which is given so long.
    async fn bound<F: Future>(timeout: &SharedTimeout, limit: Duration, future: F) -> Option<F::Output> {
        in_time(timeout.bound(after(limit), pin!(future))).await.expect("the library's thread")
    }

    async fn slow() -> u8 {
        tokio::time::sleep(2 * SHORT).await;
        7
    }

    #[tokio::test]
    async fn rings_for_one_after_the_other() {
        let timeout = SharedTimeout::new();
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(bound(&timeout, SHORT, pending::<()>()).await, None);
            assert!(began.elapsed() >= SHORT, "it rang too early");
            assert_eq!(bound(&timeout, SHORT, async { 7 }).await, Some(7));
        }
    }

    #[tokio::test]
    async fn rings_for_who_has_less_time_than_who_was_there_before() {
        let timeout = SharedTimeout::new();
        assert_eq!(bound(&timeout, LONG, slow()).await, Some(7));
        assert_eq!(bound(&timeout, SHORT, pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn does_not_ring_for_who_has_more_time() {
        let timeout = SharedTimeout::new();
        for short in [1, 10] {
            let short = Duration::from_millis(short);
            assert_eq!(bound(&timeout, short, tokio::task::yield_now()).await, Some(()));
            assert_eq!(bound(&timeout, LONG, slow()).await, Some(7));
        }
    }

    #[tokio::test]
    async fn rings_for_each_of_many_at_its_time() {
        let timeout = Arc::new(SharedTimeout::new());
        let waits: Vec<_> = (0..100_u64)
            .map(|number| {
                let timeout = Arc::clone(&timeout);
                // Not in the order of their times, and some of them have an answer.
                let limit = SHORT + Duration::from_millis(number * 37 % 50);
                tokio::spawn(async move {
                    let began = Instant::now();
                    if number % 3 == 0 {
                        assert_eq!(bound(&timeout, LONG, slow()).await, Some(7));
                    } else {
                        assert_eq!(bound(&timeout, limit, pending::<()>()).await, None);
                        assert!(began.elapsed() >= limit, "it rang too early");
                    }
                })
            })
            .collect();
        for wait in waits {
            wait.await.expect("no panic");
        }
        let set = lock(&timeout.shared.set);
        assert_eq!(set.free.len(), set.waiting.len(), "places are given back");
        assert!(set.waiting.len() <= 100 && set.waiting.iter().all(Option::is_none));
    }

    #[tokio::test]
    async fn places_serve_again() {
        let timeout = SharedTimeout::new();
        for _ in 0..10 {
            assert_eq!(bound(&timeout, LONG, tokio::task::yield_now()).await, Some(()));
        }
        assert_eq!(lock(&timeout.shared.set).waiting.len(), 1);
    }
}
