//! redis-cached.

use redis_cached::{Cache, redis_cached};

use super::{KEYS, User, compute, hit};
use crate::harness::Contender;

#[redis_cached(ttl = 3600, key = "bench:this:user:<id>")]
async fn user(id: u64) -> User {
    compute(id)
}

pub(super) struct This;

impl This {
    pub(super) async fn connect(url: &str) -> Result<Self, redis_cached::Error> {
        Cache::connect(url).await?.set_global()?;
        Ok(Self)
    }
}

impl Contender for This {
    const NAME: &'static str = "redis-cached";

    async fn once(&self, index: u64) -> Result<(), String> {
        let id = index % KEYS;
        hit(id, async { Ok(user(id).await) }).await
    }
}
