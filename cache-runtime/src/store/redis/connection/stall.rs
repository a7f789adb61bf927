//! Servers that answer reads but no writes: under `CLIENT PAUSE … WRITE`, and while they prepare a failover.
//!
//! A write that is not answered blocks everything behind it on its connection, hits included. After a few lease requests without an
//! answer no lease is requested: misses compute, and store nothing. From time to time a probe writes over a connection of its own,
//! for which nobody waits, and ends the stall if it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::cmd;

use super::connect::{Proof, connect};
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::util::retry_gate::RetryGate;

/// How many lease requests in a row may go without an answer.
const IN_A_ROW: u32 = 2;
/// Requests that time out together, as they do where a runtime is behind, count once.
const APART: Duration = Duration::from_millis(200);
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
    counted: RetryGate,
    gate: RetryGate,
}

/// What a stall means for a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    AskForLeases,
    Compute,
    /// And probe whether the stall is over.
    ComputeAndProbe,
}

impl Stall {
    pub(crate) fn advice(&self) -> Advice {
        // Nearly always.
        if self.timeouts.load(Ordering::Relaxed) < IN_A_ROW {
            return Advice::AskForLeases;
        }
        if self.gate.admits_one(PAUSE) { Advice::ComputeAndProbe } else { Advice::Compute }
    }

    fn is_over(&self) {
        self.timeouts.store(0, Ordering::Relaxed);
    }

    /// Learns from the answer to a lease request.
    pub(crate) fn learn<T>(&self, answer: &Result<T, Error>) {
        match answer {
            Ok(_) if self.timeouts.load(Ordering::Relaxed) == 0 => {}
            Ok(_) => self.is_over(),
            Err(error) if error.kind() == ErrorKind::Timeout && self.counted.admits_one(APART) => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
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

    #[test]
    fn after_a_few_without_an_answer_no_lease_is_asked_for() {
        let stall = Stall::default();
        for _ in 0..IN_A_ROW {
            assert_eq!(stall.advice(), Advice::AskForLeases);
            stall.counted.open();
            stall.learn(&unanswered());
            stall.learn(&unanswered());
        }
        assert_eq!(stall.advice(), Advice::ComputeAndProbe);
        assert_eq!(stall.advice(), Advice::Compute, "one asks for all");
        stall.gate.open();
        assert_eq!(stall.advice(), Advice::ComputeAndProbe, "now and then");
        stall.learn(&Ok(()));
        assert_eq!(stall.advice(), Advice::AskForLeases);
    }

    #[test]
    fn an_answer_between_them_and_other_errors_are_no_stall() {
        let stall = Stall::default();
        for _ in 0..5 {
            stall.counted.open();
            stall.learn(&unanswered());
            stall.learn(&unanswered());
            stall.learn(&Ok(()));
            stall.learn::<()>(&Err(Error::new(ErrorKind::Server, "no")));
        }
        assert_eq!(stall.advice(), Advice::AskForLeases);
    }
}
