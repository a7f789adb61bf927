//! A time limit that costs next to nothing while answers come in time.
//!
//! To register a timer costs half a microsecond, and nearly all are for answers that come within a fraction of their time. So
//! a lane has one, which is set for the first of those whose time is over soonest when it rings: with a deadline of 250 ms that is
//! four timers a second, whatever the number of exchanges.
//!
//! It rings on the library's thread, whatever becomes of the lane's runtime: one that nobody drives tells nobody of an answer, and
//! whoever waits on it from elsewhere is to hear of that.

use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::error::Error;
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor::catch_up;

/// A lane's alarm. Dropping it ends its task.
pub(crate) struct Alarm {
    shared: Arc<Shared>,
    task: Result<AbortHandle, Error>,
}

#[derive(Default)]
struct Shared {
    set: Mutex<Set>,
    sooner: Notify,
}

#[derive(Default)]
struct Set {
    waiting: Vec<Option<Waits>>,
    /// Places of nobody.
    free: Vec<usize>,
    /// When the task looks next; `None` if it waits to be told that somebody waits.
    looks_at: Option<Instant>,
}

struct Waits {
    until: Instant,
    /// `None` if its time is over, and it has been told.
    waker: Option<Waker>,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        let shared = Arc::<Shared>::default();
        let task = library_runtime().map(|library| library.spawn(ring(Arc::clone(&shared))).abort_handle());
        Self { shared, task }
    }

    /// Bounds `future`.
    ///
    /// # Errors
    /// If there is no thread that could tell the time.
    pub(crate) async fn bound<F: Future>(
        &self,
        until: Instant,
        mut future: Pin<&mut F>,
    ) -> Result<Option<F::Output>, Error> {
        if let Err(error) = &self.task {
            return Err(error.clone());
        }
        let mut place = Place { shared: &self.shared, index: None };
        let mut poll = |cx: &mut Context<'_>| match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if place.set(until, cx.waker()) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        };
        if let Some(done) = poll_fn(&mut poll).await {
            return Ok(Some(done));
        }
        // The caller's runtime may have been busy with something else: what has arrived meanwhile is not too late. A box, because it is
        // rare.
        Box::pin(catch_up()).await;
        Ok(poll_fn(poll).await)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Ok(task) = &self.task {
            task.abort();
        }
    }
}

/// Of one who waits. Given back when it has its answer, or goes away.
struct Place<'a> {
    shared: &'a Shared,
    index: Option<usize>,
}

impl Place<'_> {
    /// Sets the alarm; `false` if it has rung.
    fn set(&mut self, until: Instant, waker: &Waker) -> bool {
        let mut set = self.shared.lock();
        if let Some(waits) = self.index.and_then(|index| set.waiting[index].as_mut()) {
            if let Some(known) = &mut waits.waker {
                known.clone_from(waker);
            }
            return waits.waker.is_some();
        }
        self.index = Some(set.add(Waits { until, waker: Some(waker.clone()) }));
        if set.looks_at.is_none_or(|looks_at| until < looks_at) {
            set.looks_at = Some(until);
            drop(set);
            self.shared.sooner.notify_one();
        }
        true
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(index) = self.index {
            let mut set = self.shared.lock();
            set.free.push(index);
            let waits = take(&mut set.waiting[index]);
            drop(set);
            drop(waits);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Set {
    fn add(&mut self, waits: Waits) -> usize {
        if let Some(index) = self.free.pop() {
            self.waiting[index] = Some(waits);
            return index;
        }
        self.waiting.push(Some(waits));
        self.waiting.len() - 1
    }

    /// Those who have not been told that their time is over.
    fn unaware(&mut self) -> impl Iterator<Item = &mut Waits> {
        self.waiting.iter_mut().flatten().filter(|waits| waits.waker.is_some())
    }

    /// Those whose time is over, to be told.
    fn late(&mut self, now: Instant) -> Vec<Waker> {
        self.unaware().filter(|waits| waits.until <= now).filter_map(|waits| waits.waker.take()).collect()
    }
}

/// The task: looks when the first time is over of those who wait then.
async fn ring(shared: Arc<Shared>) {
    loop {
        let looks_at = {
            let mut set = shared.lock();
            set.looks_at = set.unaware().map(|waits| waits.until).min();
            set.looks_at
        };
        let sooner = shared.sooner.notified();
        match looks_at {
            None => sooner.await,
            Some(looks_at) => {
                if tokio::time::timeout_at(looks_at.into(), sooner).await.is_err() {
                    let late = shared.lock().late(Instant::now());
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
    async fn bound<F: Future>(alarm: &Alarm, limit: Duration, future: F) -> Option<F::Output> {
        in_time(alarm.bound(after(limit), pin!(future))).await.expect("the library's thread")
    }

    async fn slow() -> u8 {
        tokio::time::sleep(2 * SHORT).await;
        7
    }

    #[tokio::test]
    async fn rings_for_one_after_the_other() {
        let alarm = Alarm::new();
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(bound(&alarm, SHORT, pending::<()>()).await, None);
            assert!(began.elapsed() >= SHORT, "it rang too early");
            assert_eq!(bound(&alarm, SHORT, async { 7 }).await, Some(7));
        }
    }

    #[tokio::test]
    async fn rings_for_who_has_less_time_than_who_was_there_before() {
        let alarm = Alarm::new();
        assert_eq!(bound(&alarm, LONG, slow()).await, Some(7));
        assert_eq!(bound(&alarm, SHORT, pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn does_not_ring_for_who_has_more_time() {
        let alarm = Alarm::new();
        for short in [1, 10] {
            let short = Duration::from_millis(short);
            assert_eq!(bound(&alarm, short, tokio::task::yield_now()).await, Some(()));
            assert_eq!(bound(&alarm, LONG, slow()).await, Some(7));
        }
    }

    #[tokio::test]
    async fn rings_for_each_of_many_at_its_time() {
        let alarm = Arc::new(Alarm::new());
        let waits: Vec<_> = (0..100_u64)
            .map(|number| {
                let alarm = Arc::clone(&alarm);
                // Not in the order of their times, and some of them have an answer.
                let limit = SHORT + Duration::from_millis(number * 37 % 50);
                tokio::spawn(async move {
                    let began = Instant::now();
                    if number % 3 == 0 {
                        assert_eq!(bound(&alarm, LONG, slow()).await, Some(7));
                    } else {
                        assert_eq!(bound(&alarm, limit, pending::<()>()).await, None);
                        assert!(began.elapsed() >= limit, "it rang too early");
                    }
                })
            })
            .collect();
        for wait in waits {
            wait.await.expect("no panic");
        }
        let set = alarm.shared.lock();
        assert_eq!(set.free.len(), set.waiting.len(), "places are given back");
        assert!(set.waiting.len() <= 100 && set.waiting.iter().all(Option::is_none));
    }

    #[tokio::test]
    async fn places_serve_again() {
        let alarm = Alarm::new();
        for _ in 0..10 {
            assert_eq!(bound(&alarm, LONG, tokio::task::yield_now()).await, Some(()));
        }
        assert_eq!(alarm.shared.lock().waiting.len(), 1);
    }
}
