//! What each annotated function's cache did, as counters.

use std::fmt;

pub use crate::engine::counters::FunctionStats;
pub use crate::local::stats::LocalStats;

/// The counters of a [`Cache`](crate::Cache), for each function, since the cache was made.
///
/// Its `Display` prints a table.
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
pub struct Stats {
    /// One for each function that was called through the cache, sorted by name.
    pub functions: Vec<FunctionStats>,
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
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            self.functions.iter().map(|row| row.function.len()).max().unwrap_or(0).max("function".len());
        write!(f, "{:width$} {:>9} {:>9} {:>8}", "function", "hits", "misses", "hit rate")?;
        for name in [
            "local hits",
            "reval hits",
            "computes",
            "coalesced",
            "stale",
            "compute err",
            "stored",
            "superseded",
            "not stored",
            "unstorable",
            "too large",
            "unusable",
            "store err",
        ] {
            write!(f, " {name:>10}")?;
        }
        for row in &self.functions {
            let rate = 100.0 * row.hit_rate();
            write!(f, "\n{:width$} {:>9} {:>9} {rate:>6.1} %", row.function, row.hits, row.misses)?;
            let more = [
                row.local_hits,
                row.revalidated_hits,
                row.computes,
                row.coalesced,
                row.stale,
                row.compute_errors,
                row.stored,
                row.superseded,
            ];
            let kept_out = [row.not_stored, row.unstorable, row.too_large, row.unusable, row.store_errors];
            for count in more.into_iter().chain(kept_out) {
                write!(f, " {count:>10}")?;
            }
        }
        if let Some(local) = self.local.filter(|local| local.serving || local.dropped + local.too_large > 0) {
            let LocalStats { entries, bytes, capacity, changes, .. } = local;
            write!(f, "\nin this process: {entries} values, {bytes} of {capacity} bytes, {changes} changes")?;
            if local.too_large > 0 {
                write!(f, ", {} too large", local.too_large)?;
            }
        }
        let Self { pending_invalidations: pending, retried_invalidations: retried, .. } = self;
        let Self { repeated_invalidations: repeated, lost_invalidations: lost, .. } = self;
        if pending + retried + repeated + lost > 0 {
            write!(
                f,
                "\ninvalidations: {pending} pending, {retried} retried, {repeated} repeated, {lost} lost"
            )?;
        }
        Ok(())
    }
}
