//! The longest and the shortest times that a user can give: no call panics, and none hangs.

use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, redis_cached};
use redis_cached_test_support::{Given, RedisServer};

use crate::{User, user};

#[redis_cached(ttl = Duration::MAX, key = "lasting:<id>")]
async fn lasting(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "user:<id>", tags = ["users"])]
async fn tagged(id: u64) -> User {
    user(id)
}

#[redis_cached(
    ttl = 60,
    key = "refreshed:<id>",
    local = Duration::MAX,
    stale_while_revalidate = Duration::MAX,
    stale_if_error = Duration::MAX
)]
async fn refreshed(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "blocking:<id>")]
fn blocking(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> std::collections::HashMap<u64, User> {
    ids.iter().map(|id| (*id, user(*id))).collect()
}

/// Every kind of call and of operation.
async fn use_all(cache: &Cache, hold: Duration) {
    let work = async {
        for id in [1, 1, 2] {
            assert_eq!(lasting(id).await, user(id));
            assert_eq!(tagged(id).await, user(id));
            assert_eq!(refreshed(id).await, user(id));
            assert_eq!(many(&[id, 7]).await[&id], user(id));
        }
        let _ = lasting_entry(1).put(&user(1)).await;
        let _ = lasting_entry(1).invalidate().await;
        let _ = tagged_entry(1).invalidate_with_hold(hold).await;
        assert_eq!(tagged(1).await, user(1));
        let _ = cache.invalidate_tag("users").await;
        let _ = cache.invalidate_prefix("user:").await;
    };
    cache.scope(work).await;
    let worker = cache.clone();
    let joined = tokio::task::spawn_blocking(move || worker.sync_scope(|| blocking(1)));
    assert_eq!(joined.await.unwrap(), user(1));
    // Where a time has no length, not everything can be stored.
    let _ = cache.flush().await;
}

/// Each of a cache's times, given as `time`.
fn each(time: Duration) -> [CacheBuilder; 6] {
    let new = Cache::builder;
    [
        new().deadline(time),
        new().max_wait(time),
        new().lease_ttl(time),
        new().connect_timeout(time),
        new().local_staleness(time),
        new().deadline(time).max_wait(time).lease_ttl(time).connect_timeout(time).local_staleness(time),
    ]
}

#[tokio::test]
async fn times_without_end_and_without_length_are_taken() {
    let server = RedisServer::start();
    for time in [Duration::MAX, Duration::from_secs(u64::MAX / 1000), Duration::from_nanos(1), Duration::ZERO]
    {
        for builder in each(time) {
            let began = Given::now();
            for cache in [
                builder.clone().url(server.url()).connect_lazy().unwrap(),
                builder.url("memory://").connect_lazy().unwrap(),
            ] {
                use_all(&cache, time).await;
                server.flush_all();
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{time:?}: {:?}", began.elapsed());
        }
    }
}

#[tokio::test]
async fn with_times_without_end_calls_hit() {
    let server = RedisServer::start();
    for builder in each(Duration::MAX) {
        let cache = builder.url(server.url()).connect().await.unwrap();
        for _ in 0..2 {
            cache.scope(lasting(1)).await;
            cache.flush().await.unwrap();
        }
        let stats = &cache.stats().functions[0];
        assert_eq!((stats.computes, stats.hits, stats.stored), (1, 1, 1), "{}", cache.stats());
        server.flush_all();
    }
}

#[tokio::test]
async fn a_hold_without_end_holds() {
    let (_server, caches) = crate::both().await;
    for cache in caches {
        cache.sync_scope(|| tagged_entry(1)).invalidate_with_hold(Duration::MAX).await.unwrap();
        for _ in 0..2 {
            assert_eq!(cache.scope(tagged(1)).await, user(1));
        }
        cache.flush().await.unwrap();
        assert_eq!((cache.stats().functions[0].computes, cache.stats().functions[0].stored), (2, 0));
    }
}
