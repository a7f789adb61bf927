//! A time limit that costs a lone reader next to nothing.
//!
//! To register a timer costs half a microsecond, and nearly all are for answers that come within a fraction of their time. So
//! a lane has one, which is set for the reader that is there when it rings, if there is one: with a deadline of 250 ms that is
//! four timers a second, whatever the number of hits. There is never more than one lone reader a lane.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::home;

/// A lane's alarm. Dropping it ends its task.
pub(super) struct Alarm {
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    set: Mutex<Set>,
    sooner: Notify,
}

#[derive(Default)]
struct Set {
    /// Who waits, and until when.
    reader: Option<(Instant, Waker)>,
    /// The reader's time is over, and it has been told.
    has_rung: bool,
    /// When the task looks next; `None` if it waits to be told that there is a reader.
    looks_at: Option<Instant>,
}

impl Alarm {
    pub(super) fn new(home: &Handle) -> Self {
        let shared = Arc::<Shared>::default();
        let task = home.spawn(ring(Arc::clone(&shared))).abort_handle();
        Self { shared, task }
    }

    /// Bounds `future`. For one caller at a time.
    pub(super) async fn bound<F: Future>(
        &self,
        until: Instant,
        mut future: Pin<&mut F>,
    ) -> Option<F::Output> {
        let _reset = Reset(&self.shared);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.shared.set(until, cx.waker()) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the alarm; `false` if it has rung.
    fn set(&self, until: Instant, waker: &Waker) -> bool {
        let mut set = self.lock();
        if set.has_rung {
            return false;
        }
        match &mut set.reader {
            Some((_, known)) => known.clone_from(waker),
            none => *none = Some((until, waker.clone())),
        }
        if set.looks_at.is_none_or(|looks_at| until < looks_at) {
            set.looks_at = Some(until);
            drop(set);
            self.sooner.notify_one();
        }
        true
    }
}

/// Turns the alarm off when the reader has its answer, or goes away.
struct Reset<'a>(&'a Shared);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        let mut set = self.0.lock();
        set.has_rung = false;
        let reader = set.reader.take();
        drop(set);
        drop(reader);
    }
}

/// The task: looks at each reader's end of time, or at that of the reader who is there then.
async fn ring(shared: Arc<Shared>) {
    loop {
        let looks_at = {
            let mut set = shared.lock();
            set.looks_at = set.reader.as_ref().filter(|_| !set.has_rung).map(|(until, _)| *until);
            set.looks_at
        };
        let Some(looks_at) = looks_at else {
            shared.sooner.notified().await;
            continue;
        };
        match home::timeout_at(looks_at, pin!(shared.sooner.notified())).await {
            Ok(None) => {}
            Ok(Some(())) => continue,
            // Without timers nobody could be told.
            Err(_) => return,
        }
        let late = {
            let mut set = shared.lock();
            let now = Instant::now();
            let late = set.reader.as_ref().filter(|(until, _)| *until <= now).map(|(_, waker)| waker.clone());
            set.has_rung = late.is_some();
            late
        };
        if let Some(late) = late {
            late.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    use crate::clock::after;

    const LONG: Duration = Duration::from_secs(60);

    async fn in_time<F: Future>(future: F) -> F::Output {
        tokio::time::timeout(LONG / 6, future).await.expect("it rings in time")
    }

    #[tokio::test]
    async fn rings_for_each_reader() {
        let alarm = Alarm::new(&Handle::current());
        for _ in 0..3 {
            let until = after(Duration::from_millis(20));
            assert_eq!(in_time(alarm.bound(until, pin!(pending::<()>()))).await, None);
            assert!(Instant::now() >= until, "it rang too early");
            assert_eq!(alarm.bound(until, pin!(async { 7 })).await, Some(7));
        }
    }

    #[tokio::test]
    async fn rings_for_who_has_less_time_than_the_reader_before() {
        let alarm = Alarm::new(&Handle::current());
        let slow = pin!(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            7
        });
        assert_eq!(alarm.bound(after(LONG), slow).await, Some(7));
        let never = pin!(pending::<()>());
        assert_eq!(in_time(alarm.bound(after(Duration::from_millis(20)), never)).await, None);
    }

    #[tokio::test]
    async fn does_not_ring_for_who_has_more_time() {
        let alarm = Alarm::new(&Handle::current());
        for short in [1, 10] {
            let soon = pin!(tokio::task::yield_now());
            assert_eq!(alarm.bound(after(Duration::from_millis(short)), soon).await, Some(()));
            let slow = pin!(tokio::time::sleep(Duration::from_millis(40)));
            assert_eq!(alarm.bound(after(LONG), slow).await, Some(()));
        }
    }
}
