//! Redis is away, and known to be: calls go to their functions at once. What takes a while is computed once for all that ask together, and
//! what takes no time by each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, FunctionStats, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::task::JoinSet;

use super::lazy;

/// How long a state is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

static SLOW_RUNS: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 60, key = "slow:<id>")]
async fn slow(id: u64) -> u64 {
    SLOW_RUNS.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    id
}

#[redis_cached(ttl = 60, key = "quick:<id>")]
async fn quick(id: u64) -> u64 {
    id
}

fn row(cache: &Cache) -> FunctionStats {
    cache.stats().functions[0].clone()
}

#[tokio::test]
async fn callers_at_once_share_a_computation_that_takes_time() {
    let server = RedisServer::start();
    server.kill();
    let cache = lazy(server.url());
    // The first finds out that nobody is there. Several, so that what is learned of the function is known.
    for _ in 0..8 {
        assert_eq!(cache.scope(slow(0)).await, 0);
    }
    let before = SLOW_RUNS.load(Ordering::SeqCst);
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let cache = cache.clone();
        calls.spawn(async move { cache.scope(slow(1)).await });
    }
    assert_eq!(calls.join_all().await, [1; 100]);
    assert_eq!(SLOW_RUNS.load(Ordering::SeqCst) - before, 1);
    assert_eq!(row(&cache).coalesced, 99, "{}", cache.stats());
}

/// On a runtime of one thread, by a caller that never waits.
#[tokio::test]
async fn a_loop_of_calls_that_take_no_time_lets_its_runtime_connect_again() {
    let server = RedisServer::start();
    server.kill();
    let cache = lazy(server.url());
    for id in 0..1000 {
        assert_eq!(cache.scope(quick(id)).await, id);
    }
    let FunctionStats { misses, computes, store_errors, hits, .. } = row(&cache);
    assert_eq!((misses, computes, store_errors, hits), (1000, 1000, 1000, 0), "{}", cache.stats());
    server.restart();
    let began = Instant::now();
    while row(&cache).hits == 0 {
        assert!(began.elapsed() < PATIENCE, "{}", cache.stats());
        for _ in 0..100 {
            assert_eq!(cache.scope(quick(1)).await, 1);
        }
    }
}
