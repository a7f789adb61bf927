//! Invalidation wins: over a computation that began before it, always.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::sync::Barrier;

use crate::{both, settled};

/// Stands for a database's row.
static ROW: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 60, key = "row:<name>", skip(read, end))]
async fn row(name: &str, read: &Barrier, end: &Barrier) -> u64 {
    let _ = name;
    let value = ROW.load(Ordering::SeqCst);
    read.wait().await;
    end.wait().await;
    value
}

#[redis_cached(ttl = 60, key = "row:<name>")]
async fn quick(name: &str) -> u64 {
    let _ = name;
    ROW.load(Ordering::SeqCst)
}

/// A call that has read the row and not returned yet.
async fn reading(cache: &Cache, name: &'static str) -> (tokio::task::JoinHandle<u64>, Arc<Barrier>) {
    let (read, end) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let call = {
        let (cache, read, end) = (cache.clone(), Arc::clone(&read), Arc::clone(&end));
        tokio::spawn(async move { cache.scope(row(name, &read, &end)).await })
    };
    read.wait().await;
    (call, end)
}

#[tokio::test]
async fn what_was_computed_from_older_data_is_returned_and_not_stored() {
    let (_server, caches) = both().await;
    for (cache, name) in caches.iter().zip(["redis", "memory"]) {
        let entry = cache.sync_scope(|| quick_entry(name));
        let (call, end) = reading(cache, name).await;
        let old = ROW.load(Ordering::SeqCst);
        ROW.fetch_add(1, Ordering::SeqCst);
        entry.invalidate().await.unwrap();

        // Who asks now must not be given what the old computation will return.
        let fresh = cache.scope(quick(name)).await;
        assert!(fresh > old);
        end.wait().await;
        assert_eq!(call.await.unwrap(), old);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(fresh));
        let overtaken: u64 = cache.stats().functions.iter().map(|function| function.superseded).sum();
        assert_eq!(overtaken, 1);
    }
}

#[tokio::test]
async fn another_processes_invalidation_wins_as_well() {
    let server = RedisServer::start();
    let here = Cache::connect(server.url()).await.unwrap();
    let there = Cache::connect(server.url()).await.unwrap();
    let (call, end) = reading(&here, "elsewhere").await;
    ROW.fetch_add(1, Ordering::SeqCst);
    there.sync_scope(|| quick_entry("elsewhere")).invalidate().await.unwrap();
    // In the process of the old computation, which this caller must not join.
    let fresh = ROW.load(Ordering::SeqCst);
    assert!(here.scope(quick("elsewhere")).await >= fresh);
    end.wait().await;
    call.await.unwrap();
    here.flush().await.unwrap();
    assert!(here.scope(quick("elsewhere")).await >= fresh);
}

#[tokio::test]
async fn a_put_wins_like_an_invalidation() {
    let (_server, caches) = both().await;
    for (cache, name) in caches.iter().zip(["put redis", "put memory"]) {
        let entry = cache.sync_scope(|| quick_entry(name));
        let (call, end) = reading(cache, name).await;
        entry.put(&1_000_000).await.unwrap();
        end.wait().await;
        call.await.unwrap();
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(1_000_000));
    }
}

#[tokio::test]
async fn a_hold_keeps_values_out_for_its_time() {
    let (_server, caches) = both().await;
    for (cache, name) in caches.iter().zip(["hold redis", "hold memory"]) {
        let entry = cache.sync_scope(|| quick_entry(name));
        cache.scope(quick(name)).await;
        entry.invalidate_with_hold(Duration::from_millis(300)).await.unwrap();
        for _ in 0..3 {
            cache.scope(quick(name)).await;
            cache.flush().await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
        }
        cache.pass(Duration::from_millis(400)).await;
        cache.scope(quick(name)).await;
        cache.flush().await.unwrap();
        assert!(entry.get().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_failed_invalidation_is_made_up_for() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let entry = cache.sync_scope(|| quick_entry("late"));
    entry.put(&77).await.unwrap();
    server.pause();
    assert!(entry.invalidate().await.is_err());
    assert_eq!(cache.stats().pending_invalidations, 1);
    assert!(cache.stats().to_string().contains("1 pending"));
    server.resume();
    // Even before it is made up for, this process does not serve the old value.
    assert_ne!(cache.scope(quick("late")).await, 77);
    settled(&cache).await;
    let stats = cache.stats();
    assert_eq!(
        (stats.pending_invalidations, stats.retried_invalidations, stats.lost_invalidations),
        (0, 1, 0)
    );
    assert_eq!(server.query::<usize>(&["EXISTS", "row:late"]), 0);
}
