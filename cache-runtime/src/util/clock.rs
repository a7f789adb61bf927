//! A clock that is cheap to read, because every hit reads it, and the one place where a wait's end is reckoned.

use std::time::{Duration, Instant};

/// How far the clock may be behind: it moves on with the system's timer interrupt, of which there are a hundred a second or
/// more.
pub(crate) const LAG: Duration = Duration::from_millis(10);

/// As good as never, and as long as the longest expiry that Redis is given: three thousand years.
const LONGEST: Duration = Duration::from_secs(100_000_000_000);

/// The instant at which `duration` from now is over. Users write `Duration::MAX` for "no limit", and to add that to an instant
/// panics.
#[inline]
pub(crate) fn after(duration: Duration) -> Instant {
    later(Instant::now(), duration)
}

/// The same, from an instant on that was taken already.
#[inline]
pub(crate) fn later(from: Instant, duration: Duration) -> Instant {
    from.checked_add(duration.min(LONGEST)).unwrap_or(from)
}

/// A moment on this host, since some beginning. Not a time of day, and never compared with another host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Before all others.
    pub(crate) const NEVER: Self = Self(0);
    /// After all others.
    pub(crate) const FOR_EVER: Self = Self(u64::MAX);

    #[inline]
    pub(crate) fn now() -> Self {
        // Without the crate's shared copy of the latest time, which all cores would write to.
        Self(coarsetime::Instant::now_without_cache_update().as_ticks())
    }

    /// How many milliseconds there were until it.
    #[inline]
    pub(crate) fn millis(self) -> u64 {
        const OF_ONE: u64 = (1 << 32) / 1000;
        self.0 / OF_ONE
    }

    pub(crate) fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    #[inline]
    pub(crate) fn ticks(self) -> u64 {
        self.0
    }

    /// The moment at which `duration` since this one is over *at the latest*, as this clock shows it.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(ticks(duration.saturating_sub(LAG))))
    }

    /// How long it is until `later`; zero if that has been.
    #[inline]
    pub(crate) fn until(self, later: Self) -> Duration {
        let ticks = later.0.saturating_sub(self.0);
        let nanos = ((ticks & 0xffff_ffff) * 1_000_000_000) >> 32;
        // Less than a second's worth of nanoseconds.
        Duration::new(ticks >> 32, u32::try_from(nanos).unwrap_or(0))
    }
}

/// How many parts of 2^32 of a second a length has, and no more; as many as there can be for one that is longer.
#[inline]
pub(crate) fn ticks(duration: Duration) -> u64 {
    if duration.as_secs() >> 32 != 0 {
        return u64::MAX;
    }
    (duration.as_secs() << 32) | ((u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The longest expiry that is sent. Redis adds it to the time of day in a signed 64-bit number of milliseconds and refuses
/// what overflows; three thousand years do not.
pub(crate) const LONGEST_MILLIS: u64 = 100_000_000_000_000;

/// Rounded up, so that a time to live under a millisecond does not become none.
pub(crate) fn whole_millis(ttl: Duration) -> u64 {
    millis(ttl).max(1)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).min(LONGEST_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::sources;

    /// Where a duration is added that a user gave, one of them gives the largest.
    #[test]
    fn nothing_else_adds_to_the_present() {
        let found = sources::all();
        assert!(found.len() > 50, "{found:?}");
        for path in found {
            let text = std::fs::read_to_string(&path).expect("a source");
            let added = text.split("now()").skip(1).any(|rest| rest.trim_start().starts_with('+'));
            assert!(!added, "{}: clock::after adds to the present", path.display());
        }
    }

    #[test]
    fn the_longest_wait_has_an_end() {
        for forever in [Duration::MAX, Duration::from_secs(u64::MAX), LONGEST] {
            assert!(after(forever) > Instant::now());
            // There is room for what else is added.
            assert!(after(forever).checked_add(LONGEST).is_some());
        }
        assert!(after(Duration::ZERO) <= Instant::now());
        assert!(after(Duration::from_nanos(1)) <= after(Duration::from_millis(1)));
    }

    #[test]
    fn goes_with_the_systems_clock() {
        let (begin, precise) = (Moment::now(), Instant::now());
        std::thread::sleep(Duration::from_millis(50));
        let (passed, precise) = (begin.until(Moment::now()), precise.elapsed());
        assert!(
            passed + LAG >= Duration::from_millis(50) && passed <= precise + LAG,
            "{passed:?} {precise:?}"
        );
    }

    #[test]
    fn lengths_are_what_they_say() {
        let begin = Moment::from_ticks(7);
        for millis in [1_u64, 999, 1_000, 1_001, 86_400_000] {
            let length = Duration::from_millis(millis);
            let counted = begin.until(begin.plus(length + LAG));
            assert!(
                counted <= length && length - counted < Duration::from_micros(1),
                "{length:?} {counted:?}"
            );
        }
        assert_eq!(begin.plus(Duration::from_millis(3)), begin);
        assert_eq!(begin.plus(Duration::MAX), Moment::FOR_EVER);
        assert_eq!(Moment::FOR_EVER.until(begin), Duration::ZERO);
    }
}
