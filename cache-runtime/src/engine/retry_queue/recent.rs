//! What Redis has acknowledged lately, and may have forgotten when another server takes over: a state machine without I/O and without a clock.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem::take;
use std::time::{Duration, Instant};

use super::Key;

/// How many keys are remembered at least, if so many were acknowledged.
pub(crate) const REMEMBERED: usize = 10_000;
/// The most bytes that the names of so many take.
const BYTES: usize = 4 * 1024 * 1024;
/// For how long a key is remembered at least, while there is room.
pub(crate) const LATELY: Duration = Duration::from_secs(30);

/// Two generations, of which the older is forgotten when the newer is full or [`LATELY`] old: to remember a key is to write into a table, and
/// a key that is invalidated again and again is one.
#[derive(Debug, Default)]
pub(super) struct Recent {
    newer: Remembered,
    older: Remembered,
    /// The number of the latest repetition.
    repeated: u64,
}

#[derive(Debug, Default)]
struct Remembered {
    keys: HashMap<String, Acknowledged>,
    bytes: usize,
    since: Option<Instant>,
}

/// What was acknowledged at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) is_tag: bool,
    /// For how long a tombstone is to stand, counted from `at`.
    pub(super) hold: Option<Duration>,
    pub(super) at: Instant,
}

impl Acknowledged {
    pub(super) fn key(self, name: &str) -> Key<'_> {
        if self.is_tag { Key::Tag(name) } else { Key::Entry(name) }
    }
}

impl Recent {
    /// An operation with this number was acknowledged just now. `false` if that has to be repeated: whoever has acknowledged it may have been
    /// taken over from since it began.
    pub(super) fn add(
        &mut self,
        keys: &[Key<'_>],
        number: u64,
        hold: Option<Duration>,
        now: Instant,
    ) -> bool {
        if number < self.repeated {
            return false;
        }
        for key in keys {
            self.newer.since.get_or_insert(now);
            if self.newer.is_over(now) {
                self.older = take(&mut self.newer);
            }
            let is_tag = matches!(key, Key::Tag(_));
            self.newer.add(key.name(), Acknowledged { is_tag, hold, at: now });
        }
        true
    }

    /// Takes what was acknowledged since then at the keys of which `concerns` holds. What is acknowledged from now on and was begun before
    /// this repetition, which has this number, is to be repeated as well.
    pub(super) fn take(
        &mut self,
        number: u64,
        since: Instant,
        concerns: impl Fn(Key<'_>) -> bool,
    ) -> HashMap<String, Acknowledged> {
        self.repeated = number;
        let mut taken = HashMap::new();
        // The newer last, because it counts.
        for remembered in [&mut self.older, &mut self.newer] {
            let concerned = remembered.keys.extract_if(|name, known| concerns(known.key(name)));
            taken.extend(concerned.filter(|(_, known)| known.at >= since));
        }
        taken
    }
}

impl Remembered {
    fn is_over(&self, now: Instant) -> bool {
        self.keys.len() >= REMEMBERED
            || self.bytes >= BYTES
            || self.since.is_some_and(|since| now.saturating_duration_since(since) >= LATELY)
    }

    fn add(&mut self, name: &str, acknowledged: Acknowledged) {
        self.since.get_or_insert(acknowledged.at);
        match self.keys.get_mut(name) {
            Some(known) => *known = acknowledged,
            None => {
                self.bytes += name.len();
                self.keys.insert(name.to_owned(), acknowledged);
            }
        }
    }
}
