//! `refresh_with` and `bypass`: for those who want a value from now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::redis_cached;
use tokio::sync::oneshot;

use crate::both;

/// Stands for a database's row.
static ROW: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 60, key = "fresh:<name>", local = "1m")]
async fn row(name: &str) -> u64 {
    let _ = name;
    ROW.fetch_add(1, Ordering::SeqCst) + 1
}

#[redis_cached(ttl = 60, key = "fresh:<name>")]
fn row_blocking(name: &str) -> u64 {
    let _ = name;
    ROW.fetch_add(1, Ordering::SeqCst) + 1
}

#[tokio::test]
async fn within_a_bypass_every_call_computes_and_its_value_is_what_others_get() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let name = "bypass";
        let first = cache.scope(row(name)).await;
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row(name)).await, first);
        let fresh = cache.scope(cache.bypass(async { [row(name).await, row(name).await] })).await;
        assert!(first < fresh[0] && fresh[0] < fresh[1], "{first} {fresh:?}");
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row(name)).await, fresh[1]);
    }
}

#[test]
fn a_bypass_of_blocking_functions() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, caches) = runtime.block_on(both());
    for cache in &caches {
        let call = || cache.sync_scope(|| row_blocking("blocking"));
        let first = call();
        runtime.block_on(cache.flush()).unwrap();
        assert_eq!(call(), first);
        let fresh = cache.sync_bypass(call);
        assert!(fresh > first);
        runtime.block_on(cache.flush()).unwrap();
        assert_eq!(call(), fresh);
    }
}

#[tokio::test]
async fn a_bypass_is_of_one_cache() {
    let (_server, [one, other, ..]) = both().await;
    let first = one.scope(row("of one")).await;
    one.flush().await.unwrap();
    assert_eq!(one.scope(other.bypass(row("of one"))).await, first);
}

#[tokio::test]
async fn refresh_with_stores_what_it_is_given_unless_it_fails() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| row_entry("with"));
        assert_eq!(entry.refresh_with(async { 500 }).await, 500);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(500));
        assert_eq!(entry.refresh_with(async { 501 }).await, 501);
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row("with")).await, 501);

        assert_eq!(entry.try_refresh_with(async { Err::<u64, _>("no") }).await, Err("no"));
        assert_eq!(entry.get().await.unwrap(), Some(501));
    }
}

#[tokio::test]
async fn an_invalidation_during_a_refresh_wins() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| row_entry("overtaken"));
        entry.put(&1).await.unwrap();
        let (go, gone) = oneshot::channel::<()>();
        let refresh = {
            let entry = entry.clone();
            let (begun, began) = oneshot::channel::<()>();
            let task = tokio::spawn(async move {
                let compute = async {
                    begun.send(()).unwrap();
                    gone.await.unwrap();
                    2
                };
                entry.refresh_with(compute).await
            });
            began.await.unwrap();
            task
        };
        entry.invalidate().await.unwrap();
        go.send(()).unwrap();
        assert_eq!(refresh.await.unwrap(), 2);
        cache.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(entry.get().await.unwrap(), None);
    }
}
