//! What was so several times in a row, and is expected to be so the next time.

use std::sync::atomic::{AtomicU8, Ordering};

/// After how many in a row the next one is expected.
const ENOUGH: u8 = 4;

/// How many there were in a row. Loaded before it is stored: a store would make cores contend for the cache line, and nearly always
/// there is nothing to change.
#[derive(Debug, Default)]
pub(crate) struct Streak(AtomicU8);

impl Streak {
    /// Whether the next one is expected to be so, too.
    #[inline]
    pub(crate) fn is_expected(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= ENOUGH
    }

    /// It was so.
    pub(crate) fn grow(&self) {
        let length = self.0.load(Ordering::Relaxed);
        if length < ENOUGH {
            self.0.store(length + 1, Ordering::Relaxed);
        }
    }

    /// It was not.
    #[inline]
    pub(crate) fn end(&self) {
        if self.0.load(Ordering::Relaxed) > 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_expected_after_some_in_a_row() {
        let streak = Streak::default();
        for _ in 0..2 {
            for _ in 0..ENOUGH {
                assert!(!streak.is_expected());
                streak.grow();
            }
            (0..300).for_each(|_| streak.grow());
            assert!(streak.is_expected());
            streak.end();
        }
        assert!(!streak.is_expected());
    }
}
