//! The options of verification.

use std::time::Duration;

use super::CacheBuilder;

impl CacheBuilder {
    /// How long [`verify`](macro@crate::redis_cached) lets an invalidation arrive before it counts a difference. Default: one second and the
    /// [`deadline`](Self::deadline).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().verify_grace(Duration::from_secs(10)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// It has to be longer than the time from a commit to the invalidation behind it: in a function with `#[redis_invalidates]`, what the body does
    /// after its commit; with a queue of changes, its delay; and, if the function reads a replica of the database, that replica's lag. A shorter one
    /// makes false alarms, a longer one keeps the room of a verification longer. The wait is in the background and in real time.
    pub fn verify_grace(mut self, grace: Duration) -> Self {
        self.verify.grace = Some(grace);
        self
    }

    /// Keeps the keys of entries that `verify` found to differ, in [`Cache::stale_samples`](crate::Cache::stale_samples) and in the log. Default: off,
    /// only their hashes are kept, because a key contains arguments.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().verify_keys().connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn verify_keys(mut self) -> Self {
        self.verify.keeps_keys = true;
        self
    }

    /// For a program's tests: verifies every hit of every function, whatever its attribute says. Default: off. With the feature `testing`.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached, assert_nothing_stale};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::builder().url("memory://").verify_all().connect().await?;
    /// cache.scope(async { (square(12).await, square(12).await) }).await; // … the program's tests …
    /// assert_nothing_stale!(cache);
    /// assert_eq!(cache.stats().functions[0].verified_equal, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// The call runs the function itself after it has found the value, with its own arguments, and returns the value that it found: so it takes as
    /// long as a miss, and two round trips more than a hit. That works for every function except those with `batch`, whose hits are verified in the
    /// background where their attribute has `verify`; in other attributes it then adds nothing. Only the [grace](Self::verify_grace) is waited for in the background. A value whose type has
    /// a `HashMap` or a `HashSet` and is therefore encoded in another order each time is not judged here, unless the attribute has `verify`.
    #[cfg(feature = "testing")]
    pub fn verify_all(mut self) -> Self {
        self.verify.all = true;
        self.verify.keeps_keys = true;
        self
    }
}
