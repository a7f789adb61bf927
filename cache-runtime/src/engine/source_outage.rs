//! Logs once that a function fails while older values are served, because its callers see no error.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::flight::FlightKey;
use crate::util::locks::lock;
use crate::util::process::PerProcess;

/// An outage ends after this long without a failure, even if the key that failed first has not succeeded.
const QUIET: Duration = Duration::from_secs(60);
/// The longest reason that is logged.
const REASON: usize = 500;

/// Whether a function is failing.
#[derive(Debug, Default)]
pub(crate) struct Outage(PerProcess<Mutex<Option<Failing>>>);

#[derive(Debug)]
struct Failing {
    /// The key that failed first. Others may fail for reasons of their own, and succeed, while this goes on.
    first: FlightKey,
    last: Instant,
}

impl Outage {
    /// A computation has failed. Says whether it is the first of an outage.
    fn begins(&self, key: &FlightKey, now: Instant) -> bool {
        let mut failing = lock(&self.0);
        match &mut *failing {
            Some(failing) if now.saturating_duration_since(failing.last) < QUIET => {
                failing.last = now;
                false
            }
            _ => {
                *failing = Some(Failing { first: key.clone(), last: now });
                true
            }
        }
    }

    /// Logs a failure, and its reason, if it is the first of an outage.
    pub(crate) fn failed(
        &self,
        function: &str,
        key: &FlightKey,
        now: Instant,
        reason: impl FnOnce() -> Option<String>,
    ) {
        if !self.begins(key, now) {
            return;
        }
        let reason = reason().map(|reason| format!(": {}", shortened(&reason))).unwrap_or_default();
        log::warn!(
            "`{function}` fails; older values are served instead{reason}; further failures are counted and not logged until it succeeds"
        );
    }

    /// A key that had failed has succeeded.
    pub(crate) fn succeeded(&self, function: &str, key: &FlightKey) {
        let mut failing = lock(&self.0);
        if failing.take_if(|failing| failing.first == *key).is_some() {
            log::info!("`{function}` succeeds again");
        }
    }
}

/// One line of it.
fn shortened(reason: &str) -> String {
    reason.chars().take(REASON).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::clock::later;

    fn key(name: &str) -> FlightKey {
        FlightKey { key: name.into(), fingerprint: 0 }
    }

    #[test]
    fn an_outage_begins_once_and_ends_with_the_key_that_began_it() {
        let (outage, now) = (Outage::default(), Instant::now());
        let begins = |name| outage.begins(&key(name), now);
        assert!(begins("a") && !begins("a") && !begins("b"));
        outage.succeeded("f", &key("b"));
        assert!(!begins("b"));
        outage.succeeded("f", &key("a"));
        assert!(begins("b"));
    }

    #[test]
    fn an_outage_is_over_after_a_while_without_a_failure() {
        let (outage, now) = (Outage::default(), Instant::now());
        assert!(outage.begins(&key("a"), now));
        assert!(!outage.begins(&key("b"), later(now, QUIET / 2)));
        assert!(!outage.begins(&key("b"), later(now, QUIET)), "counted from the last failure");
        assert!(outage.begins(&key("b"), later(now, 2 * QUIET)));
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened("two\nlines"), "two lines");
        assert_eq!(shortened(&"ä".repeat(REASON + 1)), "ä".repeat(REASON));
    }
}
