//! Commands to which a peer's answer is not valid in Redis's protocol.
//!
//! Such an answer ends the connection, and with it every other request in flight. The next connection would end the same way. The
//! command is therefore not sent for a while, each time for longer; other commands are.
//!
//! Of a pipeline on a connection that ends, the driver does not say which answer was the last. Pipelines of that kind are
//! therefore sent apart, each command with an answer of its own, until one has been answered completely.

use std::borrow::{Borrow, Cow};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{Arg, Cmd};

use crate::error::{Error, ErrorKind};
use crate::util::locks::lock;
use crate::util::retry_gate::RetryGate;

const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// So many commands are named as warnings. A peer that speaks another protocol garbles all that there are.
const LOUD: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Unreadable {
    /// Whether anything is known: nearly always not.
    is_any_known: AtomicBool,
    known: Mutex<UnreadableCommands>,
}

/// By command. Few, because the names are the library's.
#[derive(Debug, Default)]
struct UnreadableCommands {
    pauses: HashMap<String, Pause>,
    /// Pipelines that have not been answered completely, by what they do.
    broken: HashSet<String>,
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
        if !self.is_any_known.load(Ordering::Relaxed) {
            return Ok(());
        }
        match lock(&self.known).pauses.get(command(doing)) {
            Some(pause) if pause.gate.is_closed() => Err(Error::new(
                ErrorKind::Connection,
                format!("cannot {doing}: the last answer to it was not in Redis's protocol"),
            )),
            _ => Ok(()),
        }
    }

    /// [`check`](Self::check) for each of the commands that are sent at once.
    pub(crate) fn check_each(
        &self,
        doing: &str,
        commands: impl IntoIterator<Item = impl Borrow<Cmd>>,
    ) -> Result<(), Error> {
        if !self.is_any_known.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.check(doing)?;
        commands.into_iter().try_for_each(|command| self.check(&name(command.borrow(), doing)))
    }

    /// Whether pipelines that do this are sent apart.
    pub(super) fn are_apart(&self, doing: &str) -> bool {
        self.is_any_known.load(Ordering::Relaxed) && lock(&self.known).broken.contains(command(doing))
    }

    /// A pipeline was answered completely, or not.
    pub(super) fn note_pipeline(&self, doing: &str, is_answered: bool) {
        let mut known = lock(&self.known);
        match is_answered {
            true => drop(known.broken.remove(command(doing))),
            false => drop(known.broken.insert(command(doing).to_owned())),
        }
        let is_any_known = !known.broken.is_empty() || !known.pauses.is_empty();
        self.is_any_known.store(is_any_known, Ordering::Relaxed);
    }

    /// An answer was not valid. Logged once for each command.
    pub(crate) fn note(&self, server: &str, doing: &str) {
        let command = command(doing);
        // Outside of the lock: a logger is foreign code.
        if let Some(known) = self.rest(command) {
            let level = if known <= LOUD { log::Level::Warn } else { log::Level::Debug };
            let more =
                if known == LOUD { "; if this is a Redis server, something changes its answers" } else { "" };
            log::log!(
                level,
                "{server} answers {command} with what is not Redis's protocol: the connection is closed, and {command} is not asked \
                 for {} s, then longer; values are computed meanwhile{more}",
                FIRST_PAUSE.as_secs(),
            );
        }
    }

    /// Closes the gate of a command. How many are known with it, if it was not known before.
    fn rest(&self, command: &str) -> Option<usize> {
        let pauses = &mut lock(&self.known).pauses;
        let last = pauses.get(command).map(|pause| pause.length);
        let length = last.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        let gate = RetryGate::default();
        gate.close(length);
        pauses.insert(command.to_owned(), Pause { length, gate });
        self.is_any_known.store(true, Ordering::Relaxed);
        last.is_none().then_some(pauses.len())
    }
}

/// What a command of a pipeline is called. A script by what it does, as it is where it is sent alone.
pub(super) fn name<'a>(command: &'a Cmd, doing: &'a str) -> Cow<'a, str> {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) if !name.starts_with(b"EVAL") => String::from_utf8_lossy(name),
        _ => doing.into(),
    }
}

/// Without options, and without the size of a value.
fn command(doing: &str) -> &str {
    doing.split(' ').next().unwrap_or(doing)
}

#[cfg(test)]
mod tests {
    use redis::Pipeline;

    use super::*;

    #[test]
    fn rests_for_a_while_each_time_longer() {
        let unreadable = Unreadable::default();
        assert!(unreadable.check("SET NX GET").is_ok());
        unreadable.note("the server", "SET 2000000 bytes");
        assert!(unreadable.check("SET NX GET").is_err());
        assert!(unreadable.check("GET").is_ok());
        lock(&unreadable.known).pauses.values().for_each(|pause| pause.gate.open());
        assert!(unreadable.check("SET NX GET").is_ok());
        for _ in 0..10 {
            unreadable.note("the server", "SET");
        }
        assert_eq!(lock(&unreadable.known).pauses["SET"].length, LONGEST_PAUSE);
    }

    #[test]
    fn a_pipeline_rests_with_one_of_its_commands() {
        let unreadable = Unreadable::default();
        let mut pipeline = Pipeline::new();
        pipeline.cmd("PTTL").arg("a").cmd("EVAL").arg("return 1");
        assert!(!unreadable.are_apart("GET"));
        unreadable.note_pipeline("GET", false);
        assert!(unreadable.are_apart("GET") && !unreadable.are_apart("SET"));
        assert!(unreadable.check_each("GET", pipeline.cmd_iter()).is_ok());
        unreadable.note("the server", "PTTL");
        assert!(
            unreadable.check_each("GET", pipeline.cmd_iter()).is_err() && unreadable.check("GET").is_ok()
        );
        unreadable.note_pipeline("GET", true);
        assert!(!unreadable.are_apart("GET"));
        assert!(unreadable.check_each("GET", pipeline.cmd_iter()).is_err());
    }
}
