//! The clock of a cache in this process, which tests can turn.

use std::time::{Duration, Instant};
#[cfg(feature = "testing")]
use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::util::clock::later;

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
    /// clock.advance(Duration::from_secs(1800));
    /// assert_eq!(entry.get()?, Some(144));
    /// clock.advance(Duration::from_secs(1800));
    /// assert_eq!(entry.get()?, None);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn advance(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed suffices: whoever must see it is told so by something else.
        let turned = |ahead: u64| Some(ahead.saturating_add(nanos));
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, turned);
    }

    pub(crate) fn now(&self) -> Instant {
        later(Instant::now(), Duration::from_nanos(self.ahead.load(Ordering::Relaxed)))
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
    fn the_furthest_turn_leaves_room_for_what_is_added() {
        let clock = Clock::new();
        (0..2).for_each(|_| clock.advance(Duration::MAX));
        assert!(clock.after(Duration::MAX) > clock.now());
    }
}
