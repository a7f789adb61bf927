//! What is collected of one function beside its counters.

use std::sync::Mutex;

use super::figures::{Figures, class_of};
use super::hot_keys::HotKeys;
use super::key_memory::{Invalidated, KeyMemory, NotedWrite};
use super::miss_reason::MissReason;
use crate::util::locks::lock;

/// What is collected of one function. Locked for a moment by a miss, by a store, and by a hit that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Observed(Mutex<ObservedState>);

#[derive(Debug, Default)]
struct ObservedState {
    memory: KeyMemory,
    figures: Figures,
    hot: Option<HotKeys>,
}

/// A value that was stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredValue<'a> {
    pub(crate) key: u64,
    /// The key, if keys may be named.
    pub(crate) name: Option<&'a str>,
    pub(crate) write: NotedWrite,
    pub(crate) bytes: u64,
    /// Its TTL in milliseconds; 0: for ever.
    pub(crate) ttl_millis: u64,
}

/// A hit that is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampledHit {
    pub(crate) key: u64,
    /// Which write it has read.
    pub(crate) id: u64,
    pub(crate) compute_micros: u64,
    pub(crate) now: u64,
}

impl Observed {
    /// Nothing was at the key: why, and how many misses that stands for. See [`KeyMemory::absent`].
    pub(crate) fn absent(
        &self,
        key: u64,
        now: u64,
        slack: u64,
        invalidated: &Mutex<Invalidated>,
    ) -> Option<(MissReason, u64)> {
        let is_invalidated = |since| lock(invalidated).since(key, since);
        lock(&self.0).memory.absent(key, now, slack, is_invalidated)
    }

    /// See [`KeyMemory::missed`].
    pub(crate) fn missed(&self, key: u64, now: u64, reason: MissReason) {
        lock(&self.0).memory.missed(key, now, reason);
    }

    /// See [`KeyMemory::not_stored`].
    pub(crate) fn not_stored(&self, key: u64, now: u64, reason: MissReason) {
        lock(&self.0).memory.not_stored(key, now, reason);
    }

    pub(crate) fn stored(&self, stored: &StoredValue<'_>) {
        let StoredValue { key, name, write, bytes, ttl_millis } = *stored;
        let mut state = lock(&self.0);
        let ObservedState { memory, figures, .. } = &mut *state;
        figures.noted += 1;
        figures.noted_bytes = figures.noted_bytes.saturating_add(bytes);
        figures.most_bytes = figures.most_bytes.max(bytes);
        figures.ttl_millis = figures.ttl_millis.max(ttl_millis);
        if let Some(name) = name {
            figures.is_large(name, bytes);
        }
        let Some(rewritten) = memory.stored(key, write) else { return };
        let counts = match rewritten.missed {
            Some(MissReason::Expired) => {
                figures.expired_between += 1;
                figures.expired_between_millis =
                    figures.expired_between_millis.saturating_add(rewritten.after);
                Some([&mut figures.expired_changed, &mut figures.expired_same])
            }
            Some(MissReason::Invalidated) => {
                Some([&mut figures.invalidated_changed, &mut figures.invalidated_same])
            }
            _ => None,
        };
        if let Some(counts) = counts {
            *counts[usize::from(rewritten.is_same)] += 1;
        }
        *[&mut figures.rewritten_changed, &mut figures.rewritten_same][usize::from(rewritten.is_same)] += 1;
        figures.between_millis = figures.between_millis.saturating_add(rewritten.after);
        *[&mut figures.was_not_read, &mut figures.was_read][usize::from(rewritten.was_read)] += 1;
    }

    pub(crate) fn sampled_hit(&self, hit: &SampledHit) {
        let mut state = lock(&self.0);
        let ObservedState { memory, figures, .. } = &mut *state;
        figures.sampled += 1;
        figures.sampled_micros = figures.sampled_micros.saturating_add(hit.compute_micros);
        if let Some(written) = memory.read(hit.key, hit.id) {
            figures.ages[class_of(hit.now.saturating_sub(written))] += 1;
        }
    }

    /// A hit, where the hits of this many keys are to be named.
    pub(crate) fn tracked_hit(&self, key: u64, name: &str, id: u64, most: usize) {
        let mut state = lock(&self.0);
        state.memory.read(key, id);
        state.hot.get_or_insert_with(|| HotKeys::new(most)).count(key, name);
    }

    pub(crate) fn refused(&self, error: &dyn std::fmt::Display) {
        if lock(&self.0).figures.refusal.is_some() {
            return;
        }
        // Not under the lock: the words may be those of a codec of the program's own.
        let words = error.to_string();
        lock(&self.0).figures.refusal.get_or_insert(words);
    }

    /// What was collected so far.
    pub(crate) fn figures(&self) -> Figures {
        let state = lock(&self.0);
        let hottest = state.hot.as_ref().map(HotKeys::hottest).unwrap_or_default();
        Figures { hottest, ..state.figures.clone() }
    }
}
