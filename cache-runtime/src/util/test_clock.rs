//! The clock of a cache in this process, which tests can turn.

use std::time::{Duration, Instant};
#[cfg(feature = "testing")]
use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::util::clock::{Moment, later};

/// A clock that a test turns, for caches in this process.
///
/// It shows the real time until it is turned, and then runs on from there. Its clones are the same clock, so several caches can share
/// one. [`CacheBuilder::clock`](crate::CacheBuilder::clock) gives it to a cache; the example is there.
///
/// By it entries and tags expire, become stale and grow old, holds and leases end, and a function that failed is called again
/// ([`retry_after`](crate::CacheBuilder::retry_after)). Other waits take real time: the body of a function, a call that waits for
/// another's computation, the [`deadline`](crate::CacheBuilder::deadline). Turn it while nothing is being computed or stored: a computation
/// whose lease has ended is not stored. [`Cache::flush`](crate::Cache::flush) waits for values on their way.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "public with the feature"))]
pub struct Clock {
    /// How far it was turned, in nanoseconds: for five hundred years there is room.
    #[cfg(feature = "testing")]
    ahead: Arc<AtomicU64>,
    /// Whose clock it goes by; `None` is the system's.
    #[cfg(feature = "testing")]
    runtime: Option<tokio::runtime::Handle>,
}

/// A length of time, for [`Clock::advance`]: a [`Duration`], or text such as `"1h 30m"`.
///
/// Text is what the attribute takes for `ttl`: `"90s"`, `"1h30m"`, `"500ms"`, `"2 days"`.
#[cfg(feature = "testing")]
pub trait TestTime: sealed::IsTime {
    /// The length.
    ///
    /// # Panics
    /// If the text is none: in a test that is a failure.
    #[doc(hidden)]
    #[track_caller]
    fn duration(&self) -> Duration;
}

#[cfg(feature = "testing")]
mod sealed {
    pub trait IsTime {}
    impl IsTime for std::time::Duration {}
    impl IsTime for &str {}
}

#[cfg(feature = "testing")]
impl TestTime for Duration {
    fn duration(&self) -> Duration {
        *self
    }
}

#[cfg(feature = "testing")]
impl TestTime for &str {
    fn duration(&self) -> Duration {
        humantime::parse_duration(self).unwrap_or_else(|error| {
            panic!("`{self}` is not a length of time: {error}; write it as \"90s\", \"1h30m\", \"500ms\" or \"2 days\"")
        })
    }
}

#[cfg(feature = "testing")]
impl Clock {
    /// A clock that shows the real time.
    ///
    /// ```
    /// # use redis_cached::{Cache, testing::Clock};
    /// let clock = Clock::new();
    /// Cache::builder().url("memory://").clock(&clock).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock that goes by the one of the tokio runtime that it is made in, which `start_paused` stops and `tokio::time::advance` turns. So entries
    /// expire while the code under test sleeps. Outside of a runtime it is like [`new`](Self::new). It can be turned as well.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached, testing::Clock};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = "1h", key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # // What `#[tokio::test(start_paused = true)]` writes needs tokio's `test-util`.
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// // In a `#[tokio::test(start_paused = true)]`:
    /// let clock = Clock::of_runtime();
    /// let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy()?;
    /// cache.scope(square(12)).await;
    /// # let sleep = async |_| ();
    /// sleep(Duration::from_secs(3600)).await; // takes no time, and the entry is gone
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of_runtime() -> Self {
        Self { ahead: Arc::default(), runtime: tokio::runtime::Handle::try_current().ok() }
    }

    /// Turns the clock forward, at once, for every cache that has it. It cannot be turned back.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::{Cache, redis_cached, testing::Clock};
    /// # #[redis_cached(ttl = "1h", key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let clock = Clock::new();
    /// let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy()?;
    /// let entry = cache.sync_scope(|| square_entry(12)).blocking();
    /// entry.put(&144)?;
    /// clock.advance("30m");
    /// assert_eq!(entry.get()?, Some(144));
    /// clock.advance(Duration::from_secs(1800));
    /// assert_eq!(entry.get()?, None);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// # Panics
    /// If text is no length of time.
    #[allow(clippy::needless_pass_by_value, reason = "a length of time, or text, as a test writes it")]
    #[track_caller]
    pub fn advance(&self, time: impl TestTime) {
        let nanos = u64::try_from(time.duration().as_nanos()).unwrap_or(u64::MAX);
        // Relaxed suffices: whoever must see it is told so by something else.
        let turned = |ahead: u64| Some(ahead.saturating_add(nanos));
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, turned);
    }

    pub(crate) fn now(&self) -> Instant {
        later(self.unturned(), Duration::from_nanos(self.ahead.load(Ordering::Relaxed)))
    }

    /// How far it is ahead of the system's clock; `None` if it never was.
    fn ahead_millis(&self) -> Option<u64> {
        let ahead = match &self.runtime {
            None => Duration::from_nanos(self.ahead.load(Ordering::Relaxed)),
            Some(_) => self.now().saturating_duration_since(Instant::now()),
        };
        u64::try_from(ahead.as_millis()).ok().filter(|ahead| *ahead > 0)
    }

    fn unturned(&self) -> Instant {
        let Some(runtime) = &self.runtime else { return Instant::now() };
        // The clock of the runtime that is current is asked, and the library has one of its own.
        let _entered = runtime.enter();
        tokio::time::Instant::now().into_std()
    }
}

#[cfg(not(feature = "testing"))]
impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Clock {
    /// Milliseconds since some beginning, up to [`LAG`](crate::util::clock::LAG) behind: for who asks at each hit.
    #[inline]
    pub(crate) fn coarse_millis(&self) -> u64 {
        #[cfg(feature = "testing")]
        if let Some(ahead) = self.ahead_millis() {
            return Moment::now().millis().wrapping_add(ahead);
        }
        Moment::now().millis()
    }

    /// The instant at which `duration` from now is over.
    pub(crate) fn after(&self, duration: Duration) -> Instant {
        later(self.now(), duration)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;

    #[test]
    fn clones_are_one_clock() {
        let clock = Clock::new();
        let same = clock.clone();
        clock.advance(Duration::from_secs(60));
        assert!(same.now() > Clock::new().after(Duration::from_secs(59)));
    }

    #[test]
    fn text_is_what_the_attribute_takes() {
        let clock = Clock::new();
        clock.advance("1h 30m");
        let turned = Clock::new().after(Duration::from_secs(5400) - Duration::from_secs(60));
        assert!(clock.now() > turned);
    }

    #[test]
    #[should_panic(expected = "`1 fortnight` is not a length of time")]
    fn what_is_no_time_fails_the_test() {
        Clock::new().advance("1 fortnight");
    }

    #[test]
    fn the_furthest_turn_leaves_room_for_what_is_added() {
        let clock = Clock::new();
        (0..2).for_each(|_| clock.advance(Duration::MAX));
        assert!(clock.after(Duration::MAX) > clock.now());
    }
}
