//! A server without memory for more.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{assert_own_value, assert_recovers, get_user, get_user_entry, lazy};
use crate::user;

#[tokio::test]
async fn a_full_server_serves_what_it_has() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_own_value(&cache, 1).await;
    assert_own_value(&cache, 2).await;
    let entry = cache.sync_scope(|| get_user_entry(2));
    let error = entry.put(&user(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().contains("OOM"), "{error}");
    assert!(cache.stats().functions[0].hits >= 1);
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_recovers(&cache).await;
}

#[redis_cached(ttl = 60, key = "fills", skip(server))]
async fn fills(server: Arc<RedisServer>) -> u64 {
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    7
}

/// The lease was taken while there was room; it must not keep others waiting when there is none for the value.
#[tokio::test]
async fn a_server_that_fills_up_during_a_computation_gets_its_lease_back() {
    let server = Arc::new(RedisServer::start());
    // So long that it cannot be its running out that is seen below.
    let cache = Cache::builder().url(server.url()).lease_ttl(Duration::from_secs(60)).connect_lazy().unwrap();
    assert_eq!(cache.scope(fills(Arc::clone(&server))).await, 7);
    let incomplete = cache.flush().await.unwrap_err();
    assert_eq!(incomplete.kind(), ErrorKind::Incomplete);
    assert!(incomplete.to_string().contains("1 values could not be stored"), "{incomplete}");
    cache.flush().await.unwrap();
    assert_eq!(server.query::<usize>(&["EXISTS", "fills"]), 0);
    assert_eq!(cache.stats().functions[0].store_errors, 1);
}

#[redis_cached(ttl = 60, key = "large:<id>")]
async fn large(id: u64) -> String {
    id.to_string().repeat(10_000)
}

#[tokio::test]
async fn a_server_that_evicts_costs_misses_only() {
    let server = RedisServer::start();
    let used: usize = server.info("used_memory").unwrap().parse().unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", &(used + 1_000_000).to_string()]);
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let cache = lazy(server.url());
    for id in 100..400 {
        assert_eq!(cache.scope(large(id)).await, id.to_string().repeat(10_000));
    }
    cache.flush().await.unwrap();
    assert_ne!(server.info("evicted_keys").unwrap(), "0");
    assert_recovers(&cache).await;
    let function = cache.stats().functions.into_iter().find(|row| row.function.ends_with("large")).unwrap();
    assert_eq!((function.computes, function.store_errors), (300, 0));
}

#[tokio::test]
async fn a_flush_keeps_nobody_from_storing() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).deadline(Duration::from_secs(10)).connect_lazy().unwrap();
    let flusher = tokio::spawn({
        let cache = cache.clone();
        async move {
            loop {
                cache.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let calls: Vec<_> = (1..=200)
        .map(|id| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.scope(get_user(id)).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    flusher.abort();
    cache.flush().await.unwrap();
    assert_eq!(cache.stats().functions[0].stored, 200, "{}", cache.stats());
}
