//! Which invalidations are pending: a state machine without I/O and without a clock.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Key;
use crate::store::vocabulary::CasToken;

/// How many keys are remembered whose operation has failed, and how many where it is repeated.
pub(crate) const KEYS: usize = 10_000;
/// For how long an invalidation is retried.
pub(crate) const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Queue {
    entries: HashMap<String, Wanted>,
    tags: HashMap<String, Wanted>,
    /// How many of both are repetitions.
    repetitions: usize,
    /// How many tags have left the queue so far.
    settled_tags: u64,
    /// Whether a task is retrying.
    pub(crate) is_running: bool,
}

/// The retry that a key needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// The operation whose failure is being retried.
    number: u64,
    hold: Option<Hold>,
    /// The only value to remove, if it is still there; `None` removes any.
    only: Option<CasToken>,
    since: Instant,
    /// It has succeeded, but perhaps at a server that has been replaced.
    is_repetition: bool,
    /// Whether its removal is under way.
    is_tried: bool,
}

impl Wanted {
    fn new(number: u64, hold: Option<Hold>, since: Instant) -> Self {
        Self { number, hold, only: None, since, is_repetition: false, is_tried: false }
    }
}

/// A tombstone with the time for which it has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hold {
    since: Instant,
    time: Duration,
}

/// What is retried at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) number: u64,
    /// The rest of the hold, if there is one.
    pub(crate) hold: Option<Duration>,
    /// The only value to remove.
    pub(crate) only: Option<CasToken>,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.tags.len()
    }

    pub(crate) fn contains(&self, key: Key<'_>) -> bool {
        match key {
            Key::Entry(name) => self.entries.contains_key(name),
            Key::Tag(name) => self.tags.contains_key(name),
        }
    }

    pub(crate) fn has_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    pub(crate) fn settled_tags(&self) -> u64 {
        self.settled_tags
    }

    /// Records a failed operation. `false` if the queue is full.
    pub(crate) fn failed(&mut self, key: Key<'_>, number: u64, hold: Option<Duration>, now: Instant) -> bool {
        let hold = hold.map(|time| Hold { since: now, time });
        let wanted = Wanted::new(number, hold, now);
        let has_no_room = self.has_no_room();
        match self.keys(key).get(key.name()) {
            // That removes less, and a try of it that is under way must not settle this.
            Some(known) if known.only.is_some() => {}
            // The operation that began later decides what has to be at the key.
            Some(known) if known.number > number => return true,
            Some(_) => {}
            None if has_no_room => return false,
            None => {}
        }
        self.put(key, wanted);
        true
    }

    /// What was acknowledged at a key is to be repeated, a hold from its own beginning. `false` if there is no room.
    pub(crate) fn repeat(
        &mut self,
        key: Key<'_>,
        number: u64,
        hold: Option<(Instant, Duration)>,
        now: Instant,
    ) -> bool {
        let is_full = self.repetitions >= KEYS;
        match self.keys(key).get_mut(key.name()) {
            // It is to be tried anyway, and must not be settled by what began before.
            Some(known) if known.only.is_none() => known.number = number,
            None if is_full => return false,
            _ => {
                let hold = hold.map(|(since, time)| Hold { since, time });
                self.put(key, Wanted { is_repetition: true, ..Wanted::new(number, hold, now) });
            }
        }
        true
    }

    /// The removal of one value has failed. What is pending at the key already removes it too. `false` if there is no room.
    pub(crate) fn left_behind(&mut self, name: &str, number: u64, value: CasToken, now: Instant) -> bool {
        if self.entries.contains_key(name) {
            return true;
        }
        let has_room = !self.has_no_room();
        if has_room {
            self.put(Key::Entry(name), Wanted { only: Some(value), ..Wanted::new(number, None, now) });
        }
        has_room
    }

    fn has_no_room(&self) -> bool {
        self.len() - self.repetitions >= KEYS
    }

    fn put(&mut self, key: Key<'_>, wanted: Wanted) {
        self.repetitions += usize::from(wanted.is_repetition);
        let former = self.keys(key).insert(key.name().to_owned(), wanted);
        self.repetitions -= usize::from(former.is_some_and(|former| former.is_repetition));
    }

    /// An operation has succeeded, which settles what began before it.
    pub(crate) fn succeeded(&mut self, key: Key<'_>, number: u64, hold: Option<Duration>, now: Instant) {
        if let Some(known) = self.keys(key).get(key.name())
            && known.number < number
        {
            if known.is_tried && hold.is_some() {
                // A removal that is under way may take the tombstone away again.
                self.failed(key, number, hold, now);
            } else {
                self.settle(key);
            }
        }
    }

    /// Gives up what has been retried for [`LONGEST_RETRY`], and returns how many.
    pub(crate) fn give_up(&mut self, now: Instant) -> usize {
        let (before, tags) = (self.len(), self.tags.len());
        let is_young = |wanted: &mut Wanted| now.saturating_duration_since(wanted.since) < LONGEST_RETRY;
        self.entries.retain(|_, wanted| is_young(wanted));
        self.tags.retain(|_, wanted| is_young(wanted));
        self.settled_tags += (tags - self.tags.len()) as u64;
        let all = self.entries.values().chain(self.tags.values());
        self.repetitions = all.filter(|wanted| wanted.is_repetition).count();
        before - self.len()
    }

    /// The names of all tags, and of all entries.
    pub(crate) fn all(&self) -> (Vec<String>, Vec<String>) {
        (self.tags.keys().cloned().collect(), self.entries.keys().cloned().collect())
    }

    /// Begins to retry; `None` if the key was settled meanwhile.
    pub(crate) fn begin(&mut self, key: Key<'_>, now: Instant) -> Option<Try> {
        let wanted = self.keys(key).get_mut(key.name())?;
        wanted.is_tried = true;
        let left = |hold: Hold| hold.time.checked_sub(now.saturating_duration_since(hold.since));
        let hold = wanted.hold.and_then(left).filter(|left| !left.is_zero());
        Some(Try { number: wanted.number, hold, only: wanted.only })
    }

    /// What was begun for the failure of this operation is over. If another one failed meanwhile, that one stays.
    pub(crate) fn end(&mut self, key: Key<'_>, number: u64, done: bool) {
        match self.keys(key).get_mut(key.name()) {
            Some(wanted) if wanted.number == number && done => self.settle(key),
            Some(wanted) if wanted.number == number => wanted.is_tried = false,
            _ => {}
        }
    }

    fn settle(&mut self, key: Key<'_>) {
        let settled = self.keys(key).remove(key.name());
        self.repetitions -= usize::from(settled.is_some_and(|settled| settled.is_repetition));
        self.settled_tags += u64::from(matches!(key, Key::Tag(_)));
    }

    fn keys(&mut self, key: Key<'_>) -> &mut HashMap<String, Wanted> {
        match key {
            Key::Entry(_) => &mut self.entries,
            Key::Tag(_) => &mut self.tags,
        }
    }
}
