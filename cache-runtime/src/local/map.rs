//! The storage of the local tier: a map bounded in bytes.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::LocalValue;
use crate::store::vocabulary::Tenure;
use crate::util::clock::Moment;
use crate::util::hashing::Seeded;

/// By the whole key. A hash alone would be smaller, but arguments are chosen by callers, and two keys with one hash would hand
/// one caller's data to another. As bytes: that a key is text need not be shown for a look-up.
pub(super) type Map = Cache<Box<[u8]>, Held, ByteWeight, Seeded>;

/// A decoded value. A hit takes it out of the map's lock as a clone: a few words, and a count that is raised.
#[derive(Clone)]
pub(super) struct Held {
    /// From which server it is.
    pub(super) node: u16,
    /// How often that server's values had been dropped.
    pub(super) fence: u32,
    /// Under which tenure of its slot it was read.
    pub(super) tenure: Tenure,
    /// The function's schema and version: another function may have the same key.
    pub(super) fingerprint: u64,
    /// When it was asked for.
    pub(super) since: Moment,
    /// Until when Redis says it is fresh.
    pub(super) fresh_until: Moment,
    pub(super) compute_time: Duration,
    /// In bytes, estimated.
    pub(super) weight: u64,
    pub(super) value: LocalValue,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ByteWeight;

impl Weighter<Box<[u8]>, Held> for ByteWeight {
    fn weight(&self, key: &Box<[u8]>, held: &Held) -> u64 {
        held.weight + key.len() as u64
    }
}

/// The approximate overhead of the map and pointers for one entry.
pub(super) const OVERHEAD: u64 = 192;

/// The least that a part of the map must hold, because a value larger than its part is not kept.
const SHARD: u64 = 16 * 1024 * 1024;
/// The share of a part that one value may take; the rest is for values that were asked for once.
const HOT: f64 = 0.97;

/// The number of shards. More shards mean less contention between cores.
fn shards(capacity: u64) -> usize {
    let cores = thread::available_parallelism().map_or(4, usize::from);
    let most = usize::try_from(capacity / SHARD).unwrap_or(usize::MAX).clamp(1, 4 * cores);
    // The map rounds up to a power of two; round down instead.
    1 << most.ilog2()
}

/// More than these are freed by a thread of their own.
const AT_ONCE: usize = 1000;

/// Drops all values, none of which is served any more. To free a million takes a quarter of a second, and whoever drops them may be the
/// thread that reads for all callers. One after the other, so that the map's locks are held for moments only; what comes in meanwhile may
/// be dropped as well, and is then looked up once more.
pub(super) fn clear(map: &Arc<Map>) {
    let free = |map: Arc<Map>| thread::Builder::new().spawn(move || map.drain().for_each(drop));
    if map.len() <= AT_ONCE || free(Arc::clone(map)).is_err() {
        map.clear();
    }
}

/// The most that one entry may take.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the map's own arithmetic"
)]
pub(super) fn largest(capacity: u64) -> u64 {
    ((capacity / shards(capacity) as u64) as f64 * HOT) as u64
}

pub(super) fn map(capacity: u64) -> Arc<Map> {
    let items = usize::try_from(capacity / 1024).unwrap_or(usize::MAX).clamp(64, 100_000);
    let options = OptionsBuilder::new()
        .shards(shards(capacity))
        .hot_allocation(HOT)
        .weight_capacity(capacity)
        .estimated_items_capacity(items)
        .build();
    let map = match options {
        Ok(options) => Map::with_options(options, ByteWeight, Seeded::new(), DefaultLifecycle::default()),
        // Only a missing capacity is an error, and both are given; the fallback keeps this free of panics.
        Err(_) => Map::with(items, capacity, ByteWeight, Seeded::new(), DefaultLifecycle::default()),
    };
    Arc::new(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn the_largest_entry_is_one_that_the_map_takes() {
        for capacity in [1_000, 20 * MIB, 64 * MIB, 90 * MIB, 1024 * MIB] {
            let held = |weight| Held {
                node: 0,
                fence: 0,
                tenure: Tenure::default(),
                fingerprint: 0,
                since: Moment::NEVER,
                fresh_until: Moment::FOR_EVER,
                compute_time: Duration::ZERO,
                weight,
                value: Arc::new(()),
            };
            let (map, key) = (map(capacity), Box::from(&b"k"[..]));
            map.insert(Box::clone(&key), held(largest(capacity) - 1));
            assert!(map.get(&key).is_some(), "{capacity}");
            assert!(largest(capacity) >= (capacity / 100 * 97).min(15 * MIB), "{capacity}");
        }
    }
}
