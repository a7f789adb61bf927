//! What to change: the report of a cache.

use super::cache::Cache;
use crate::error::Error;
pub use crate::report::advice::{Advice, AdviceKind};
pub use crate::report::analysis::{FunctionReport, HotKey, LargeValue, Report};
pub use crate::report::miss_reason::MissReasons;
pub use crate::report::server::{NodeStats, ServerStats};
use crate::util::clock::after;

impl Cache {
    /// What the cache did for each function of this process, what its misses were for, and what to change. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// let report = cache.report();
    /// assert_eq!(report.functions[0].missed_for.cold, 1);
    /// println!("{report}");
    /// ```
    ///
    /// It holds what has happened since the cache was made, and takes some microseconds for each function. Hits and misses are counted exactly; what misses were
    /// for, and ages, are seen on samples where there is much: [`MissReasons`] and [`FunctionReport`] say how.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = Report::of(self.0.age(), 1, &self.0.functions.figures());
        report.tags = self.0.observing.tag_stats();
        report
    }

    /// The same for all processes with the cache's prefix together: the sum of what they publish by [`publish_stats`](crate::CacheBuilder::publish_stats), and of what this
    /// process has counted. One round trip.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// let fleet = cache.fleet().await?;
    /// println!("{fleet}");
    /// assert_eq!(fleet.processes, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// What others have counted is as old as their `interval` at most. Programs of a version with another format are left out.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub async fn fleet(&self) -> Result<Report, Error> {
        self.0.fleet().await
    }

    /// What the server says of itself, by `INFO`: keys, memory, evictions, hit rate; of a cluster, every primary. One round trip, with a cluster one more. For
    /// `memory://`, how full it is.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// let server = cache.server_stats().await?;
    /// println!("{server}");
    /// assert_eq!(server.keys, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An error if a server cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub async fn server_stats(&self) -> Result<ServerStats, Error> {
        let said = self.0.store.info(after(self.0.deadline)).await?;
        Ok(ServerStats::of(
            said.into_iter().map(|server| NodeStats::of(server.address, &server.text)).collect(),
        ))
    }
}
