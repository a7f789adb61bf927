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

#[cold]
fn from_now_on() -> &'static Cache {
    GLOBAL.get_or_init(from_environment)
}

pub(crate) fn set(cache: &Cache) -> Result<(), Error> {
    GLOBAL.set(cache.clone()).map_err(|_| {
        Error::new(
            ErrorKind::GlobalAlreadySet,
            "the global cache is set already, or was used before it was set; call set_global first thing in main",
        )
    })
}

pub(crate) async fn scope<F: Future>(cache: Cache, future: F) -> F::Output {
    // Whoever is to see the scope runs on this thread, or is handed the future by it.
    WAS_SCOPED.store(true, Ordering::Relaxed);
    SCOPED.scope(cache, future).await
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

pub(crate) fn sync_scope<R>(cache: Cache, work: impl FnOnce() -> R) -> R {
    WAS_SCOPED.store(true, Ordering::Relaxed);
    SCOPED.sync_scope(cache, work)
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
