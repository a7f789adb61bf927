//! A runtime whose clock stands still, as tests of time have it (`start_paused`): how long Redis may take is counted in real time.

use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, Proxy, RedisServer};

use super::{DEADLINE, SLACK, assert_hits, assert_own_value, get_user, lazy};
use crate::{User, user};

#[redis_cached(ttl = 60, key = "kept:<id>", local = "30s")]
async fn kept(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> std::collections::HashMap<u64, User> {
    // As long as it likes: the clock goes on by itself when nobody has anything to do.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    ids.iter().map(|id| (*id, user(*id))).collect()
}

/// A cache with the settings that users get.
fn usual(server: &RedisServer) -> Cache {
    Cache::builder().url(server.url()).connect_lazy().unwrap()
}

#[tokio::test(start_paused = true)]
async fn calls_hit() {
    let server = RedisServer::start();
    for cache in [usual(&server), Cache::connect(server.url()).await.unwrap()] {
        let began = tokio::time::Instant::now();
        for id in 1..20 {
            assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
            assert_hits(&cache).await;
        }
        assert_own_value(&cache, 1).await;
        assert_eq!(
            cache.stats().functions.iter().map(|function| function.store_errors).sum::<u64>(),
            0,
            "{}",
            cache.stats()
        );
        assert_eq!(began.elapsed(), Duration::ZERO, "the test's own clock was moved");
        server.flush_all();
    }
}

#[tokio::test(start_paused = true)]
async fn values_are_kept_and_batches_stored() {
    let server = RedisServer::start();
    let cache = usual(&server);
    for _ in 0..4 {
        assert_eq!(cache.scope(kept(1)).await, user(1));
        assert_eq!(cache.scope(many(&[1, 2])).await.len(), 2);
        cache.flush().await.unwrap();
    }
    let stats = cache.stats();
    let computes: Vec<_> = stats.functions.iter().map(|function| function.computes).collect();
    assert_eq!(computes, [1, 1], "{stats}");
    assert!(stats.functions.iter().any(|function| function.local_hits > 0), "{stats}");
}

#[tokio::test]
async fn a_clock_that_is_stopped_later_does_no_harm() {
    let server = RedisServer::start();
    let cache = usual(&server);
    assert_hits(&cache).await;
    tokio::time::pause();
    assert_hits(&cache).await;
    server.kill();
    assert_own_value(&cache, 1).await;
    server.restart();
    let began = Given::now();
    while !super::hits(&cache).await {
        assert!(began.elapsed() < super::RECOVERY);
        std::thread::sleep(Duration::from_millis(10));
        tokio::task::yield_now().await;
    }
}

/// A real one is what ends a wait.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_waited_for_by_the_real_clock() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = lazy(proxy.url());
    assert_hits(&cache).await;
    proxy.pause();
    let began = Instant::now();
    assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
    let took = began.elapsed();
    assert!(took >= DEADLINE && took < DEADLINE + SLACK, "{took:?}");
}
