//! The crate `hitbox`: its macro over its Redis backend, set up as its own documentation does it.

use std::time::Duration;

use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig, PolicyConfigBuilder};
use hitbox_fn::{Cache, cached};
use hitbox_redis::error::Error;
use hitbox_redis::{ConnectionMode, RedisBackend};

use super::{Memoized, User, compute};

#[cached(prefix = "bench-hitbox-user")]
async fn user(id: u64) -> User {
    compute(id).await
}

/// As it comes.
pub(crate) struct PeerHitbox(Cache<RedisBackend>);

/// Told to let one caller of a key compute at a time, which it does not do unless told.
pub(crate) struct PeerHitboxTold(Cache<RedisBackend, BroadcastConcurrencyManager<User>>);

impl PeerHitbox {
    pub(crate) fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self(Cache::builder().backend(backend(url)?).policy(policy().build()).build()))
    }
}

impl PeerHitboxTold {
    pub(crate) fn connect(url: &str) -> Result<Self, Error> {
        let policy = policy().concurrency(ConcurrencyLimit::MIN).build();
        let manager = BroadcastConcurrencyManager::new();
        Ok(Self(Cache::builder().backend(backend(url)?).policy(policy).concurrency_manager(manager).build()))
    }
}

fn backend(url: &str) -> Result<RedisBackend, Error> {
    RedisBackend::builder().connection(ConnectionMode::single(url)).build()
}

fn policy() -> PolicyConfigBuilder {
    PolicyConfig::builder().ttl(Duration::from_secs(3600))
}

impl Memoized for PeerHitbox {
    const NAME: &'static str = "hitbox";

    async fn user(&self, id: u64) -> Result<User, String> {
        Ok(user(id).cache(&self.0).await)
    }
}

impl Memoized for PeerHitboxTold {
    const NAME: &'static str = "hitbox, limit 1";

    async fn user(&self, id: u64) -> Result<User, String> {
        Ok(user(id).cache(&self.0).await)
    }
}
