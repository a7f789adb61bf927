//! The crate `cached`: its macro over its asynchronous Redis store, set up as its own example does it.

use std::sync::OnceLock;
use std::time::Duration;

use cached::AsyncRedisCache;
use cached::macros::concurrent_cached;

use super::{KEYS, User, compute, hit};
use crate::harness::Contender;

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
    Ok(compute(id))
}

pub(super) struct PeerCached;

impl PeerCached {
    pub(super) fn connect(url: &str) -> Self {
        URL.get_or_init(|| url.to_owned());
        Self
    }
}

impl Contender for PeerCached {
    const NAME: &'static str = "cached";

    async fn once(&self, index: u64) -> Result<(), String> {
        let id = index % KEYS;
        hit(id, user(id)).await
    }
}
