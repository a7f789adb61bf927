//! What became of the keys of a function: a memory of a bounded number of them.
//!
//! Where there are more keys than it holds, it holds a sample: those whose hash ends in so many zeros, one more each time that it is full. A key is in the
//! sample or is not, for good, so all that happens to it is seen; and what is seen stands for `2^zeros` as much. (SHARDS: Waldspurger, Park, Garthwaite, Ahmad:
//! Efficient MRC Construction with SHARDS, FAST 2015.)

use std::collections::HashMap;

use super::miss_reason::MissReason;
use crate::util::hashing::Seeded;

/// How many keys are remembered: 128 KiB at most.
pub(crate) const KEYS: usize = 1024;
/// What ended so long ago is forgotten before others are.
const LONG_AGO: u64 = 60 * 60 * 1000;

/// A value that was stored. Times are in milliseconds since the cache was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotedWrite {
    /// Tells it from other writes.
    pub(crate) id: u64,
    pub(crate) at: u64,
    /// For how long it stays; `u64::MAX`: for ever.
    pub(crate) stays: u64,
    /// Of what was stored.
    pub(crate) digest: u64,
}

impl NotedWrite {
    fn ends(&self) -> u64 {
        self.at.saturating_add(self.stays)
    }
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, Default)]
struct KnownKey {
    write: Option<NotedWrite>,
    /// Whether a hit has read it.
    is_read: bool,
    /// Why the last value was not stored.
    not_stored: Option<MissReason>,
    /// What the last miss was for.
    missed: Option<MissReason>,
    /// When something last happened.
    at: u64,
}

/// A value that took the place of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// What the miss was for that it followed; `None`: there was none, as before a refresh.
    pub(crate) missed: Option<MissReason>,
    pub(crate) is_same: bool,
    /// The time between the two writes.
    pub(crate) after: u64,
    /// Whether a hit has read the earlier one.
    pub(crate) was_read: bool,
}

#[derive(Debug, Default)]
pub(crate) struct KeyMemory {
    zeros: u32,
    known: HashMap<u64, KnownKey, Seeded>,
}

impl KeyMemory {
    /// For how many keys like it this one stands; `None` if it is not in the sample.
    pub(crate) fn weight(&self, key: u64) -> Option<u64> {
        (key.trailing_zeros() >= self.zeros).then_some(1 << self.zeros.min(63))
    }

    /// Nothing was at the key. Answers why, as far as it is known, and for how many misses that stands. `slack` is how much earlier than it is remembered a
    /// value may end; `is_invalidated` says whether this process has invalidated the key since a moment.
    pub(crate) fn absent(
        &mut self,
        key: u64,
        now: u64,
        slack: u64,
        is_invalidated: impl FnOnce(u64) -> bool,
    ) -> Option<(MissReason, u64)> {
        let weight = self.weight(key)?;
        let Some(known) = self.known.get_mut(&key) else { return Some((MissReason::Cold, weight)) };
        let reason = match (known.not_stored, known.write) {
            (Some(reason), _) => reason,
            (None, None) => MissReason::Cold,
            (None, Some(write)) if is_invalidated(write.at) => MissReason::Invalidated,
            (None, Some(write)) if now.saturating_add(slack) >= write.ends() => MissReason::Expired,
            (None, Some(_)) => MissReason::Evicted,
        };
        (known.missed, known.at) = (Some(reason), now);
        Some((reason, weight))
    }

    /// A miss was for this, which what was at the key has told.
    pub(crate) fn missed(&mut self, key: u64, now: u64, reason: MissReason) {
        if let Some(known) = self.known.get_mut(&key) {
            (known.missed, known.at) = (Some(reason), now);
        }
    }

    /// A value was stored. Answers what it took the place of, if that is known.
    pub(crate) fn stored(&mut self, key: u64, write: NotedWrite) -> Option<Rewritten> {
        let known = self.insert(key, write.at)?;
        let rewritten = known.write.map(|before| Rewritten {
            missed: known.missed,
            is_same: before.digest == write.digest,
            after: write.at.saturating_sub(before.at),
            was_read: known.is_read,
        });
        *known = KnownKey { write: Some(write), at: write.at, ..KnownKey::default() };
        rewritten
    }

    /// A value was computed and not stored.
    pub(crate) fn not_stored(&mut self, key: u64, now: u64, reason: MissReason) {
        if let Some(known) = self.insert(key, now) {
            known.not_stored = Some(reason);
        }
    }

    /// A hit has read the write. Answers when it was made, if this process has made it.
    pub(crate) fn read(&mut self, key: u64, id: u64) -> Option<u64> {
        let known = self.known.get_mut(&key)?;
        let write = known.write.filter(|write| write.id == id)?;
        known.is_read = true;
        Some(write.at)
    }

    fn insert(&mut self, key: u64, now: u64) -> Option<&mut KnownKey> {
        if self.known.len() >= KEYS && !self.known.contains_key(&key) {
            self.make_room(now);
        }
        self.weight(key)?;
        let known = self.known.entry(key).or_default();
        known.at = now;
        Some(known)
    }

    fn make_room(&mut self, now: u64) {
        let ended = |known: &KnownKey| known.write.map_or(known.at, |write| write.ends().max(known.at));
        self.known.retain(|_, known| ended(known).saturating_add(LONG_AGO) > now);
        while self.known.len() > KEYS * 3 / 4 {
            self.zeros += 1;
            let zeros = self.zeros;
            self.known.retain(|key, _| key.trailing_zeros() >= zeros);
        }
    }
}

/// The keys that this process has invalidated last: of the last 8,192, and of some before them.
#[derive(Debug, Default)]
pub(crate) struct Invalidated {
    latest: HashMap<u64, u64, Seeded>,
    before: HashMap<u64, u64, Seeded>,
}

impl Invalidated {
    const MOST: usize = 8192;

    pub(crate) fn note(&mut self, key: u64, now: u64) {
        if self.latest.len() >= Self::MOST {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(key, now);
    }

    /// Whether that was at this moment or later.
    pub(crate) fn since(&self, key: u64, moment: u64) -> bool {
        let at = self.latest.get(&key).or_else(|| self.before.get(&key));
        at.is_some_and(|at| *at >= moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn write(at: u64, digest: u64) -> NotedWrite {
        NotedWrite { id: at, at, stays: MINUTE, digest }
    }

    fn absent(memory: &mut KeyMemory, now: u64) -> MissReason {
        memory.absent(8, now, 10, |_| false).expect("it is in the sample").0
    }

    #[test]
    fn what_is_absent_is_so_for_a_reason() {
        let mut memory = KeyMemory::default();
        assert_eq!(absent(&mut memory, 0), MissReason::Cold);
        memory.stored(8, write(1000, 1));
        assert_eq!(absent(&mut memory, 2000), MissReason::Evicted);
        assert_eq!(absent(&mut memory, 1000 + MINUTE - 11), MissReason::Evicted);
        assert_eq!(absent(&mut memory, 1000 + MINUTE - 10), MissReason::Expired);
        let invalidated = memory.absent(8, 2000, 10, |since| since == 1000);
        assert_eq!(invalidated, Some((MissReason::Invalidated, 1)));
        memory.not_stored(8, 3000, MissReason::TooLarge);
        assert_eq!(absent(&mut memory, 2 * MINUTE), MissReason::TooLarge);
        memory.stored(8, write(4 * MINUTE, 1));
        assert_eq!(absent(&mut memory, 4 * MINUTE), MissReason::Evicted);
    }

    #[test]
    fn a_write_is_compared_with_the_one_before() {
        let mut memory = KeyMemory::default();
        assert_eq!(memory.stored(8, write(0, 1)), None);
        absent(&mut memory, MINUTE);
        assert_eq!(memory.read(8, 0), Some(0));
        assert_eq!(memory.read(8, 7), None, "another write");
        let rewritten = memory.stored(8, write(MINUTE, 1)).expect("one before");
        let expected =
            Rewritten { missed: Some(MissReason::Expired), is_same: true, after: MINUTE, was_read: true };
        assert_eq!(rewritten, expected);
        let rewritten = memory.stored(8, write(2 * MINUTE, 2)).expect("one before");
        assert_eq!((rewritten.missed, rewritten.is_same, rewritten.was_read), (None, false, false));
    }

    #[test]
    fn it_stays_small_and_its_sample_stands_for_all() {
        let hash = Seeded::default();
        let mut memory = KeyMemory::default();
        let keys: Vec<u64> = (0..100_000_u64).map(|key| hash.of(&key.to_le_bytes())).collect();
        for key in &keys {
            memory.stored(*key, write(0, 1));
            assert!(memory.known.len() <= KEYS);
        }
        let seen: u64 =
            keys.iter().filter_map(|key| memory.absent(*key, 2 * MINUTE, 0, |_| false)).map(|(_, w)| w).sum();
        assert!((80_000..125_000).contains(&seen), "{seen}");
        // What has ended long ago makes room.
        let zeros = memory.zeros;
        (0..u64::try_from(KEYS).expect("small")).for_each(|key| {
            memory.stored(key << zeros, write(1000 * MINUTE, 1));
        });
        assert!(memory.zeros <= zeros + 1);
    }

    #[test]
    fn the_latest_invalidations_are_known() {
        let mut invalidated = Invalidated::default();
        (0..20_000).for_each(|key| invalidated.note(key, key));
        assert!(invalidated.since(19_999, 19_999) && !invalidated.since(19_999, 20_000));
        assert!(invalidated.since(12_000, 0) && !invalidated.since(0, 0));
        assert!(invalidated.latest.len() + invalidated.before.len() <= 2 * Invalidated::MOST);
    }
}
