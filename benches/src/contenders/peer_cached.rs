//! The crate `cached`: its macro over its Redis stores, set up as its own examples do it.

use std::sync::OnceLock;
use std::time::Duration;

use cached::macros::concurrent_cached;
use cached::{AsyncRedisCache, RedisCache};

use super::{Blocking, Memoized, User, compute, computed_at_once};

/// The stores are made in statics of the macro's, at the first call.
static URL: OnceLock<String> = OnceLock::new();

#[concurrent_cached(
    map_error = r##"|error| format!("{error:?}")"##,
    ty = "cached::AsyncRedisCache<u64, User>",
    create = r##" {
        AsyncRedisCache::builder("bench-cached-user")
            .ttl(Duration::from_secs(3600))
            .connection_string(URL.get().expect("connected before"))
            .build()
            .await
            .expect("the server is there")
    } "##
)]
async fn user(id: u64) -> Result<User, String> {
    Ok(compute(id).await)
}

#[concurrent_cached(
    map_error = r##"|error| format!("{error:?}")"##,
    ty = "cached::RedisCache<u64, User>",
    create = r##" {
        RedisCache::builder("bench-cached-blocking-user")
            .ttl(Duration::from_secs(3600))
            .connection_string(URL.get().expect("set before"))
            .build()
            .expect("the server is there")
    } "##
)]
fn blocking_user(id: u64) -> Result<User, String> {
    Ok(computed_at_once(id))
}

pub(crate) struct PeerCached;

/// Over a pool of connections (r2d2), of its default size.
pub(crate) struct PeerCachedBlocking;

impl PeerCached {
    pub(crate) fn connect(url: &str) -> Self {
        URL.get_or_init(|| url.to_owned());
        Self
    }
}

impl PeerCachedBlocking {
    pub(crate) fn new(url: &str) -> Self {
        URL.get_or_init(|| url.to_owned());
        Self
    }
}

impl Memoized for PeerCached {
    const NAME: &'static str = "cached";

    async fn user(&self, id: u64) -> Result<User, String> {
        user(id).await
    }
}

impl Blocking for PeerCachedBlocking {
    const NAME: &'static str = "cached";
    type Own = ();

    fn own(&self) -> Result<(), String> {
        Ok(())
    }

    fn user(&self, (): &mut (), id: u64) -> Result<User, String> {
        blocking_user(id)
    }
}
