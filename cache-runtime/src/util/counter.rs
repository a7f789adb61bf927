//! A number that only grows.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows. Relaxed: counters say how much, not in which order.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// [`count`](Self::count) where no other thread writes: not in one step, which costs several times as much.
    #[inline]
    pub(crate) fn count_alone(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// [`count`](Self::count), and gives what it was before.
    #[inline]
    pub(crate) fn count_from(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
