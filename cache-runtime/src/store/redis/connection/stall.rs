//! A server that answers reads and no writes: under `CLIENT PAUSE … WRITE`, and while it prepares a failover.
//!
//! A write that is not answered holds up all that is sent behind it on its connection, hits too. So after a few leases that were not
//! answered none is asked for: misses compute, and store nothing. Now and then a write over a connection of its own, for which nobody
//! waits, finds out whether that is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use redis::cmd;

use super::connect::{Proof, connect};
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::RedisStore;
use crate::store::vocabulary::CasToken;
use crate::util::clock::Moment;

/// So many leases in a row may go without an answer.
const IN_A_ROW: u32 = 2;
/// How often the server is asked whether it is over.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it may take to answer that.
const PATIENCE: Duration = Duration::from_millis(400);
/// After the key of somebody's lease: a key that nobody has, and that a user with the right to the other may write.
const NOBODYS: &str = "\u{1}nobody's";

/// Whether leases are answered, by one server.
#[derive(Debug, Default)]
pub(crate) struct Stall {
    /// How many in a row were not.
    timeouts: AtomicU32,
    /// When to ask again.
    next: AtomicU64,
}

/// What a stall means for a call.
#[derive(Debug, PartialEq, Eq)]
enum Advice {
    AskForLeases,
    Compute,
    /// And find out whether the stall is over.
    ComputeAndProbe,
}

impl Stall {
    fn advice(&self) -> Advice {
        // Hardly ever any.
        if self.timeouts.load(Ordering::Relaxed) < IN_A_ROW {
            return Advice::AskForLeases;
        }
        let (next, now) = (self.next.load(Ordering::Relaxed), Moment::now());
        let after = now.plus(PAUSE).ticks();
        let is_time = now.ticks() >= next
            && self.next.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_time { Advice::ComputeAndProbe } else { Advice::Compute }
    }

    fn is_over(&self) {
        self.timeouts.store(0, Ordering::Relaxed);
    }

    /// Learns from how a lease was answered.
    pub(crate) fn learn<T>(&self, answer: &Result<T, Error>) {
        match answer {
            Ok(_) if self.timeouts.load(Ordering::Relaxed) == 0 => {}
            Ok(_) => self.is_over(),
            Err(error) if error.kind() == ErrorKind::Timeout => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }
}

impl RedisStore {
    /// To be called before a lease is asked for, or given back.
    ///
    /// # Errors
    /// While leases are not answered.
    pub(crate) fn check_for_stall(&self, leases: &[(&str, CasToken)]) -> Result<(), Error> {
        leases.first().map_or(Ok(()), |(key, _)| self.check_for_stall_at(key))
    }

    /// The same for one key.
    pub(crate) fn check_for_stall_at(&self, key: &str) -> Result<(), Error> {
        match self.leases.advice() {
            Advice::AskForLeases => return Ok(()),
            Advice::Compute => {}
            Advice::ComputeAndProbe => {
                let probe =
                    probe(Arc::clone(self.server()), Arc::clone(&self.leases), format!("{key}{NOBODYS}"));
                self.connection()?.runtime.spawn(probe);
            }
        }
        Err(Error::new(ErrorKind::Timeout, "cannot lease: the server answers no writes"))
    }
}

/// Ends the stall if a write is answered, whatever the answer.
async fn probe(server: Arc<Server>, stall: Arc<Stall>, key: String) {
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
            stall.learn(&unanswered());
        }
        assert_eq!(stall.advice(), Advice::ComputeAndProbe);
        assert_eq!(stall.advice(), Advice::Compute, "one asks for all");
        stall.next.store(0, Ordering::Relaxed);
        assert_eq!(stall.advice(), Advice::ComputeAndProbe, "now and then");
        stall.learn(&Ok(()));
        assert_eq!(stall.advice(), Advice::AskForLeases);
    }

    #[test]
    fn an_answer_between_them_and_other_errors_are_no_stall() {
        let stall = Stall::default();
        for _ in 0..5 {
            stall.learn(&unanswered());
            stall.learn(&Ok(()));
            stall.learn::<()>(&Err(Error::new(ErrorKind::Server, "no")));
        }
        assert_eq!(stall.advice(), Advice::AskForLeases);
    }
}
