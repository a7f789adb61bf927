//! How many batches of one kind can be in flight on a connection, and by when a batch that had to wait for its permit is to be
//! answered.
//!
//! While Redis answers, each batch has its whole time limit from when it is sent, so the last of thousands of requests does not
//! time out because of those before it. Once a batch has timed out, the callers of those behind it have waited for it already, and
//! wait no longer than they would have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorKind};
use crate::runtime::lag;
use crate::util::clock::after;

/// The most batches of one kind in flight on a connection.
const IN_FLIGHT: usize = 16;

pub(crate) struct Permits {
    free: Arc<Semaphore>,
    /// How many batches have timed out.
    late: AtomicUsize,
}

impl Default for Permits {
    fn default() -> Self {
        Self::new(IN_FLIGHT)
    }
}

/// The right to have a batch in flight, until it is dropped.
pub(crate) struct Permit {
    /// By when the batch is to be answered.
    pub(crate) deadline: Instant,
    _free: Option<OwnedSemaphorePermit>,
}

impl Permits {
    pub(crate) fn new(number: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(number)), late: AtomicUsize::new(0) }
    }

    /// Waits for a permit. The batch has `limit` for its answer; `until` is when that is over, counted from when it was opened, if
    /// callers wait for the answer. `None` if it is too late to send it.
    pub(crate) async fn acquire(&self, until: Option<Instant>, limit: Duration) -> Option<Permit> {
        let late = self.late.load(Ordering::Relaxed);
        // Nobody closes the semaphore; if it were closed, the batch would go without a permit.
        let free = Arc::clone(&self.free).acquire_owned().await.ok();
        let deadline = match until {
            Some(until) if late != self.late.load(Ordering::Relaxed) => {
                until + until.checked_sub(limit).map(lag::since).unwrap_or_default()
            }
            _ => after(limit),
        };
        (Instant::now() < deadline).then_some(Permit { deadline, _free: free })
    }

    /// A permit, if one is free now.
    pub(crate) fn try_acquire(&self, limit: Duration) -> Option<Permit> {
        let free = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Permit { deadline: after(limit), _free: Some(free) })
    }

    /// Notes how a batch was answered.
    pub(crate) fn learn<T>(&self, answer: &Result<T, Error>) {
        if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout) {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    pub(crate) fn available(&self) -> usize {
        self.free.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::util::clock::later;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    /// When a batch was opened that waits for its permit for longer than its limit, and by when it is to be answered; `before` is
    /// the answer to the batch before it.
    async fn after_waiting(before: Result<(), Error>, waits: bool) -> (Instant, Option<Instant>) {
        let permits = Permits::new(1);
        let first = permits.acquire(None, LONG).await.expect("it is free");
        let opened = Instant::now();
        let until = waits.then(|| later(opened, SHORT));
        let mut second = pin!(permits.acquire(until, SHORT));
        let is_pending = poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await;
        assert!(is_pending, "there is one permit");
        tokio::time::sleep(3 * SHORT).await;
        permits.learn(&before);
        drop(first);
        (opened, second.await.map(|permit| permit.deadline))
    }

    fn late() -> Result<(), Error> {
        Err(Error::new(ErrorKind::Timeout, "late"))
    }

    #[tokio::test]
    async fn behind_a_batch_that_is_answered_a_batch_has_its_whole_limit() {
        for answer in [Ok(()), Err(Error::new(ErrorKind::Server, "no"))] {
            let (opened, deadline) = after_waiting(answer, true).await;
            assert!(deadline.is_some_and(|deadline| deadline >= later(opened, 4 * SHORT)));
        }
    }

    #[tokio::test]
    async fn behind_a_batch_that_timed_out_a_batch_has_no_more_time_than_it_had() {
        let (opened, deadline) = after_waiting(late(), true).await;
        // Other tests' runtimes may be behind, which counts for all.
        assert!(deadline.is_none_or(|deadline| deadline <= later(opened, SHORT) + lag::since(opened)));
    }

    #[tokio::test]
    async fn a_batch_that_nobody_waits_for_has_its_whole_limit_always() {
        let (opened, deadline) = after_waiting(late(), false).await;
        assert!(deadline.is_some_and(|deadline| deadline >= later(opened, 4 * SHORT)));
    }
}
