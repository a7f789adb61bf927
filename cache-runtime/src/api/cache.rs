//! A cache: a store and what belongs to it.

mod invalidate;
#[cfg(feature = "sealing")]
mod secret;
mod verification;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use super::stats::Stats;
use crate::engine::bypass;
use crate::engine::core::Core;
use crate::engine::publish;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::util::clock::after;

/// Where annotated functions store their values. Cloning is cheap and gives the same cache.
///
/// A function without the option `cache` uses [`Cache::global`]. Whatever happens to a cache, an annotated call neither fails because of it nor waits for it
/// longer than [`CacheBuilder::deadline`](crate::CacheBuilder::deadline).
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// // With Redis: `Cache::connect("redis://127.0.0.1").await?`, or `Cache::builder()…connect_lazy()?`.
/// Cache::memory().set_global()?;
/// assert_eq!(square(12), 144); // computed, and stored for a minute
/// assert_eq!(square(12), 144); // served from the cache
/// # Ok::<(), redis_cached::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Core>);

impl Cache {
    pub(crate) fn new(inner: Core) -> Self {
        let core = Arc::new(inner);
        if let Some(interval) = core.observing.published_every {
            publish::start(&core, interval);
        }
        core.store.tell_takeovers(Arc::downgrade(&core) as _);
        Self(core)
    }

    /// Runs `future` without reading from this cache: every annotated function that uses the cache computes, and its value replaces
    /// the stored one, or removes it if it is not to be stored. For requests that ask for fresh data, such as `Cache-Control: no-cache`. A
    /// call takes two round trips.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// static ROWS: AtomicU64 = AtomicU64::new(1);
    ///
    /// #[redis_cached(ttl = 60, key = "rows")]
    /// async fn rows() -> u64 {
    ///     ROWS.load(Relaxed)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = Cache::memory();
    /// cache.scope(async {
    ///     assert_eq!(rows().await, 1);
    ///     ROWS.store(2, Relaxed);
    ///     assert_eq!(rows().await, 1); // cached
    ///     assert_eq!(cache.bypass(rows()).await, 2); // computed, and stored
    ///     assert_eq!(rows().await, 2);
    /// }).await;
    /// # }
    /// ```
    ///
    /// Functions with `batch` compute all keys. Operations on an [`Entry`](crate::Entry) are unaffected, except `get_or_compute`, which is a call. A bypass inside
    /// another bypass skips both caches.
    ///
    /// In all other respects it is like [`Entry::refresh_with`](crate::Entry::refresh_with). It covers the future itself, not the tasks that it spawns.
    pub async fn bypass<F: Future>(&self, future: F) -> F::Output {
        bypass::scope(&self.0, future).await
    }

    /// Like [`bypass`](Self::bypass), for blocking functions.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// assert_eq!(cache.sync_scope(|| cache.sync_bypass(|| square(12))), 144); // computed, and stored
    /// ```
    pub fn sync_bypass<R>(&self, work: impl FnOnce() -> R) -> R {
        bypass::sync_scope(&self.0, work)
    }

    /// The counters so far, for each function. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// let stats = cache.stats();
    /// assert_eq!((stats.functions[0].hits, stats.functions[0].computes), (1, 1));
    /// println!("{stats}"); // a table
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            functions: self.0.functions.rows(),
            tags: self.0.observing.tag_stats(),
            requests: self.0.store.requests(),
            local: self.0.tier.as_ref().map(|tier| tier.stats()),
            pending_invalidations: self.0.pending.len() as u64,
            retried_invalidations: self.0.pending.retried.get(),
            repeated_invalidations: self.0.pending.repeated.get(),
            lost_invalidations: self.0.pending.lost.get(),
            changes: self.0.following.stats(),
        }
    }

    /// Waits until the values that were computed so far are stored, and retries the invalidations that failed.
    ///
    /// An async caller does not wait for its value to be stored. A program that is about to end, and wants others to find its values, calls this. It
    /// waits for twice the [deadline](crate::CacheBuilder::deadline) at most, within which a store is over; under steady load there may always be another store.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let cache = Cache::memory();
    /// // … at the end of `main` …
    /// if let Err(error) = cache.flush().await {
    ///     eprintln!("the cache lacks some values: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] if a store fails meanwhile, or if not everything is over by then. The message says how many values and invalidations Redis has
    /// not taken; what is under way continues in the background. [`ErrorKind::Runtime`] if the operating system refuses the library's own thread.
    pub async fn flush(&self) -> Result<(), Error> {
        let core = &self.0;
        let time = core.deadline.saturating_mul(2);
        let failed_before = core.background.unstored.get();
        let flushed = pin!(async {
            core.background.flush().await;
            core.pending.flush().await;
        });
        let is_over = executor::timeout_at(after(time), flushed).await?.is_some();
        let failed = core.background.unstored.get() - failed_before;
        if is_over && failed == 0 {
            return Ok(());
        }
        let (writes, invalidations) = (core.background.len(), core.pending.len());
        let message = format!(
            "not everything has reached Redis: {failed} values could not be stored, and after {time:?} at most {writes} values and {invalidations} invalidations are still under way"
        );
        Err(Error::new(ErrorKind::Incomplete, message))
    }
}

impl AsRef<Cache> for Cache {
    fn as_ref(&self) -> &Cache {
        self
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
