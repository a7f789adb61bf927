//! What is silence, and what is not: bytes that arrive are a sign of life, however few callers they serve in time; a peer that
//! answers `PING` and nothing else is of no use.

use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, Proxy, RedisServer};

use super::{SLACK, assert_recovers, get_user};
use crate::user;

const DEADLINE: Duration = Duration::from_millis(250);

#[redis_cached(ttl = 60, key = "large:<id>")]
async fn large(id: u64) -> String {
    id.to_string().repeat(4_000_000)
}

#[redis_cached(ttl = 60, key = "watched:<id>", local = "30s")]
async fn watched(id: u64) -> u64 {
    id
}

/// A cache that has all the connections that it will need, and how many those are.
async fn connected(proxy: &Proxy) -> (Cache, usize) {
    let cache = Cache::builder().url(proxy.url()).deadline(DEADLINE).connect_lazy().unwrap();
    assert_recovers(&cache).await;
    super::assert_own_value(&cache, 1).await;
    (cache, proxy.accepted())
}

/// A value that is there, and takes half a second on its way.
#[tokio::test]
async fn a_large_value_that_is_on_its_way_is_no_silence() {
    let server = RedisServer::start();
    let direct =
        Cache::builder().url(server.url()).deadline(Duration::from_secs(10)).connect().await.unwrap();
    direct.sync_scope(|| large_entry(1)).put(&"1".repeat(4_000_000)).await.unwrap();

    let proxy = Proxy::start(&server);
    let (cache, connections) = connected(&proxy).await;
    proxy.throttle(8_000_000);
    for _ in 0..4 {
        let began = Given::now();
        let beside = (0..8).map(|id| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.scope(get_user(id)).await.is_ok() })
        });
        let beside: Vec<_> = beside.collect();
        assert_eq!(cache.scope(large(1)).await.len(), 4_000_000);
        for call in beside {
            call.await.unwrap();
        }
        // The deadline is the caller's all the same.
        assert!(began.elapsed() < 2 * DEADLINE + SLACK, "{:?}", began.elapsed());
    }
    proxy.throttle(0);
    assert_recovers(&cache).await;
    assert_eq!(proxy.accepted(), connections, "the connection was given up");
}

#[tokio::test]
async fn a_large_value_that_leaves_is_no_silence() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let (cache, connections) = connected(&proxy).await;
    proxy.throttle(20_000_000);
    let entry = cache.sync_scope(|| large_entry(1));
    // More than the buffers on the way take.
    let error = entry.put(&"1".repeat(40_000_000)).await.unwrap_err();
    assert!(error.to_string().contains("40000"), "{error}");
    for id in 0..3 {
        let _ = cache.sync_scope(|| super::get_user_entry(id)).get().await;
    }
    proxy.throttle(0);
    assert_recovers(&cache).await;
    assert_eq!(proxy.accepted(), connections, "the connection was given up");
}

/// All at once, on a machine that has other things to do.
#[tokio::test]
async fn many_look_ups_at_once_are_no_silence() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let (cache, connections) = connected(&proxy).await;
    for _ in 0..3 {
        let calls = (0..5_000).map(|id| {
            let cache = cache.clone();
            tokio::spawn(async move { assert!(cache.scope(get_user(id)).await.is_ok() || id == 0) })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
    }
    assert_recovers(&cache).await;
    assert_eq!(proxy.accepted(), connections, "the connection was given up");
}

/// A few calls find out, and nobody waits after them until it answers again.
#[tokio::test]
async fn a_server_that_answers_pings_only_is_given_up() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let (cache, _) = connected(&proxy).await;
    cache.scope(watched(1)).await;
    proxy.answer_pings_only(true);
    let mut waited = 0;
    for id in 0..500 {
        let began = Instant::now();
        let _ = cache.scope(get_user(id)).await;
        assert_eq!(cache.scope(watched(id + 10)).await, id + 10);
        waited += usize::from(began.elapsed() > DEADLINE / 2);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!((1..=12).contains(&waited), "{waited} calls waited");
    proxy.heal();
    assert_recovers(&cache).await;
    let began = Given::now();
    while !cache.stats().local.unwrap().serving {
        assert!(began.elapsed() < Duration::from_secs(5), "nothing is kept again");
        cache.scope(watched(1)).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
}
