//! Servers that answer reads but no writes: under `CLIENT PAUSE … WRITE`, and while they prepare a failover.
//!
//! A write that is not answered blocks everything behind it on its connection, hits included. After a few lease requests without an
//! answer no lease is requested: misses compute, and store nothing. From time to time a probe writes over a connection of its own,
//! for which nobody waits, and ends the stall if it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use redis::cmd;

use super::connect::{Proof, connect};
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::util::clock::Moment;
use crate::util::retry_gate::RetryGate;

/// How many lease requests in a row may go without an answer.
const IN_A_ROW: u32 = 2;
/// The time between two probes.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a probe may take to connect, and to be answered.
const PATIENCE: Duration = Duration::from_millis(400);
/// Appended to the key of a lease: a key that is never used, and that a user who may write the other may write as well.
const NOBODYS: &str = "\u{1}nobody's";

/// Whether one server answers lease requests.
#[derive(Debug, Default)]
pub(crate) struct Stall {
    /// How many in a row it did not answer.
    timeouts: AtomicU32,
    /// When the last of these was noticed.
    last: AtomicU64,
    gate: RetryGate,
}

/// What a stall means for a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StallAdvice {
    AskForLeases,
    Compute,
    /// And probe whether the stall is over.
    ComputeAndProbe,
}

impl Stall {
    pub(crate) fn advice(&self) -> StallAdvice {
        // Nearly always.
        if self.timeouts.load(Ordering::Relaxed) < IN_A_ROW {
            return StallAdvice::AskForLeases;
        }
        if self.gate.admits_one(PAUSE) { StallAdvice::ComputeAndProbe } else { StallAdvice::Compute }
    }

    fn is_over(&self) {
        self.timeouts.store(0, Ordering::Relaxed);
    }

    /// Learns from the answer to a lease request that was made at `asked`.
    pub(crate) fn learn<T>(&self, asked: Moment, answer: &Result<T, Error>) {
        match answer {
            Ok(_) if self.timeouts.load(Ordering::Relaxed) == 0 => {}
            Ok(_) => self.is_over(),
            Err(error) if error.kind() == ErrorKind::Timeout && self.is_another(asked) => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }

    /// Whether a request that timed out was made after the last one had. Requests that are under way at the same time count once: the
    /// callers of one late batch all report it, and so do those of several batches where a runtime is behind.
    fn is_another(&self, asked: Moment) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        let now = Moment::now().ticks();
        asked.ticks() >= last
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Writes, and ends the stall if that is answered in any way.
pub(crate) async fn probe(server: Arc<Server>, stall: Arc<Stall>, mut key: String) {
    key.push_str(NOBODYS);
    let Ok(connection) = connect(&server, PATIENCE, Proof::Greeting, None).await else { return };
    let mut unlink = cmd("UNLINK");
    unlink.arg(key);
    let mut driver = connection.driver.clone();
    let answer = std::pin::pin!(unlink.exec_async(&mut driver));
    if let Ok(Some(answer)) = executor::timeout(PATIENCE, answer).await
        && !answer.is_err_and(|error| error.is_unrecoverable_error())
    {
        stall.is_over();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unanswered() -> Result<(), Error> {
        Err(Error::new(ErrorKind::Timeout, "late"))
    }

    /// A while later, as the coarse clock sees it.
    fn later() -> Moment {
        std::thread::sleep(Duration::from_millis(10));
        Moment::now()
    }

    #[test]
    fn after_a_few_without_an_answer_no_lease_is_asked_for() {
        let stall = Stall::default();
        for _ in 0..IN_A_ROW {
            assert_eq!(stall.advice(), StallAdvice::AskForLeases);
            stall.learn(later(), &unanswered());
        }
        assert_eq!(stall.advice(), StallAdvice::ComputeAndProbe);
        assert_eq!(stall.advice(), StallAdvice::Compute, "one asks for all");
        stall.gate.open();
        assert_eq!(stall.advice(), StallAdvice::ComputeAndProbe, "now and then");
        stall.learn(later(), &Ok(()));
        assert_eq!(stall.advice(), StallAdvice::AskForLeases);
    }

    #[test]
    fn requests_that_were_under_way_together_count_once() {
        let (stall, asked) = (Stall::default(), Moment::now());
        later();
        for _ in 0..100 {
            stall.learn(asked, &unanswered());
        }
        assert_eq!(stall.advice(), StallAdvice::AskForLeases);
        stall.learn(later(), &unanswered());
        assert_eq!(stall.advice(), StallAdvice::ComputeAndProbe);
    }

    #[test]
    fn an_answer_between_them_and_other_errors_are_no_stall() {
        let stall = Stall::default();
        for _ in 0..5 {
            stall.learn(later(), &unanswered());
            stall.learn(later(), &Ok(()));
            stall.learn::<()>(later(), &Err(Error::new(ErrorKind::Server, "no")));
        }
        assert_eq!(stall.advice(), StallAdvice::AskForLeases);
    }
}
