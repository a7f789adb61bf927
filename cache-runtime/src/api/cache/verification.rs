//! What verification has found.

use crate::api::cache::Cache;
use crate::engine::verification::StaleSample;

impl Cache {
    /// Entries that were served and that [`verify`](macro@crate::redis_cached) has found to differ from what their functions return: the latest 64, the
    /// oldest first. No round trip. The counters of all are in [`stats`](Self::stats).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// # use std::time::Duration;
    /// static ROWS: AtomicU64 = AtomicU64::new(1);
    ///
    /// #[redis_cached(ttl = 60, key = "rows", verify = 1.0, invalidated = true)]
    /// async fn rows() -> u64 {
    ///     ROWS.load(Relaxed)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::builder().url("memory://").verify_grace(Duration::from_millis(10)).connect().await?;
    /// cache.scope(async {
    ///     rows().await;
    ///     ROWS.store(2, Relaxed); // and no invalidation
    ///     rows().await;
    /// }).await;
    /// cache.finish_verifications().await;
    /// for sample in cache.stale_samples() {
    ///     eprintln!("{sample}"); // `shop::rows` at the key with hash 4f…, stored 2.1s before: the data has changed, and …
    /// }
    /// assert_eq!(cache.stale_samples().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn stale_samples(&self) -> Vec<StaleSample> {
        self.0.verifications.samples()
    }

    /// Waits until the verifications that are under way are over: two runs of their functions, the
    /// [grace](crate::CacheBuilder::verify_grace) between them, and the round trips around them. For tests; the example is at
    /// [`stale_samples`](Self::stale_samples).
    pub async fn finish_verifications(&self) {
        self.0.verifications.finish().await;
    }
}
