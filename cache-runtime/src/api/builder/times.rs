//! The options that are times.

use std::time::Duration;

use super::CacheBuilder;
use crate::store::ReplicaWait;
#[cfg(feature = "testing")]
use crate::store::faults::Faults;
#[cfg(feature = "testing")]
use crate::util::test_clock::Clock;

impl CacheBuilder {
    /// The longest that one call waits for Redis, all its waits together. Default: 250 ms, which is a hundred times
    /// the round trip to a server nearby, and about what a person begins to notice.
    ///
    /// After that the call computes, or returns its value without storing it. The time of the function itself does not count.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().deadline(Duration::from_millis(100)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Has every invalidation, and every `put`, wait until so many replicas have it (`WAIT`), for `time` at most, so that a failover to one of them does not lose
    /// it. Default: off; an invalidation is over when the primary has it, and is repeated where another server takes over.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// let url = "redis+sentinel://s1.example.com,s2.example.com,s3.example.com/mycache";
    /// Cache::builder().url(url).invalidations_wait(1, Duration::from_millis(50)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// If fewer have it in time, the invalidation is an error, [`ErrorKind::NotReplicated`](crate::ErrorKind::NotReplicated): it is done at the primary, and is not
    /// retried. A writer by attribute counts and logs that, and fails with `strict`. In a cluster these are the replicas of each primary concerned.
    ///
    /// Still one round trip, and the time that the replicas take. `WAIT` blocks its connection, so invalidations have one more for each of the
    /// program's runtimes and each node. What comes while replicas are waited for is sent together with the next wait, so an invalidation takes at
    /// most twice `time` longer than the [`deadline`](Self::deadline).
    ///
    /// No replicas, and a `time` below a millisecond or above a minute, are an error of [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy). Not with `memory://`,
    /// which has no replicas.
    pub fn invalidations_wait(mut self, replicas: u32, time: Duration) -> Self {
        self.replica_wait = Some(ReplicaWait { replicas, time });
        self
    }

    /// The longest that [`connect`](Self::connect) may take. Default: 2 s; attempts in the background take at most one second
    /// each. No cached call waits for this long: see [`deadline`](Self::deadline).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().connect_timeout(Duration::from_secs(5)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// The longest for which the local tier serves a value that has changed, if Redis or the network falls silent.
    /// Default: 2 s; at least 100 ms. While Redis answers, a change takes effect in this process after one network delay.
    ///
    /// Costs four `PING`s to Redis in this time, on one connection a process. In a cluster it costs four `PTTL`s to each node with keys of such
    /// functions, and four questions who owns which slot to three nodes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().local_staleness(Duration::from_millis(500)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn local_staleness(mut self, staleness: Duration) -> Self {
        self.local_staleness = staleness.max(Duration::from_millis(100));
        self
    }

    /// How long the right to compute a key is held before it is renewed, and so how long a process that dies while it
    /// computes keeps the others waiting. Default: 3 s; at least 10 ms. It is renewed at each third of it, however long the function takes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().lease_ttl(Duration::from_secs(1)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn lease_ttl(mut self, lease_ttl: Duration) -> Self {
        self.lease = lease_ttl.max(Duration::from_millis(10));
        self
    }

    /// The longest that a call waits for other callers' computations of its key, in this process or in another, all such waits together and
    /// those of nested calls included; after that it computes and does not store. Default: four times the
    /// [lease](Self::lease_ttl), so 12 s. The option `max_wait` sets it for one function.
    ///
    /// While a computation runs its lease is renewed, and a value that arrives within this time is used. A process that dies is
    /// waited for no longer than one lease. A lease for which a call has waited in vain for all of this time is not waited for
    /// again by this process.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().max_wait(Duration::from_secs(30)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.wait = Some(max_wait);
        self
    }

    /// How long a key is left alone after its function failed while an older value is served (`stale_while_revalidate`, `stale_if_error`,
    /// `early_refresh`). Default: 1 s. A failed refresh is not tried again before that, by any process. A call that
    /// computed and failed may be followed by one more try at once, and no more.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().retry_after(Duration::from_secs(10)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn retry_after(mut self, rest: Duration) -> Self {
        self.retry_after = rest;
        self
    }

    /// The clock of a cache in this process (`memory://`), so that a test turns it instead of waiting. Default: the real time. With any other
    /// URL it is an error of [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy): a server has a clock of its own.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redis_cached::testing::Clock;
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = "1h", key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// let clock = Clock::new();
    /// let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy()?;
    /// cache.sync_scope(|| square(12));
    /// cache.blocking().flush()?;
    /// clock.advance(Duration::from_secs(3600));
    /// cache.sync_scope(|| square(12));
    /// assert_eq!(cache.stats().functions[0].computes, 2);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(feature = "testing")]
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// What goes wrong with a cache in this process (`memory://`), as a test wants it. Default: nothing. With any other URL it is an error of
    /// [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy).
    ///
    /// ```
    /// # use redis_cached::{Cache, testing::Faults};
    /// let faults = Faults::new();
    /// let cache = Cache::builder().url("memory://").faults(&faults).connect_lazy()?;
    /// faults.refusing(); // as if the server were down
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(feature = "testing")]
    pub fn faults(mut self, faults: &Faults) -> Self {
        self.faults = Some(faults.clone());
        self
    }
}
