//! Keys that this process has changed lately. A replica may not have the change yet, and who has made it is to see it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

/// How many keys are told apart. Those that are not cost a read from the primary.
const CELLS: usize = 4096;

/// When each key was changed last, to the millisecond.
pub(crate) struct RecentChanges {
    beginning: Instant,
    /// By the key's hash, in milliseconds since the beginning. What was changed before that may have been changed right then.
    cells: Box<[AtomicU64]>,
}

impl RecentChanges {
    pub(crate) fn new() -> Self {
        Self { beginning: Instant::now(), cells: (0..CELLS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The key has been changed.
    pub(crate) fn note(&self, key: &[u8]) {
        self.cell(key).fetch_max(self.elapsed() + 1, Ordering::Release);
    }

    /// Whether the key may have been changed less than this ago.
    pub(crate) fn has(&self, key: &[u8], bound: Duration) -> bool {
        let ago = self.elapsed().saturating_sub(self.cell(key).load(Ordering::Acquire));
        Duration::from_millis(ago) <= bound
    }

    fn cell(&self, key: &[u8]) -> &AtomicU64 {
        #[allow(clippy::cast_possible_truncation, reason = "the lower bits will do")]
        &self.cells[xxh3_64(key) as usize % CELLS]
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.beginning.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_recent_until_the_bound_is_over() {
        let changes = RecentChanges::new();
        let bound = Duration::from_millis(40);
        assert!(changes.has(b"a", bound), "nobody knows what was changed before");
        std::thread::sleep(2 * bound);
        assert!(!changes.has(b"a", bound));
        changes.note(b"a");
        assert!(changes.has(b"a", bound) && !changes.has(b"b", bound));
        std::thread::sleep(2 * bound);
        assert!(!changes.has(b"a", bound));
    }
}
