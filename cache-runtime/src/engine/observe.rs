//! What is noted of calls for the report: why look-ups missed, what became of values, what hits were of.
//!
//! Nothing is asked of Redis for it. A miss and a store each take a lock of the function for a moment; of hits one in [`SAMPLED`] is looked at, unless keys are to be
//! counted.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::core::Core;
use super::entry_state::{Due, EntryState, Hit};
#[cfg(feature = "page")]
use super::lookup_samples::LookupSamples;
use super::tag_counters::TagCounters;
use crate::engine::Call;
use crate::entry::header;
use crate::error::{Error, ErrorKind};
use crate::key::bucket;
use crate::policy::Lifetime;
use crate::report::key_memory::{Invalidated, NotedWrite};
use crate::report::miss_reason::MissReason;
use crate::report::observed::{SampledHit, StoredValue};
use crate::report::tag_stats::TagStats;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;
use crate::util::process::PerProcess;
use crate::util::test_clock::Clock;

/// Of so many hits of a thread one is looked at.
pub(crate) const SAMPLED: u64 = 64;
/// The most keys of a function that are named.
const MOST_KEYS: usize = 100;
/// A value may be gone by this share of its time earlier than it was noted to be stored, and by no more than the deadline: its time begins at the server.
const EARLIER: u32 = 20;

/// What is common to all functions of a cache.
#[derive(Debug)]
pub(crate) struct Observing {
    began: Instant,
    keys: Seeded,
    invalidated: PerProcess<Mutex<Invalidated>>,
    /// How many keys of a function are to be named.
    pub(crate) tracked: usize,
    /// How often the figures are published, if they are.
    pub(crate) published_every: Option<Duration>,
    /// Tells this cache's figures from those of others.
    pub(super) process: u64,
    /// Where the program asks for counters of tags.
    pub(crate) tag_counters: Option<TagCounters>,
    #[cfg(feature = "page")]
    pub(super) lookup_samples: LookupSamples,
}

impl Observing {
    pub(crate) fn new(
        clock: &Clock,
        tracked: usize,
        published_every: Option<Duration>,
        tag_counters: Option<TagCounters>,
    ) -> Self {
        Self {
            began: clock.now(),
            keys: Seeded::new(),
            invalidated: PerProcess::new(),
            tracked: tracked.min(MOST_KEYS),
            published_every,
            process: Seeded::new().of(b"process"),
            tag_counters,
            #[cfg(feature = "page")]
            lookup_samples: LookupSamples::default(),
        }
    }

    pub(crate) fn tag_stats(&self) -> Vec<TagStats> {
        self.tag_counters.as_ref().map(TagCounters::stats).unwrap_or_default()
    }
}

impl Core {
    /// How long there has been this cache.
    pub(crate) fn age(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.observing.began)
    }

    fn now_millis(&self) -> u64 {
        millis(self.age())
    }

    /// This process invalidates these keys.
    pub(super) fn note_invalidated<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        let mut keys = keys.peekable();
        if keys.peek().is_none() {
            return;
        }
        let now = self.now_millis();
        let mut invalidated = lock(&self.observing.invalidated);
        keys.for_each(|key| invalidated.note(self.observing.keys.of(bucket::common_bytes(key)), now));
    }
}

impl Call {
    /// Counts a miss of a key, where this was found.
    pub(super) fn missed(&self, key: &str, state: &EntryState) {
        let reason = match state {
            EntryState::Absent => return self.missed_absent(key),
            EntryState::Unusable(_, reason) => *reason,
            EntryState::Due(Due { is_fresh: true, .. }) => MissReason::Early,
            EntryState::Due(_) => MissReason::Expired,
            EntryState::Tombstone => MissReason::Invalidated,
            EntryState::Lease(_) => MissReason::Computing,
            EntryState::Unknown(_) => MissReason::Unanswered,
            // They are hits.
            EntryState::NoValue(_) | EntryState::Hit(_) | EntryState::Stale(..) => MissReason::Unfit,
        };
        self.missed_for(reason);
        if matches!(reason, MissReason::Expired | MissReason::Invalidated) {
            let (key, now) = self.key_now(key);
            self.function.observed.missed(key, now, reason);
        }
    }

    /// Counts a miss for a reason that is not to be found at the key.
    pub(super) fn missed_for(&self, reason: MissReason) {
        let counters = &self.function.counters;
        counters.misses.count();
        counters.reasons[reason as usize].count();
    }

    #[inline(never)]
    fn missed_absent(&self, key: &str) {
        let counters = &self.function.counters;
        counters.misses.count();
        let (key, now) = self.key_now(key);
        let cache = self.cache();
        let longest = self.policy.longest_life().unwrap_or(cache.deadline);
        let slack = millis(cache.deadline.min(longest / EARLIER));
        if let Some((reason, misses)) =
            self.function.observed.absent(key, now, slack, &cache.observing.invalidated)
        {
            counters.reasons[reason as usize].add(misses);
        }
    }

    /// The options keep a value from being stored that was computed for the key.
    pub(crate) fn declined(&self, key: &str) {
        self.function.counters.not_stored.count();
        self.note_not_stored(key, MissReason::Declined);
    }

    /// A value that was computed for the key cannot be stored. Counts and logs that.
    pub(crate) fn refused(&self, key: &str, error: &Error) {
        self.failed(error);
        let reason = match error.kind() {
            ErrorKind::TooLarge => MissReason::TooLarge,
            ErrorKind::Encode | ErrorKind::InvalidOption => {
                self.function.observed.refused(error);
                MissReason::Unstorable
            }
            _ => MissReason::Unanswered,
        };
        self.note_not_stored(key, reason);
    }

    /// A value was computed for the key, or was to be, and is not stored.
    pub(super) fn note_not_stored(&self, key: &str, reason: MissReason) {
        let (key, now) = self.key_now(key);
        self.function.observed.not_stored(key, now, reason);
    }

    /// An entry was stored at the key.
    pub(super) fn note_stored(&self, key: &str, bytes: &[u8], lifetime: Lifetime) {
        let name = (self.cache().observing.tracked > 0).then(|| bucket::common(key));
        let (key, at) = self.key_now(key);
        let digest = xxh3_64(header::stored_payload(bytes));
        let stays = lifetime.total().map_or(u64::MAX, millis);
        self.function.observed.stored(&StoredValue {
            key,
            name,
            write: NotedWrite { id: id_of(bytes), at, stays, digest },
            bytes: bytes.len() as u64,
            ttl_millis: lifetime.fresh.map_or(0, millis),
        });
    }

    /// Looks at a hit, the next one after so many of its thread: at each for its key where keys are tracked, and at a sample for the rest.
    #[cold]
    #[inline(never)]
    pub(super) fn look_at_hit(&self, before: u64, key: &str, hit: &Hit) {
        // A value that is kept comes without its entry.
        let Some(value) = header::checked(&hit.bytes) else { return };
        let tracked = self.cache().observing.tracked;
        let (hash, id) = (self.hash_of(key), id_of(&hit.bytes));
        if tracked > 0 {
            self.function.observed.tracked_hit(hash, bucket::common(key), id, tracked);
        }
        if before.is_multiple_of(SAMPLED) {
            let compute_micros = u64::try_from(value.meta.compute_time.as_micros()).unwrap_or(u64::MAX);
            let now = self.cache().now_millis();
            self.function.observed.sampled_hit(&SampledHit { key: hash, id, compute_micros, now });
        }
    }

    fn key_now(&self, key: &str) -> (u64, u64) {
        (self.hash_of(key), self.cache().now_millis())
    }

    fn hash_of(&self, key: &str) -> u64 {
        self.cache().observing.keys.of(bucket::common_bytes(key.as_bytes()))
    }
}

/// Tells an entry from others: the beginning of its nonce and its state.
fn id_of(entry: &[u8]) -> u64 {
    entry.get(1..).and_then(<[u8]>::first_chunk).map_or(0, |beginning| u64::from_le_bytes(*beginning))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
