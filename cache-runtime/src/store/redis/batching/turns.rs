//! How many batches of a kind may be in flight on a connection, and how long an answer may take that had to wait for its turn.
//!
//! While Redis answers, each batch has its time for itself: of thousands at once the last is not given up because of those before it.
//! Where one of those before it has not been answered, its callers have waited for that already, and wait no longer than they would.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, ErrorKind};
use crate::runtime::lag;
use crate::util::clock::after;

/// How many batches of a kind may be in flight on a connection.
const IN_FLIGHT: usize = 16;

pub(crate) struct Turns {
    free: Semaphore,
    /// How many have not been answered in time.
    late: AtomicUsize,
}

impl Default for Turns {
    fn default() -> Self {
        Self::of(IN_FLIGHT)
    }
}

/// A batch's turn. Dropping it lets the next one go.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    /// By when the batch is to be answered.
    pub(crate) until: Instant,
    _free: Option<SemaphorePermit<'a>>,
}

impl Turns {
    fn of(number: usize) -> Self {
        Self { free: Semaphore::new(number), late: AtomicUsize::default() }
    }

    /// Waits for a batch's turn, which was to be answered by `until`, `limit` after it was opened; `None` if it is too late for it.
    pub(crate) async fn wait(&self, until: Instant, limit: Duration) -> Option<Turn<'_>> {
        let late = self.late.load(Ordering::Relaxed);
        // Nobody closes it, and without a turn it would go as well.
        let free = self.free.acquire().await.ok();
        let until = if late == self.late.load(Ordering::Relaxed) {
            after(limit)
        } else {
            until + until.checked_sub(limit).map(lag::since).unwrap_or_default()
        };
        (Instant::now() < until).then_some(Turn { turns: self, until, _free: free })
    }
}

impl Turn<'_> {
    /// Notes whether the batch was answered.
    pub(crate) fn learn<T>(&self, answer: &Result<T, Error>) {
        if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout) {
            self.turns.late.fetch_add(1, Ordering::Relaxed);
        }
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

    /// When a batch was opened, and by when it is to be answered, which has to wait for its turn for longer than it has; `before` is the
    /// answer to the batch before it.
    async fn after_waiting(before: Result<(), Error>) -> (Instant, Option<Instant>) {
        let turns = Turns::of(1);
        let first = turns.wait(after(LONG), LONG).await.expect("it is free");
        let opened = Instant::now();
        let mut second = pin!(turns.wait(later(opened, SHORT), SHORT));
        let waits = poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "there is one turn");
        tokio::time::sleep(3 * SHORT).await;
        first.learn(&before);
        drop(first);
        (opened, second.await.map(|turn| turn.until))
    }

    #[tokio::test]
    async fn what_waits_for_others_that_are_answered_has_its_time_for_itself() {
        for answer in [Ok(()), Err(Error::new(ErrorKind::Server, "no"))] {
            let (opened, until) = after_waiting(answer).await;
            assert!(until.is_some_and(|until| until >= later(opened, 4 * SHORT)));
        }
    }

    #[tokio::test]
    async fn what_waits_for_others_that_are_not_answered_has_no_more_time_than_it_had() {
        let (opened, until) = after_waiting(Err(Error::new(ErrorKind::Timeout, "late"))).await;
        // Other tests' runtimes may be behind, which counts for all.
        assert!(until.is_none_or(|until| until <= later(opened, SHORT) + lag::since(opened)));
    }
}
