//! Which cache a function without the `cache` option uses.

use std::sync::{Arc, OnceLock};

use crate::builder::DEFAULT_URL;
use crate::cache::{Cache, Inner};
use crate::error::{Error, ErrorKind};
use crate::shared::Shared;

static GLOBAL: OnceLock<Cache> = OnceLock::new();

tokio::task_local! {
    /// Despite its name this needs no runtime: it is set while the scope's future is polled.
    static SCOPED: Cache;
}

#[inline]
pub(crate) fn current() -> Shared<Inner> {
    SCOPED
        .try_with(|cache| Shared::Counted(Arc::clone(&cache.0)))
        .unwrap_or_else(|_| Shared::Static(&GLOBAL.get_or_init(from_environment).0))
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
    SCOPED.scope(cache, future).await
}

pub(crate) fn sync_scope<R>(cache: Cache, work: impl FnOnce() -> R) -> R {
    SCOPED.sync_scope(cache, work)
}

fn from_environment() -> Cache {
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| DEFAULT_URL.into());
    Cache::builder().url(url).connect_lazy().unwrap_or_else(|error| {
        log::error!("REDIS_URL: {error}; nothing is cached");
        Cache::builder().broken(error)
    })
}
