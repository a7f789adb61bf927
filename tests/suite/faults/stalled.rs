//! A server that answers reads, and no writes: it prepares a failover, or an operator has it wait.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, RedisServer};

use super::{assert_recovers, get_user, get_user_entry};
use crate::user;

#[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["all:<id>"])]
async fn tagged(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> Vec<(u64, u64)> {
    ids.iter().map(|id| (*id, *id)).collect()
}

/// Long enough to tell a wait from none on any machine.
const PATIENT: Duration = Duration::from_secs(1);
const MISSES: u64 = 60;

/// Each miss costs the deadline at first, and every hit behind it on the same connection. Not for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_for_a_few_writes_only_and_hits_go_on() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).deadline(PATIENT).connect().await.unwrap();
    cache.sync_scope(|| get_user_entry(500)).put(&user(500)).await.unwrap();
    server.query::<()>(&["CLIENT", "PAUSE", "600000", "WRITE"]);

    let began = Given::now();
    for id in 1..=MISSES {
        assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
        assert_eq!(cache.scope(tagged(id)).await, id);
        assert_eq!(cache.scope(many(&[id, 1000 + id])).await.len(), 2);
        assert_eq!(cache.scope(get_user(500)).await, Ok(user(500)));
        // Else all would be over before there is another connection.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let elapsed = began.elapsed();
    assert!(elapsed < PATIENT * u32::try_from(MISSES).unwrap() / 4, "{elapsed:?}");
    let hits: u64 = cache.stats().functions.iter().map(|function| function.hits).sum();
    assert!(hits > MISSES / 2, "{}", cache.stats());

    server.query::<()>(&["CLIENT", "UNPAUSE"]);
    assert_recovers(&cache).await;
}
