//! Somebody who can read and write in Redis, and has no key.

use std::time::Duration;

use redis_cached::{Cache, FunctionStats, Keyring, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{keyring, secret};

#[redis_cached(ttl = 60, key = "attacked:<id>")]
async fn attacked(id: u64) -> String {
    secret(id)
}

/// Of the same type, and of another function.
#[redis_cached(ttl = 60, key = "other:<id>")]
async fn other(id: u64) -> String {
    secret(id)
}

struct Victim {
    server: RedisServer,
    cache: Cache,
}

impl Victim {
    async fn new() -> Self {
        let server = RedisServer::start();
        let cache = Self::with(&server, Cache::builder().seal(keyring())).await;
        Self { server, cache }
    }

    async fn with(server: &RedisServer, options: redis_cached::CacheBuilder) -> Cache {
        options.deadline(Duration::from_secs(10)).url(server.url()).connect().await.unwrap()
    }

    fn raw(&self, key: &str) -> Vec<u8> {
        self.server.query(&["GET", key])
    }

    fn plant(&self, key: &str, bytes: &[u8]) {
        redis::cmd("SET").arg(key).arg(bytes).arg("EX").arg(60).exec(&mut self.server.connection()).unwrap();
    }

    /// What its own program reads there. Looks, and replaces nothing.
    async fn reads(&self, id: u64) -> Option<String> {
        self.cache.scope(async { attacked_entry(id).get().await.unwrap() }).await
    }

    /// It reads nothing where these bytes stand, counts that, computes and replaces them.
    async fn rejects(&self, id: u64, bytes: &[u8]) {
        self.plant(&format!("attacked:{id}"), bytes);
        assert_eq!(self.reads(id).await, None);
        let before = self.stats();
        self.stores(id).await;
        let after = self.stats();
        assert_eq!(after.unsealed, before.unsealed + 1, "{after:?}");
        assert_eq!((after.misses, after.stored), (before.misses + 1, before.stored + 1), "{after:?}");
        assert_eq!(self.reads(id).await, Some(secret(id)));
    }

    fn stats(&self) -> FunctionStats {
        self.cache.stats().functions.into_iter().find(|f| f.function.ends_with("::attacked")).unwrap()
    }

    async fn stores(&self, id: u64) -> Vec<u8> {
        self.cache.scope(attacked(id)).await;
        self.cache.flush().await.unwrap();
        self.raw(&format!("attacked:{id}"))
    }
}

#[tokio::test]
async fn no_byte_can_be_changed() {
    let victim = Victim::new().await;
    let whole = victim.stores(1).await;
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        victim.plant("attacked:1", &changed);
        assert_eq!(victim.reads(1).await, None, "byte {at}");
    }
    victim.plant("attacked:1", &whole);
    assert_eq!(victim.reads(1).await, Some(secret(1)));
    // A nonce's, the version's, the key's, the payload's, the tag's.
    for at in [1, 16, 17, 40, 72, 80, 100, 102, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        victim.rejects(1, &changed).await;
    }
    victim.rejects(1, &whole[..whole.len() - 1]).await;
}

#[tokio::test]
async fn an_entry_is_nothing_at_another_key() {
    let victim = Victim::new().await;
    let (one, two) = (victim.stores(1).await, victim.stores(2).await);
    victim.cache.scope(other(1)).await;
    victim.cache.flush().await.unwrap();
    for foreign in [two, victim.raw("other:1")] {
        victim.rejects(1, &foreign).await;
    }
    // Not under another prefix either, nor under another key of the ring.
    victim.plant("shop:attacked:1", &one);
    let shop = Victim::with(&victim.server, Cache::builder().prefix("shop:").seal(keyring())).await;
    assert_eq!(shop.scope(async { attacked_entry(1).get().await.unwrap() }).await, None);
    let mut of_old = one.clone();
    of_old[72..76].copy_from_slice(&super::id_of("old"));
    victim.rejects(1, &of_old).await;
}

#[tokio::test]
async fn what_is_not_sealed_is_no_answer_and_is_replaced() {
    let victim = Victim::new().await;
    let plain = Victim::with(&victim.server, Cache::builder()).await;
    let forged = async { attacked_entry(1).put(&"forged".to_owned()).await.unwrap() };
    plain.scope(forged).await;
    let forged = victim.raw("attacked:1");
    victim.stores(2).await;
    victim.rejects(1, &forged).await;

    // And where no keyring is set, what is sealed is nothing.
    assert_eq!(plain.scope(attacked(1)).await, secret(1));
    let stats = plain.stats();
    assert_eq!((stats.functions[0].unsealed, stats.functions[0].computes), (1, 1), "{stats}");
}

#[tokio::test]
async fn a_sealed_entry_is_not_taken_for_one_that_is_not() {
    let victim = Victim::new().await;
    let mut downgraded = victim.stores(1).await;
    downgraded[17] = 2;
    victim.rejects(1, &downgraded).await;
    victim.plant("attacked:1", &downgraded);
    let plain = Victim::with(&victim.server, Cache::builder()).await;
    assert_eq!(plain.scope(async { attacked_entry(1).get().await.unwrap() }).await, None, "by its checksum");
}

#[tokio::test]
async fn another_programs_key_of_the_same_name_opens_nothing() {
    let victim = Victim::new().await;
    let stranger = Keyring::new().key("new", [9; 32]);
    let stranger = Victim::with(&victim.server, Cache::builder().seal(stranger)).await;
    let forged = async { attacked_entry(1).put(&"forged".to_owned()).await.unwrap() };
    stranger.scope(forged).await;
    let forged = victim.raw("attacked:1");
    victim.stores(2).await;
    victim.rejects(1, &forged).await;
    assert_eq!(stranger.scope(async { attacked_entry(1).get().await.unwrap() }).await, None);
}
