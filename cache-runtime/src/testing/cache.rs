//! A cache in this process with all that a test turns.

use std::ops::Deref;
use std::pin::pin;
use std::time::Duration;

use crate::api::builder::CacheBuilder;
use crate::api::cache::Cache;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::block_on;
use crate::runtime::executor;
use crate::store::faults::Faults;
use crate::util::test_clock::Clock;

/// How long [`TestCache::settle`] waits, in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cache in this process, its clock and its faults. It derefs to the [`Cache`].
///
/// ```
/// # use redis_cached::{redis_cached, testing};
/// # #[redis_cached(ttl = "1h", key = "square:<n>")]
/// # async fn square(n: u64) -> u64 { n * n }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// let cache = testing::cache();
/// cache.scope(square(12)).await;
/// cache.clock().advance("1h");
/// assert_eq!(cache.scope(async { square_entry(12).get().await }).await?, None);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct TestCache {
    cache: Cache,
    clock: Clock,
    faults: Faults,
}

/// A cache in this process with the settings that users get, empty, and nobody else's.
///
/// ```
/// let cache = redis_cached::testing::cache();
/// assert_eq!(cache.stats().functions, []);
/// ```
#[must_use]
pub fn cache() -> TestCache {
    let (clock, faults) = (Clock::new(), Faults::new());
    let cache = Cache::builder().clock(&clock).faults(&faults).memory();
    TestCache { cache, clock, faults }
}

/// The same with these options, as the program under test sets them, except for where it connects: the URL is not used. A clock and faults that the
/// options have are replaced.
///
/// ```
/// # use redis_cached::{Cache, testing};
/// # use std::time::Duration;
/// let options = Cache::builder().url("redis://cache.example.com").prefix("shop:");
/// let cache = testing::cache_with(options.deadline(Duration::from_millis(20)))?;
/// # Ok::<(), redis_cached::Error>(())
/// ```
///
/// # Errors
/// As [`CacheBuilder::connect_lazy`], for what is wrong with the options.
pub fn cache_with(options: CacheBuilder) -> Result<TestCache, Error> {
    let (clock, faults) = (Clock::new(), Faults::new());
    let cache = options.url("memory://").clock(&clock).faults(&faults).connect_lazy()?;
    Ok(TestCache { cache, clock, faults })
}

impl TestCache {
    /// The clock by which entries expire and become stale.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What goes wrong with the store. Nothing, until a test asks for it.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Waits until nothing runs in the background: no refresh, no store, no invalidation that is to be retried. To be called before the clock is turned, and
    /// where a test looks at what a refresh has stored. Waits at most 10 s.
    ///
    /// ```
    /// # use redis_cached::{redis_cached, testing};
    /// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// static ROWS: AtomicU64 = AtomicU64::new(1);
    ///
    /// #[redis_cached(ttl = "1h", key = "rows", stale_while_revalidate = "1d")]
    /// async fn rows() -> u64 {
    ///     ROWS.load(Relaxed)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = testing::cache();
    /// cache.scope(rows()).await;
    /// ROWS.store(2, Relaxed);
    /// cache.clock().advance("2h");
    /// assert_eq!(cache.scope(rows()).await, 1); // stale, and refreshed
    /// cache.settle().await?;
    /// assert_eq!(cache.scope(rows()).await, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] if something still runs by then, or Redis, which the faults play, does not take everything: as [`Cache::flush`].
    pub async fn settle(&self) -> Result<(), Error> {
        let background = &self.cache.0.background;
        if executor::timeout(PATIENCE, pin!(background.computed())).await?.is_none() {
            let message = format!("a function's body still runs in the background after {PATIENCE:?}");
            return Err(Error::new(ErrorKind::Incomplete, message));
        }
        self.cache.flush().await
    }

    /// [`settle`](Self::settle) for code that is not async.
    ///
    /// # Errors
    /// As there.
    pub fn sync_settle(&self) -> Result<(), Error> {
        block_on(self.settle())
    }
}

impl Deref for TestCache {
    type Target = Cache;

    fn deref(&self) -> &Cache {
        &self.cache
    }
}

impl AsRef<Cache> for TestCache {
    fn as_ref(&self) -> &Cache {
        &self.cache
    }
}
