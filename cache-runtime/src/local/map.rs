//! Where the local tier keeps its values: a map bounded in bytes.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use crate::clock::Moment;
use crate::hashing::Seeded;

/// By the whole key. A hash alone would be smaller, but arguments are chosen by callers, and two keys with one hash would hand
/// one caller's data to another.
pub(super) type Map = Cache<Box<str>, Shared, Bytes, Seeded>;

/// One allocation and one count for value and all: a hit takes it out of the map's lock by raising the count.
pub(super) type Shared = Arc<Held<dyn Any + Send + Sync>>;

/// A decoded value.
pub(super) struct Held<V: ?Sized> {
    /// The function's schema and version: another function may have the same key.
    pub(super) fingerprint: u64,
    /// When it was asked for.
    pub(super) since: Moment,
    /// Until when Redis says it is fresh.
    pub(super) fresh_until: Moment,
    pub(super) compute_time: Duration,
    /// In bytes, as far as that can be known.
    pub(super) weight: u64,
    pub(super) value: V,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes;

impl Weighter<Box<str>, Shared> for Bytes {
    fn weight(&self, key: &Box<str>, held: &Shared) -> u64 {
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
