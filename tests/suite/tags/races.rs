//! Invalidations that meet a computation, and callers that share one.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::Cache;

use super::{Source, blocking, member, member_entry, row, row_entry};
use crate::{both, redis};

#[tokio::test]
async fn an_invalidation_wins_over_a_computation_that_began_before() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let old = tokio::spawn({
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            async move { cache.scope(row(&source, "a", 1)).await }
        });
        source.began().await;
        let new = source.write();
        cache.invalidate_tag("org:a").await.unwrap();
        source.open();
        assert_eq!(old.await.unwrap(), 1, "its caller began before");
        cache.flush().await.unwrap();
        assert_eq!(cache.sync_scope(|| row_entry("a", 1)).get().await.unwrap(), None);
        assert_eq!(cache.scope(row(&source, "a", 1)).await, new);
    }
}

/// The lease of the old computation is still there. Whoever joined by that alone would get the old value.
#[tokio::test]
async fn who_begins_after_an_invalidation_does_not_join_who_began_before() {
    for is_read_anew in [false, true] {
        let (_server, caches) = both().await;
        for cache in caches {
            let source = Source::closed();
            let call = || {
                let (cache, source) = (cache.clone(), Arc::clone(&source));
                tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
            };
            let old = call();
            source.began().await;
            // Of the same process, and it may join.
            let joined = call();
            while cache.stats().functions[0].coalesced == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let new = source.write();
            cache.invalidate_tag("org:a").await.unwrap();
            if is_read_anew {
                // The tag has a nonce again.
                cache.sync_scope(|| blocking(&source, "a", 1));
            }
            let late = [call(), call()];
            while cache.stats().functions.iter().map(|function| function.coalesced).sum::<u64>() < 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            source.open();
            assert_eq!((old.await.unwrap(), joined.await.unwrap()), (1, 1));
            for late in late {
                assert_eq!(late.await.unwrap(), new);
            }
        }
    }
}

#[tokio::test]
async fn callers_share_one_computation() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let call = || {
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
        };
        let mut calls: Vec<_> = (0..100).map(|_| call()).collect();
        source.began().await;
        calls.extend((0..100).map(|_| call()));
        tokio::time::sleep(Duration::from_millis(20)).await;
        source.open();
        for call in calls {
            assert_eq!(call.await.unwrap(), 1);
        }
        assert_eq!(source.reads(), 1);
    }
}

#[tokio::test]
async fn two_processes_share_one_computation() {
    let (server, one) = redis().await;
    let two = Cache::connect(server.url()).await.unwrap();
    let source = Source::closed();
    let call = |cache: &Cache| {
        let (cache, source) = (cache.clone(), Arc::clone(&source));
        tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
    };
    let first = call(&one);
    source.began().await;
    let second = call(&two);
    tokio::time::sleep(Duration::from_millis(20)).await;
    source.open();
    assert_eq!((first.await.unwrap(), second.await.unwrap(), source.reads()), (1, 1, 1));
    // What one invalidates, the other does not serve.
    let new = source.write();
    one.invalidate_tag("org:a").await.unwrap();
    assert_eq!(two.scope(row(&source, "a", 1)).await, new);
}

/// The tags that the value will have are not known when its tag is invalidated.
#[tokio::test]
async fn an_invalidation_wins_over_a_value_that_is_to_name_the_tag() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let old = tokio::spawn({
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            async move { cache.scope(member(&source, 1, &["x"])).await }
        });
        source.began().await;
        let new = source.write();
        cache.invalidate_tag("team:x").await.unwrap();
        // The tag and that of any tag have nonces again, which are not those that there were.
        source.gate.add_permits(2);
        assert_eq!(cache.scope(member(&source, 2, &["x"])).await.row, new);
        assert_eq!(old.await.unwrap().row, 1);
        cache.flush().await.unwrap();
        assert_eq!(cache.sync_scope(|| member_entry(1)).get().await.unwrap(), None);
        source.open();
        assert_eq!(cache.scope(member(&source, 1, &["x"])).await.row, new);
    }
}
