//! How long tasks that were ready have waited for their turn: time that this process has taken, and not Redis.
//!
//! A deadline is for Redis. Where twenty thousand calls begin at once, a runtime is busy with them for longer than that, and
//! an answer that has long arrived waits for its turn like everything else. To give it up would make a healthy Redis useless
//! just when it is needed. So whoever puts a task in line notes how long it took until the task ran, and where the runtime
//! was behind, waits for Redis go on for as long.
//!
//! The laps of all runtimes are noted as one, overlapping ones once. Of use is only what lies within the wait that is asked
//! about, and it is bounded by [`MOST`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use crate::util::locks::lock;

/// A lap that is shorter is what scheduling always takes.
const NOTABLE: Duration = Duration::from_millis(1);
/// The most by which one wait is put off.
const MOST: Duration = Duration::from_secs(5);
/// How many laps are remembered. Older ones lie before any wait that goes on.
const REMEMBERED: usize = 64;

static LAPS: Mutex<Laps> = Mutex::new(Laps(VecDeque::new()));

/// When the newest lap ended, in microseconds since [`BASE`] and one more, so that to ask costs a read while nothing is behind.
/// 0 if there was none.
static NEWEST: AtomicU64 = AtomicU64::new(0);
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Begun when a task is put in line.
#[derive(Debug)]
pub(crate) struct Lap(Instant);

impl Lap {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// The task has its turn. Gives how far the runtime is behind.
    pub(crate) fn end(&self) -> Duration {
        let now = Instant::now();
        let lap = now.saturating_duration_since(self.0);
        if lap < NOTABLE {
            return Duration::ZERO;
        }
        lock(&LAPS).note(self.0, now);
        NEWEST.fetch_max(micros(now).saturating_add(1), Ordering::Release);
        lap.min(MOST)
    }
}

/// For how long since `began` tasks that were ready have waited.
pub(crate) fn since(began: Instant) -> Duration {
    if NEWEST.load(Ordering::Acquire) <= micros(began) {
        return Duration::ZERO;
    }
    lock(&LAPS).since(began).min(MOST)
}

fn micros(instant: Instant) -> u64 {
    u64::try_from(instant.saturating_duration_since(*BASE).as_micros()).unwrap_or(u64::MAX)
}

/// Apart from each other, the newest last.
#[derive(Debug, Default)]
struct Laps(VecDeque<(Instant, Instant)>);

impl Laps {
    fn note(&mut self, mut begin: Instant, mut end: Instant) {
        while let Some((earlier, until)) = self.0.back().copied().filter(|(_, until)| *until >= begin) {
            self.0.pop_back();
            (begin, end) = (begin.min(earlier), end.max(until));
        }
        self.0.push_back((begin, end));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    fn since(&self, began: Instant) -> Duration {
        let laps = self.0.iter().rev().take_while(|(_, end)| *end > began);
        laps.map(|(begin, end)| end.saturating_duration_since((*begin).max(began))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(beginning: Instant, millis: u64) -> Instant {
        beginning.checked_add(Duration::from_millis(millis)).expect("soon")
    }

    #[test]
    fn what_overlaps_counts_once() {
        let (zero, mut laps) = (Instant::now(), Laps::default());
        for (begin, end) in [(0, 10), (5, 20), (30, 40), (32, 38), (50, 51)] {
            laps.note(at(zero, begin), at(zero, end));
        }
        let since = |millis| laps.since(at(zero, millis)).as_millis();
        assert_eq!([since(0), since(15), since(20), since(35), since(60)], [31, 16, 11, 6, 0]);
    }

    #[test]
    fn a_lap_over_several_takes_them_in() {
        let (zero, mut laps) = (Instant::now(), Laps::default());
        for (begin, end) in [(0, 1), (10, 20), (30, 40), (5, 50)] {
            laps.note(at(zero, begin), at(zero, end));
        }
        assert_eq!(laps.0.len(), 2);
        assert_eq!(laps.since(zero), Duration::from_millis(46));
    }

    #[test]
    fn few_are_remembered() {
        let (zero, mut laps) = (Instant::now(), Laps::default());
        for lap in 0..1_000 {
            laps.note(at(zero, 10 * lap), at(zero, 10 * lap + 1));
        }
        assert_eq!(laps.0.len(), REMEMBERED);
        assert_eq!(laps.since(at(zero, 9_990)), Duration::from_millis(1));
    }

    #[test]
    fn a_runtime_that_keeps_up_is_not_behind() {
        assert_eq!(Lap::begin().end(), Duration::ZERO);
        let lap = Lap::begin();
        std::thread::sleep(Duration::from_millis(5));
        assert!(lap.end() >= Duration::from_millis(5));
        assert!(since(lap.0) >= Duration::from_millis(5));
    }
}
