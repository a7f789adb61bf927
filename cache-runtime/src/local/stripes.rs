//! How often something was dropped, for keys by their hashes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::util::locks::lock;

/// Their number. Keys share them; the only cost is that a change of one key may once keep another key's value out, or have it looked up by its key.
const STRIPES: u16 = 256;

/// The stripes of a tier.
pub(super) struct Stripes([KeyStripe; STRIPES as usize]);

#[derive(Default)]
struct KeyStripe {
    /// Held while a value is let in or dropped.
    lock: Mutex<()>,
    generation: AtomicU64,
}

impl Stripes {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| KeyStripe::default()))
    }

    /// A key's.
    #[allow(clippy::cast_possible_truncation, reason = "any of the hash's bits will do")]
    pub(super) fn of(&self, key: &[u8]) -> u16 {
        xxhash_rust::xxh3::xxh3_64(key) as u16 % STRIPES
    }

    #[inline]
    fn get(&self, stripe: u16) -> &KeyStripe {
        &self.0[usize::from(stripe % STRIPES)]
    }

    pub(super) fn lock(&self, stripe: u16) -> MutexGuard<'_, ()> {
        lock(&self.get(stripe).lock)
    }

    /// How often one of its values was dropped. Read by hits, so without the lock.
    #[inline]
    pub(super) fn generation(&self, stripe: u16) -> u64 {
        self.get(stripe).generation.load(Ordering::Acquire)
    }

    /// Voids guards, and what stands in front of the map. Under the lock, and after the value is gone from the map: who reads the generation in between finds
    /// nothing that would be of the next.
    pub(super) fn raise(&self, stripe: u16) {
        self.get(stripe).generation.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn raise_all(&self) {
        for stripe in 0..STRIPES {
            let _stripe = self.lock(stripe);
            self.raise(stripe);
        }
    }
}
