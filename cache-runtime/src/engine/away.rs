//! A call while the store is away, and known to be: there is nobody to ask, nothing to store, and so no lease.
//!
//! What callers of one key share then is what their computations take. That they can share it costs each of them a turn of its runtime,
//! in which all of them join the flight before its body runs. Where the function itself takes less than that nothing is gained, and the call
//! goes straight from its key to its function.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::engine::{Call, ComputeGuard, Reader};
use crate::report::miss_reason::MissReason;
use crate::util::streak::Streak;

/// A computation that takes no longer is not worth a turn of the runtime, which takes some microseconds.
const QUICK: Duration = Duration::from_micros(20);

/// What a function knows for the time in which the store is away.
#[derive(Debug, Default)]
pub(crate) struct WhileAway {
    /// Whether there was nobody to ask lately.
    is_expected: AtomicBool,
    /// Computations that were quick, of those whose value nobody else was to have.
    quick: Streak,
}

impl WhileAway {
    /// Whether there may be nobody to ask: it is worth the question.
    #[inline]
    pub(super) fn is_expected(&self) -> bool {
        self.is_expected.load(Ordering::Relaxed)
    }

    /// Whether somebody could be asked.
    pub(super) fn expect(&self, is_expected: bool) {
        // Load first: a store would make cores contend for the cache line.
        if self.is_expected() != is_expected {
            self.is_expected.store(is_expected, Ordering::Relaxed);
        }
    }

    /// A computation took so long.
    pub(super) fn took(&self, time: Duration) {
        if time <= QUICK { self.quick.grow() } else { self.quick.end() }
    }
}

/// How a call goes on while there is nobody to ask.
pub(super) enum Away {
    /// It computes for itself.
    Compute(Box<ComputeGuard>),
    /// Together with those that begin with it.
    Join,
}

impl Reader<'_> {
    /// How to go on where there is nobody to ask; `None` if there is somebody. Values that this process keeps may be read over another
    /// connection, which is tried first.
    #[inline(never)]
    pub(super) fn away(&self) -> Option<Away> {
        let call = self.call;
        if self.tier().is_some() {
            return None;
        }
        let Some(error) = call.cache().store.away() else {
            call.function.while_away.expect(false);
            return None;
        };
        call.failed(&error);
        call.missed_for(MissReason::Unanswered);
        Some(match call.function.while_away.quick.is_expected() {
            true => Away::Compute(ComputeGuard::alone(call, None)),
            false => Away::Join,
        })
    }
}

impl Call {
    /// A look-up has failed, for whatever reason.
    pub(super) fn was_unanswered(&self) {
        self.function.while_away.expect(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_is_what_was_quick_some_times_in_a_row() {
        let known = WhileAway::default();
        for _ in 0..2 {
            for _ in 0..4 {
                assert!(!known.quick.is_expected());
                known.took(QUICK);
            }
            (0..300).for_each(|_| known.took(Duration::ZERO));
            assert!(known.quick.is_expected());
            known.took(2 * QUICK);
        }
        assert!(!known.quick.is_expected());
    }
}
