//! What readers got, and the figures of a period.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What one call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Hit,
    /// The call ran the function.
    Computed,
    /// A version that had been replaced before the call began.
    Old,
    /// Another article, or nothing for two seconds.
    Failed,
}

struct Call {
    /// When it ended, since the start.
    at: Duration,
    took: Duration,
    outcome: Outcome,
}

/// All calls, in the order in which they ended.
pub(crate) struct Calls {
    start: Instant,
    calls: Mutex<Vec<Call>>,
}

/// What a period's calls had in common.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) calls: usize,
    hits: usize,
    pub(crate) old: usize,
    pub(crate) failed: usize,
    /// In order.
    took: Vec<Duration>,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), calls: Mutex::default() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn record(&self, took: Duration, outcome: Outcome) {
        let mut calls = self.lock();
        // Under the lock, so that the calls are in order.
        calls.push(Call { at: self.start.elapsed(), took, outcome });
    }

    pub(crate) fn within(&self, period: Range<Duration>) -> Figures {
        let calls = self.lock();
        let index = |at: Duration| calls.partition_point(|call| call.at < at);
        let calls = &calls[index(period.start)..index(period.end)];
        let count = |outcome| calls.iter().filter(|call| call.outcome == outcome).count();
        let mut took: Vec<_> = calls.iter().map(|call| call.took).collect();
        took.sort_unstable();
        Figures {
            calls: calls.len(),
            hits: count(Outcome::Hit),
            old: count(Outcome::Old),
            failed: count(Outcome::Failed),
            took,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    /// From 0 to 1.
    pub(crate) fn hit_rate(&self) -> f64 {
        self.hits as f64 / self.calls.max(1) as f64
    }

    /// The time that this part of the calls, from 0 to 1, took at most.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        let last = self.took.len().saturating_sub(1);
        self.took.get((last as f64 * part) as usize).copied().unwrap_or_default()
    }

    pub(crate) fn slowest(&self) -> Duration {
        self.percentile(1.0)
    }
}
