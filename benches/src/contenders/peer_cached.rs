//! The crate `cached`: its macro over its asynchronous Redis store, set up as its own example does it.

use std::sync::OnceLock;
use std::time::Duration;

use cached::AsyncRedisCache;
use cached::macros::concurrent_cached;

use super::{Memoized, User, compute};

/// The store is made in a static of the macro's, at the first call.
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

pub(crate) struct PeerCached;

impl PeerCached {
    pub(crate) fn connect(url: &str) -> Self {
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
