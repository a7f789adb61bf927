//! redis-cached.

use redis_cached::{Cache, redis_cached};

use super::{Memoized, User, compute};

#[redis_cached(ttl = 3600, key = "bench:this:user:<id>")]
async fn user(id: u64) -> User {
    compute(id).await
}

pub(crate) struct This;

impl This {
    pub(crate) async fn connect(url: &str) -> Result<Self, redis_cached::Error> {
        Cache::connect(url).await?.set_global()?;
        Ok(Self)
    }
}

impl Memoized for This {
    const NAME: &'static str = "redis-cached";

    async fn user(&self, id: u64) -> Result<User, String> {
        Ok(user(id).await)
    }
}
