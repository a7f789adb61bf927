//! `stats`: what happened, per function.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::faults::wait_until;

mod exposition;

#[redis_cached(ttl = 60, key = "counted:<id>")]
async fn counted(id: u64) -> Result<u64, ()> {
    if id == 0 { Err(()) } else { Ok(id) }
}

#[redis_cached(ttl = 60, key = "other")]
fn other() -> u64 {
    1
}

#[tokio::test]
async fn counts_by_function_and_by_cache() {
    let cache = Cache::memory();
    assert!(cache.stats().functions.is_empty());
    for id in [0, 1, 1, 1, 2] {
        let _ = cache.scope(counted(id)).await;
    }
    cache.sync_scope(other);
    // The companion is the same function: one row.
    cache.sync_scope(|| counted_entry(1)).get().await.unwrap();

    let stats = cache.stats();
    let names: Vec<_> = stats.functions.iter().map(|function| function.function.as_str()).collect();
    assert_eq!(names, ["suite::stats::counted", "suite::stats::other"]);
    let counted = &stats.functions[0];
    assert_eq!((counted.hits, counted.misses, counted.computes), (2, 3, 3));
    assert_eq!(
        (counted.compute_errors, counted.stored, counted.store_errors, counted.unusable),
        (1, 2, 0, 0)
    );
    assert!((counted.hit_rate() - 0.4).abs() < 1e-9);
    let table = stats.to_string();
    let headings = table.lines().filter(|line| !line.starts_with(' ')).count();
    assert_eq!(headings, 3, "{table}");
    assert!(table.contains("\n    1 compute errors, 2 stored"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("suite::stats::counted") && table.contains("40.0 %"), "{table}");
    assert!(Cache::memory().stats().functions.is_empty());
}

#[redis_cached(ttl = 60, key = "stats:slow:<id>")]
async fn slow(id: u64) -> Result<u64, ()> {
    tokio::time::sleep(Duration::from_millis(3)).await;
    if id == 0 { Err(()) } else { Ok(id) }
}

#[redis_cached(ttl = 60, key = "stats:many:<ids>", batch = ids)]
async fn many(ids: Vec<u64>) -> HashMap<u64, u64> {
    ids.into_iter().map(|id| (id, id)).collect()
}

#[tokio::test]
async fn computations_are_timed_and_hits_are_not() {
    let cache = Cache::memory();
    for id in [0, 1, 1, 1, 2] {
        let _ = cache.scope(slow(id)).await;
    }
    let stats = cache.stats();
    let times = &stats.functions[0].compute_times;
    // With the one that returned an error.
    assert_eq!(times.count(), 3);
    assert!(times.sum() >= Duration::from_millis(9) && times.quantile(0.5) >= Duration::from_millis(3));

    let cache = Cache::memory();
    cache.scope(many(vec![1, 2, 3])).await;
    cache.scope(many(vec![1, 2, 3])).await;
    let stats = cache.stats();
    assert_eq!(stats.functions[0].compute_times.count(), 1, "one computation for all keys");
    assert!(stats.requests.is_empty(), "memory is asked nothing");
}

#[tokio::test]
async fn requests_are_timed_by_operation() {
    let server = RedisServer::start();
    let cache = Cache::connect(&server.url()).await.unwrap();
    let requests = |operation: &str| {
        let stats = cache.stats();
        let row = stats.requests.iter().find(|row| row.operation == operation);
        row.map_or((0, 0), |row| (row.times.count(), row.timeouts + row.failures))
    };
    cache.scope(counted(1)).await.unwrap();
    cache.flush().await.unwrap();
    let before = requests("GET").0 + requests("MGET").0;
    for _ in 0..10 {
        cache.scope(counted(1)).await.unwrap();
    }
    assert_eq!(requests("GET").0 + requests("MGET").0, before + 10);
    cache.scope(counted(1)).await.unwrap();
    cache.scope(async { counted_entry(1).invalidate().await }).await.unwrap();
    assert_eq!(requests("UNLINK"), (1, 0));

    // A hundred callers, and a handful of requests.
    let before = requests("GET").0 + requests("MGET").0;
    cache.scope(counted(1)).await.unwrap();
    cache.flush().await.unwrap();
    let calls = (0..100).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(counted(1)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let after = requests("GET").0 + requests("MGET").0;
    assert!(after - before < 50, "{} requests", after - before);

    server.pause();
    let _ = cache.scope(async { counted_entry(1).get().await }).await;
    wait_until(|| requests("GET").1 + requests("MGET").1 > 0).await;
    server.resume();
}
