//! What finds a value in this process: a function of a user's id that returns an `Arc`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cached::AsyncRedisCache;
use cached::macros::{cached, concurrent_cached};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use redis_cached::{KeyPart, redis_cached};
use uuid::Uuid;

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

#[redis_cached(ttl = 3600, key = "bench:this:local:text:<name>", local = "1h", skip(id))]
async fn this_user_by_text(id: u64, name: &str) -> Arc<User> {
    Arc::new(compute(id).await)
}

#[redis_cached(ttl = 3600, key = "bench:this:local:pair:<pair>", local = "1h")]
async fn this_user_by_pair(pair: (u64, u64)) -> Arc<User> {
    Arc::new(compute(pair.0).await)
}

#[redis_cached(ttl = 3600, key = "bench:this:local:uuid:<uuid>", local = "1h")]
async fn this_user_by_uuid(uuid: Uuid) -> Arc<User> {
    Arc::new(compute(uuid.as_u64_pair().1).await)
}

#[derive(KeyPart)]
struct Place {
    shelf: u32,
    id: u64,
}

#[redis_cached(ttl = 3600, key = "bench:this:local:derived:<place>", local = "1h")]
async fn this_user_by_derived(place: Place) -> Arc<User> {
    Arc::new(compute(place.id).await)
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

/// By 25 bytes of text, which the caller has.
pub(crate) struct ThisByText(Vec<String>);

pub(crate) struct ThisByPair;

pub(crate) struct ThisByUuid;

/// By a struct with two numbers.
pub(crate) struct ThisByDerived;

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

impl ThisByText {
    pub(crate) fn new(values: u64) -> Self {
        Self((0..values).map(|id| format!("user-{id:020}")).collect())
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

impl InProcess for ThisByText {
    const NAME: &'static str = "… by &str";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(this_user_by_text(id, &self.0[id as usize]).await)
    }
}

impl InProcess for ThisByPair {
    const NAME: &'static str = "… by a tuple";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(this_user_by_pair((id, 7)).await)
    }
}

impl InProcess for ThisByUuid {
    const NAME: &'static str = "… by a Uuid";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(this_user_by_uuid(Uuid::from_u64_pair(7, id)).await)
    }
}

impl InProcess for ThisByDerived {
    const NAME: &'static str = "… by a derived key";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        Ok(this_user_by_derived(Place { shelf: 7, id }).await)
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
