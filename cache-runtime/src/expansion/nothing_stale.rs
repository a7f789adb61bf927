//! The assertion of programs' tests about what `verify` has found.

use crate::api::cache::Cache;
use crate::engine::verification::Staleness;

/// Waits until the verifications of a [`Cache`](crate::Cache) are over, and panics if one has found an entry that its function would not return
/// now. The message has a line for each. With the feature `testing`.
///
/// ```
/// # use redis_cached::{Cache, redis_cached, assert_nothing_stale};
/// # #[redis_cached(ttl = 60, key = "square:<n>")]
/// # fn square(n: u64) -> u64 { n * n }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// let cache = Cache::builder().url("memory://").verify_all().connect().await?;
/// // … what the program's tests do …
/// # cache.sync_scope(|| (square(12), square(12)));
/// assert_nothing_stale!(cache);
/// # Ok(()) }
/// ```
///
/// Missing invalidations fail it, and so do functions whose entries only expire and whose data has changed meanwhile: where that is meant,
/// the function says so with `invalidated = false`. In code that is not async it is `assert_nothing_stale!(blocking cache)`.
#[macro_export]
macro_rules! assert_nothing_stale {
    (blocking $cache:expr $(,)?) => {{
        let cache = $crate::expansion::cache_of(&$cache);
        cache.blocking().finish_verifications();
        $crate::expansion::nothing_stale(cache);
    }};
    ($cache:expr $(,)?) => {{
        let cache = $crate::expansion::cache_of(&$cache);
        cache.finish_verifications().await;
        $crate::expansion::nothing_stale(cache);
    }};
}

/// The cache that it is about.
pub fn cache_of(cache: &(impl AsRef<Cache> + ?Sized)) -> &Cache {
    cache.as_ref()
}

/// What the assertion asserts.
///
/// # Panics
/// If an entry was found to be old.
#[track_caller]
pub fn nothing_stale(cache: &Cache) {
    let found = cache.stale_samples().into_iter().filter(|sample| sample.staleness != Staleness::Accepted);
    let lines: Vec<String> = found.map(|sample| format!("\n  {sample}")).collect();
    assert!(
        lines.is_empty(),
        "the cache has served what its functions would not return now:{}\nInvalidate the entry where the data changes, with \
         `#[redis_invalidates]` or a tag; a function whose entries may be old until they expire says `invalidated = false`.",
        lines.concat()
    );
}
