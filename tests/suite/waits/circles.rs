//! Functions that call each other, each within its own computation: nobody waits for who waits for it.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, RedisServer};

use super::timed;
use crate::{both, redis};

/// Far less than calls are patient for by default, and long for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(4);
/// Until the others compute too.
const PAUSE: Duration = Duration::from_millis(100);

#[redis_cached(ttl = 60, key = "ping:<id>", skip(depth))]
async fn ping(id: u64, depth: u64) -> u64 {
    tokio::time::sleep(PAUSE).await;
    if depth == 0 { 0 } else { Box::pin(pong(id, depth - 1)).await + 1 }
}

#[redis_cached(ttl = 60, key = "pong:<id>", skip(depth))]
async fn pong(id: u64, depth: u64) -> u64 {
    tokio::time::sleep(PAUSE).await;
    if depth == 0 { 0 } else { Box::pin(ping(id, depth - 1)).await + 1 }
}

#[redis_cached(ttl = 60, key = "ping blocking:<id>", skip(depth))]
fn ping_blocking(id: u64, depth: u64) -> u64 {
    std::thread::sleep(PAUSE);
    if depth == 0 { 0 } else { pong_blocking(id, depth - 1) + 1 }
}

#[redis_cached(ttl = 60, key = "pong blocking:<id>", skip(depth))]
fn pong_blocking(id: u64, depth: u64) -> u64 {
    std::thread::sleep(PAUSE);
    if depth == 0 { 0 } else { ping_blocking(id, depth - 1) + 1 }
}

#[tokio::test]
async fn two_functions_that_call_each_other() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = async { tokio::join!(cache.scope(ping(1, 2)), cache.scope(pong(1, 2))) };
        let (_, took) = timed(calls).await;
        assert!(took < AT_ONCE, "{took:?}");
    }
}

#[test]
fn on_two_threads() {
    let server = RedisServer::start();
    let redis = Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect_lazy().unwrap();
    for cache in [redis, Cache::memory()] {
        let began = Given::now();
        std::thread::scope(|scope| {
            scope.spawn(|| cache.sync_scope(|| ping_blocking(1, 2)));
            scope.spawn(|| cache.sync_scope(|| pong_blocking(1, 2)));
        });
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }
}

/// Neither sees the other's flights.
#[tokio::test]
async fn through_two_caches_of_one_server() {
    let (server, one) = redis().await;
    let two = Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect().await.unwrap();
    let (_, took) = timed(async { tokio::join!(one.scope(ping(1, 2)), two.scope(pong(1, 2))) }).await;
    assert!(took < AT_ONCE, "{took:?}");
}

/// Each calls the next of five, and the last the first.
#[redis_cached(ttl = 60, key = "round:<id>", skip(depth))]
async fn round(id: u64, depth: u64) -> u64 {
    tokio::time::sleep(PAUSE).await;
    if depth == 0 { 0 } else { Box::pin(round((id + 1) % 5, depth - 1)).await + 1 }
}

#[tokio::test]
async fn a_circle_of_five() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls: Vec<_> = (0..5)
            .map(|id| {
                let cache = cache.clone();
                tokio::spawn(async move { timed(cache.scope(round(id, 5))).await.1 })
            })
            .collect();
        for call in calls {
            let took = call.await.unwrap();
            assert!(took < AT_ONCE, "{took:?}");
        }
    }
}

#[redis_cached(ttl = 60, key = "page:<ids>", batch = ids, skip(depth))]
async fn pages(ids: &[u64], depth: u64) -> HashMap<u64, u64> {
    tokio::time::sleep(PAUSE).await;
    let mut pages = HashMap::new();
    for id in ids {
        pages.insert(*id, if depth == 0 { 0 } else { Box::pin(site(*id, depth - 1)).await });
    }
    pages
}

#[redis_cached(ttl = 60, key = "site:<id>", skip(depth))]
async fn site(id: u64, depth: u64) -> u64 {
    tokio::time::sleep(PAUSE).await;
    if depth == 0 { 0 } else { Box::pin(pages(&[id, id + 1], depth - 1)).await[&id] }
}

#[tokio::test]
async fn a_batch_and_what_it_calls() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = async { tokio::join!(cache.scope(pages(&[1, 2], 2)), cache.scope(site(1, 2))) };
        let (_, took) = timed(calls).await;
        assert!(took < AT_ONCE, "{took:?}");
    }
}
