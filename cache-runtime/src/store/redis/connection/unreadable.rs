//! Commands to which a peer's answer is not valid in Redis's protocol.
//!
//! Such an answer ends the connection, and with it every other request in flight. The next connection would end the same way. The
//! command is therefore not sent for a while, each time for longer; other commands are.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::util::locks::lock;
use crate::util::retry_gate::RetryGate;

const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

#[derive(Debug, Default)]
pub(crate) struct Unreadable {
    /// Whether there are any: nearly always not.
    are_any: AtomicBool,
    /// By command. Few, because the names are the library's.
    pauses: Mutex<HashMap<String, Pause>>,
}

#[derive(Debug)]
struct Pause {
    length: Duration,
    gate: RetryGate,
}

impl Unreadable {
    /// To be called before a command is sent.
    ///
    /// # Errors
    /// While the command is not sent.
    pub(crate) fn check(&self, doing: &str) -> Result<(), Error> {
        if !self.are_any.load(Ordering::Relaxed) {
            return Ok(());
        }
        match lock(&self.pauses).get(command(doing)) {
            Some(pause) if pause.gate.is_closed() => Err(Error::new(
                ErrorKind::Connection,
                format!("cannot {doing}: the last answer to it was not in Redis's protocol"),
            )),
            _ => Ok(()),
        }
    }

    /// An answer was not valid. Logged once for each command.
    pub(crate) fn note(&self, server: &str, doing: &str) {
        let command = command(doing);
        let is_first = {
            let mut pauses = lock(&self.pauses);
            let last = pauses.get(command).map(|pause| pause.length);
            let length = last.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
            let gate = RetryGate::default();
            gate.close(length);
            pauses.insert(command.to_owned(), Pause { length, gate });
            self.are_any.store(true, Ordering::Relaxed);
            last.is_none()
        };
        // Outside of the lock: a logger is foreign code.
        if is_first {
            log::warn!(
                "{server} answers {command} with what is not Redis's protocol: the connection is closed, and {command} is not asked \
                 for {} s, then longer; values are computed meanwhile",
                FIRST_PAUSE.as_secs(),
            );
        }
    }
}

/// Without options, and without the size of a value.
fn command(doing: &str) -> &str {
    doing.split(' ').next().unwrap_or(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_for_a_while_each_time_longer() {
        let unreadable = Unreadable::default();
        assert!(unreadable.check("SET NX GET").is_ok());
        unreadable.note("the server", "SET 2000000 bytes");
        assert!(unreadable.check("SET NX GET").is_err());
        assert!(unreadable.check("GET").is_ok());
        lock(&unreadable.pauses).values().for_each(|pause| pause.gate.open());
        assert!(unreadable.check("SET NX GET").is_ok());
        for _ in 0..10 {
            unreadable.note("the server", "SET");
        }
        assert_eq!(lock(&unreadable.pauses)["SET"].length, LONGEST_PAUSE);
    }
}
