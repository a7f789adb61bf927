//! What each annotated function's cache did, as counters.

pub(crate) mod families;
mod prometheus;
mod table;

pub use crate::engine::counters::FunctionStats;
pub use crate::engine::following::ChangeStats;
pub use crate::local::stats::LocalStats;
pub use crate::report::tag_stats::TagStats;
pub use crate::store::request_times::RequestStats;
pub use crate::util::histogram::DurationHistogram;
use crate::util::serialize_fields::serialize_fields;

/// The counters of a [`Cache`](crate::Cache), for each function, since the cache was made.
///
/// Its `Display` prints a table, [`to_prometheus`](Self::to_prometheus) the text that Prometheus scrapes, and it is `Serialize`, for a page of the program's
/// own.
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let cache = Cache::memory();
/// cache.sync_scope(|| (square(12), square(12)));
/// let stats = cache.stats();
/// let of_square = &stats.functions[0];
/// assert_eq!((of_square.misses, of_square.hits, of_square.stored), (1, 1, 1));
/// assert_eq!(stats.lost_invalidations, 0);
/// println!("{stats}");
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Default))]
pub struct Stats {
    /// One for each function that was called through the cache, sorted by name.
    pub functions: Vec<FunctionStats>,
    /// One for each text of [`count_tags`](crate::CacheBuilder::count_tags), in its order.
    pub tags: Vec<TagStats>,
    /// The requests to Redis, one for each kind that was made, in an order that stays; none for `memory://`.
    pub requests: Vec<RequestStats>,
    /// The local tier; `None` for `memory://`, which has none.
    pub local: Option<LocalStats>,
    /// Invalidations that failed, or were cancelled, and are being retried: one for each key and tag.
    pub pending_invalidations: u64,
    /// Invalidations that succeeded when they were retried.
    pub retried_invalidations: u64,
    /// Invalidations that had succeeded and were repeated because another server has taken over, or a slot's, which may have lost them: one for
    /// each key and tag.
    pub repeated_invalidations: u64,
    /// Invalidations that were given up, because they failed while 10,000 others were pending, or for a whole day: the old values stay
    /// until they expire.
    pub lost_invalidations: u64,
    /// Changes of data sources; `None` where [`Cache::follow`](crate::Cache::follow) was never polled.
    pub changes: Option<ChangeStats>,
}

serialize_fields!(Stats {
    functions,
    tags,
    requests,
    local,
    pending_invalidations,
    retried_invalidations,
    repeated_invalidations,
    lost_invalidations,
    changes,
});
