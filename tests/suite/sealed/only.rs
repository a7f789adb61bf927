//! `sealed`: a function whose values are stored in caches with a keyring, and in no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{AdviceKind, Cache, Entry, ErrorKind, FunctionStats, redis_cached, redis_updates};
use tokio::sync::Barrier;

use super::{sealed, secret};
use crate::{both, both_with, log_recorder};

#[redis_cached(ttl = 60, key = "only:<id>", sealed, tags = ["only:<id>"])]
async fn only(id: u64) -> String {
    secret(id)
}

#[redis_cached(ttl = 60, key = "only many:<ids>", sealed, batch = ids, negative_ttl = 60)]
async fn many(ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().filter(|id| **id != 13).map(|id| (*id, secret(*id))).collect()
}

#[redis_cached(ttl = 60, key = "only kept:<id>", sealed, local = "1m")]
fn kept(id: u64) -> Arc<String> {
    Arc::new(secret(id))
}

#[redis_cached(ttl = 60, key = "only stale:<id>", sealed, stale_while_revalidate = "1m", local = revalidate)]
async fn stale(id: u64) -> Arc<String> {
    Arc::new(secret(id))
}

#[redis_cached(ttl = 60, key = "only together:<id>", sealed, skip(barrier))]
async fn together(barrier: &Barrier, id: u64) -> u64 {
    barrier.wait().await;
    id
}

#[redis_updates(only(id), strict)]
async fn write(id: u64) -> Result<String, redis_cached::Error> {
    Ok(secret(id))
}

async fn call_all() {
    assert_eq!(only(1).await, secret(1));
    assert_eq!(many(&[1, 13, 2]).await.len(), 2);
    assert_eq!(*kept(1), secret(1));
    assert_eq!(*stale(1).await, secret(1));
}

fn counted(cache: &Cache, name: &str) -> FunctionStats {
    let functions = cache.stats().functions;
    functions.into_iter().find(|function| function.function.ends_with(name)).unwrap()
}

#[tokio::test]
async fn without_a_keyring_it_computes_and_nothing_is_stored() {
    let (server, caches) = both().await;
    for cache in &caches {
        let calls = async {
            for _ in 0..3 {
                call_all().await;
                cache.flush().await.unwrap();
            }
            assert_eq!(only_entry(1).refresh_with(async { secret(2) }).await, secret(2));
            cache.bypass(call_all()).await;
        };
        cache.scope(calls).await;
        for (name, computes, values) in
            [("::only", 5, 5), ("::many", 4, 12), ("::kept", 4, 4), ("::stale", 4, 4)]
        {
            let of = counted(cache, name);
            assert_eq!((of.computes, of.unstorable, of.misses), (computes, values, values), "{of:?}");
            assert_eq!(
                (of.missed_for.unstorable, of.hits, of.stored, of.store_errors),
                (values, 0, 0, 0),
                "{of:?}"
            );
        }
        let report = cache.report();
        let advice = report.advice.iter().find(|advice| advice.function.ends_with("::only")).unwrap();
        assert!(advice.kind == AdviceKind::Unstorable && advice.text.contains("no keyring"), "{report}");
    }
    assert_eq!(server.query::<i64>(&["DBSIZE"]), 0);
}

#[redis_cached(ttl = 60, key = "only told:<id>", sealed)]
fn told_of_the_keyring(id: u64) -> u64 {
    id
}

#[test]
fn it_is_told_once_a_function() {
    log_recorder::record();
    Cache::memory().sync_scope(|| (told_of_the_keyring(1), told_of_the_keyring(2), told_of_the_keyring(2)));
    let warnings = log_recorder::warnings("`told_of_the_keyring` is `sealed`, and the cache has no keyring");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

/// There is nobody at that port, and nobody is missed.
#[tokio::test]
async fn redis_is_asked_for_nothing() {
    let cache = Cache::builder().url("redis://127.0.0.1:1").connect_lazy().unwrap();
    let calls = async {
        call_all().await;
        assert_eq!(only_entry(1).get().await.unwrap(), None);
        assert_eq!(only_entry(1).lookup().await.unwrap(), None);
        let warm_up = Entry::warm_up([(1, only_entry(1))]).await.unwrap();
        assert!(warm_up.missing().is_empty());
    };
    cache.scope(calls).await;
    let stats = cache.stats();
    assert!(stats.functions.iter().all(|of| of.store_errors == 0 && of.unstorable > 0), "{stats}");
}

/// Each waits for the other within its body, so neither waits for the other before it.
#[tokio::test]
async fn nobody_waits_for_what_is_not_stored() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let barrier = Barrier::new(2);
        let calls = cache.scope(async { tokio::join!(together(&barrier, 1), together(&barrier, 1)) });
        assert_eq!(calls.await, (1, 1));
    }
}

#[tokio::test]
async fn writes_say_why_and_leave_nothing() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let calls = async {
            let errors = [
                only_entry(1).put(&secret(1)).await.unwrap_err(),
                Entry::put_many([(only_entry(1), secret(1))]).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::InvalidOption);
                assert!(error.to_string().contains("CacheBuilder::seal"), "{error}");
            }
            // What is not stored cannot be old: the write has succeeded.
            assert_eq!(write(1).await.unwrap(), secret(1));
            only_entry(1).invalidate().await.unwrap();
            only_entry(1).invalidate_with_hold(Duration::from_millis(1)).await.unwrap();
            cache.invalidate_tag("only:1").await.unwrap();
        };
        cache.scope(calls).await;
        assert_eq!(counted(cache, "::only").unstorable, 1, "the update");
        assert_eq!(cache.stats().pending_invalidations, 0);
    }
}

#[tokio::test]
async fn with_a_keyring_it_changes_nothing() {
    let (_server, caches) = both_with(sealed()).await;
    for cache in &caches {
        let calls = async {
            for _ in 0..3 {
                call_all().await;
                cache.flush().await.unwrap();
            }
            write(2).await.unwrap();
            assert_eq!(only_entry(2).get().await.unwrap(), Some(secret(2)));
        };
        cache.scope(calls).await;
        for name in ["::only", "::many", "::kept", "::stale"] {
            let of = counted(cache, name);
            assert_eq!((of.computes, of.unstorable, of.unsealed), (1, 0, 0), "{of:?}");
        }
    }
}

/// A cache that stores nothing in any case is not to be complained of.
#[tokio::test]
async fn a_disabled_cache_is_none_without_a_keyring() {
    let cache = Cache::disabled();
    cache.scope(call_all()).await;
    assert_eq!((counted(&cache, "::only").unstorable, counted(&cache, "::only").computes), (0, 1));
}
