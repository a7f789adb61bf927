//! What finds a value in this process: a function of a user's id that returns an `Arc`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cached::AsyncRedisCache;
use cached::macros::{cached, concurrent_cached};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use redis_cached::redis_cached;

use super::{User, compute};

/// As [`super::Memoized`], for values in this process.
pub(crate) trait InProcess: Send + Sync + 'static {
    const NAME: &'static str;

    fn user(&self, id: u64) -> impl Future<Output = Result<Arc<User>, String>> + Send;
}

#[redis_cached(ttl = 3600, key = "bench:this:local:<id>", local = "1h")]
async fn this_user(id: u64) -> Arc<User> {
    Arc::new(compute(id).await)
}

#[cached(ttl_secs = 3600)]
async fn cached_user(id: u64) -> Arc<User> {
    Arc::new(compute(id).await)
}

#[concurrent_cached(ttl_secs = 3600)]
async fn sharded_user(id: u64) -> Arc<User> {
    Arc::new(compute(id).await)
}

static URL: OnceLock<String> = OnceLock::new();

#[concurrent_cached(
    map_error = r##"|error| format!("{error:?}")"##,
    ty = "cached::AsyncRedisCache<u64, Arc<User>>",
    create = r##" {
        AsyncRedisCache::builder("bench-cached-tracked-user")
            .ttl(Duration::from_secs(3600))
            .client_side_caching(true)
            .connection_string(URL.get().expect("set before"))
            .build()
            .await
            .expect("the server is there")
    } "##
)]
async fn tracked_user(id: u64) -> Result<Arc<User>, String> {
    Ok(Arc::new(compute(id).await))
}

/// The floor: a map in this process, which knows no time and no Redis.
pub(crate) struct Map(Cache<u64, Arc<User>, UnitWeighter, foldhash::fast::RandomState>);

/// redis-cached, over the global cache.
pub(crate) struct ThisLocal;

/// `#[cached]`: one map behind one lock.
pub(crate) struct CachedInMemory;

/// `#[concurrent_cached]` without a store: a map in shards.
pub(crate) struct CachedSharded;

/// `#[concurrent_cached]` over Redis, with client-side caching.
pub(crate) struct CachedTracked;

impl Map {
    pub(crate) fn new(values: usize) -> Self {
        let hasher = foldhash::fast::RandomState::default();
        Self(Cache::with(values, values as u64, UnitWeighter, hasher, DefaultLifecycle::default()))
    }
}

impl CachedTracked {
    pub(crate) fn connect(url: &str) -> Self {
        URL.get_or_init(|| url.to_owned());
        Self
    }
}

impl InProcess for Map {
    const NAME: &'static str = "quick_cache";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        if let Some(user) = self.0.get(&id) {
            return Ok(user);
        }
        let user = Arc::new(compute(id).await);
        self.0.insert(id, Arc::clone(&user));
        Ok(user)
    }
}

impl InProcess for ThisLocal {
    const NAME: &'static str = "redis-cached, local";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(this_user(id).await)
    }
}

impl InProcess for CachedInMemory {
    const NAME: &'static str = "cached, in memory";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(cached_user(id).await)
    }
}

impl InProcess for CachedSharded {
    const NAME: &'static str = "cached, sharded";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(sharded_user(id).await)
    }
}

impl InProcess for CachedTracked {
    const NAME: &'static str = "cached, client-side";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        tracked_user(id).await
    }
}
