//! Where the local tier keeps its values: a map bounded in bytes.

use std::time::Duration;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::Kept;
use crate::clock::Moment;
use crate::hashing::Seeded;

/// By the whole key. A hash alone would be smaller, but arguments are chosen by callers, and two keys with one hash would hand
/// one caller's data to another. As bytes: that a key is text need not be shown for a look-up.
pub(super) type Map = Cache<Box<[u8]>, Held, Bytes, Seeded>;

/// A decoded value. A hit takes it out of the map's lock as a clone: a few words, and a count that is raised.
#[derive(Clone)]
pub(super) struct Held {
    /// The function's schema and version: another function may have the same key.
    pub(super) fingerprint: u64,
    /// When it was asked for.
    pub(super) since: Moment,
    /// Until when Redis says it is fresh.
    pub(super) fresh_until: Moment,
    pub(super) compute_time: Duration,
    /// In bytes, as far as that can be known.
    pub(super) weight: u64,
    pub(super) value: Kept,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes;

impl Weighter<Box<[u8]>, Held> for Bytes {
    fn weight(&self, key: &Box<[u8]>, held: &Held) -> u64 {
        held.weight + key.len() as u64
    }
}

/// About what the map and the pointers of one entry take.
pub(super) const OVERHEAD: u64 = 192;

/// The least that a part of the map must hold, because a value larger than its part is not kept.
const SHARD: u64 = 16 * 1024 * 1024;

pub(super) fn map(capacity: u64) -> Map {
    let cores = std::thread::available_parallelism().map_or(4, usize::from);
    let most = usize::try_from(capacity / SHARD).unwrap_or(usize::MAX);
    let items = usize::try_from(capacity / 1024).unwrap_or(usize::MAX).clamp(64, 100_000);
    let options = OptionsBuilder::new()
        // More parts, fewer cores that meet at one.
        .shards(most.clamp(1, 4 * cores))
        .weight_capacity(capacity)
        .estimated_items_capacity(items)
        .build();
    match options {
        Ok(options) => Map::with_options(options, Bytes, Seeded::new(), DefaultLifecycle::default()),
        // Only a missing capacity is an error, and both are given; the fallback keeps this free of panics.
        Err(_) => Map::with(items, capacity, Bytes, Seeded::new(), DefaultLifecycle::default()),
    }
}
