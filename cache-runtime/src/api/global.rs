//! Which cache a function without the `cache` option uses.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::cache::Cache;
use crate::engine::core::Core;
use crate::error::{Error, ErrorKind};
use crate::util::maybe_static::MaybeStatic;

static GLOBAL: OnceLock<Cache> = OnceLock::new();

tokio::task_local! {
    /// Despite its name this needs no runtime: it is set while the scope's future is polled.
    static SCOPED: Cache;
}

/// Whether there ever was a scope. Most programs have none, and to look for one costs more than to know that.
static WAS_SCOPED: AtomicBool = AtomicBool::new(false);

impl Cache {
    /// Makes this the cache of all functions without the option `cache`. Call it before the first cached call, at the beginning of `main`.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().prefix("shop:").connect_lazy()?.set_global()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::GlobalAlreadySet`] if there is a global cache already, also if [`Cache::global`] made it.
    pub fn set_global(&self) -> Result<(), Error> {
        GLOBAL.set(self.clone()).map_err(|_| {
            Error::new(
                ErrorKind::GlobalAlreadySet,
                "the global cache is set already, or was used before it was set; call set_global first thing in main",
            )
        })
    }

    /// The cache of functions without the option `cache`: inside [`scope`](Self::scope) the cache of the scope, otherwise the one that
    /// [`set_global`](Self::set_global) set, otherwise one that connects lazily to the URL in the environment variable `REDIS_URL`, or to
    /// `redis://127.0.0.1:6379`.
    ///
    /// If `REDIS_URL` is set but empty or not a usable URL, an error is logged once, and every call computes.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # Cache::memory().set_global()?;
    /// println!("{}", Cache::global().stats());
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[must_use]
    pub fn global() -> Self {
        Self(Arc::clone(current().arc()))
    }

    /// Runs `future` with this cache in place of the global one, so that tests run in parallel. The scope covers the future itself, not the tasks that it spawns.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// async fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// Cache::memory().scope(async { assert_eq!(square(12).await, 144) }).await;
    /// # }
    /// ```
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        // Relaxed suffices: whatever is to see the scope runs on this thread, or is handed the future by it.
        WAS_SCOPED.store(true, Ordering::Relaxed);
        SCOPED.scope(self.clone(), future).await
    }

    /// Runs `work` with this cache in place of the global one, for blocking functions; see [`scope`](Self::scope).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// Cache::memory().sync_scope(|| assert_eq!(square(12), 144));
    /// ```
    pub fn sync_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        WAS_SCOPED.store(true, Ordering::Relaxed);
        SCOPED.sync_scope(self.clone(), work)
    }
}

#[inline]
pub(crate) fn current() -> MaybeStatic<Core> {
    if WAS_SCOPED.load(Ordering::Relaxed)
        && let Ok(cache) = SCOPED.try_with(|cache| Arc::clone(&cache.0))
    {
        return MaybeStatic::Counted(cache);
    }
    match GLOBAL.get() {
        Some(cache) => MaybeStatic::Static(&cache.0),
        None => MaybeStatic::Static(&from_now_on().0),
    }
}

/// Runs `work` with this cache as the current one, without a scope where it is that already.
pub(crate) fn as_current<R>(cache: &Cache, work: impl FnOnce() -> R) -> R {
    let is_global = GLOBAL.get().is_some_and(|global| Arc::ptr_eq(&global.0, &cache.0));
    if is_global && !WAS_SCOPED.load(Ordering::Relaxed) { work() } else { cache.sync_scope(work) }
}

#[cold]
fn from_now_on() -> &'static Cache {
    GLOBAL.get_or_init(from_environment)
}

/// The cache of the scope that the current task is within.
pub(crate) fn scoped() -> Option<Cache> {
    SCOPED.try_with(Clone::clone).ok()
}

/// Runs `future` within such a scope.
pub(crate) async fn within<F: Future>(scoped: Option<Cache>, future: F) -> F::Output {
    match scoped {
        Some(cache) => SCOPED.scope(cache, future).await,
        None => future.await,
    }
}

/// The same for blocking code.
pub(crate) fn sync_within<R>(scoped: Option<Cache>, work: impl FnOnce() -> R) -> R {
    match scoped {
        Some(cache) => SCOPED.sync_scope(cache, work),
        None => work(),
    }
}

fn from_environment() -> Cache {
    let cache = match std::env::var_os("REDIS_URL").map(OsString::into_string) {
        None => Cache::builder().connect_lazy(),
        Some(Ok(url)) => Cache::builder().url(url).connect_lazy(),
        Some(Err(_)) => Err(Error::new(ErrorKind::Url, "the cache's URL cannot be used: it is not UTF-8")),
    };
    cache.unwrap_or_else(|error| {
        log::error!("REDIS_URL: {error}; nothing is cached");
        Cache::builder().broken(error.logged())
    })
}
