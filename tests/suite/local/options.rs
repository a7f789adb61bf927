//! `local` beside the other options: they behave as without it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::redis_cached;
use redis_cached_test_support::RedisServer;

use super::{Row, becomes, kept, kept_entry, local_hits, process, settle};
use crate::Failed;

#[redis_cached(ttl = 3600, local = "1h", key = "large:<length>")]
pub(super) async fn large(length: usize) -> String {
    "x".repeat(length)
}

#[redis_cached(ttl = 3600, local = "1h", key = "compressed", compress = Lz4)]
pub(super) async fn compressed() -> String {
    "x".repeat(40_000)
}

#[redis_cached(ttl = 3600, local = "1h", key = "tagged", tags = ["all"], compress = Lz4)]
pub(super) async fn compressed_and_tagged() -> String {
    "x".repeat(40_000)
}

#[redis_cached(ttl = 3600, local = "1h", key = "batch:<ids>", batch = ids, compress = Lz4)]
pub(super) async fn compressed_in_a_batch(ids: Vec<u64>) -> HashMap<u64, String> {
    ids.into_iter().map(|id| (id, "x".repeat(40_000))).collect()
}

#[redis_cached(ttl = "300ms", local = "1h", stale_while_revalidate = "1h", key = "swr:<name>", skip(row))]
async fn revalidated(row: Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

static FAILS: AtomicBool = AtomicBool::new(false);

#[redis_cached(ttl = "300ms", local = "1h", stale_if_error = "1h", key = "sie", skip(row))]
async fn if_error(row: &Row) -> Result<u64, Failed> {
    if FAILS.load(Ordering::SeqCst) { Err(Failed("the row")) } else { Ok(row.get()) }
}

#[redis_cached(ttl = 3600, local = "1h", negative_ttl = "1h", key = "negative:<name>")]
async fn negative(name: &str) -> Option<u64> {
    let _ = name;
    None
}

#[redis_cached(ttl = 3600, local = "1h", key = "positive:<name>")]
async fn positive(name: &str) -> Option<u64> {
    let _ = name;
    None
}

#[redis_cached(ttl = 3600, local = "1h", cache_if = |version: &u64| *version > 5, key = "if:<name>", skip(row))]
async fn wanted(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[redis_cached(ttl = 60, local = "1h", early_refresh = 1000000, key = "early")]
async fn early() -> u64 {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    // Long enough to be worth an early refresh, by that factor.
    tokio::time::sleep(Duration::from_millis(5)).await;
    RUNS.fetch_add(1, Ordering::SeqCst)
}

#[redis_cached(ttl = 3600, local = "300ms", key = "brief:<name>", skip(row))]
async fn brief(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

/// Who asks after the entry's end in Redis is not served what was there, however long `local` is.
#[tokio::test]
async fn nothing_is_served_past_its_time_in_redis() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    cache.scope(kept(&row, "a")).await;
    cache.flush().await.unwrap();
    row.set(1);
    let left = Duration::from_millis(1500);
    server.cli(&["PEXPIRE", cache.sync_scope(|| kept_entry("a")).key(), "1500"]);
    let gone = Instant::now() + left;
    assert_eq!(settle(&cache, async || kept(&row, "a").await).await, 0);
    loop {
        let begins = Instant::now();
        let version = cache.scope(kept(&row, "a")).await;
        assert!(version == 1 || begins < gone, "{:?} too late", begins - gone);
        if version == 1 {
            break;
        }
    }
}

/// It asks Redis again, which has the same.
#[tokio::test]
async fn nothing_is_kept_longer_than_local_says() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    settle(&cache, async || brief(&row, "b").await).await;
    tokio::time::sleep(Duration::from_millis(350)).await;
    let before = local_hits(&cache);
    cache.scope(brief(&row, "b")).await;
    assert_eq!(local_hits(&cache), before);
    settle(&cache, async || brief(&row, "b").await).await;
    assert_eq!(cache.stats().functions[0].computes, 1);
}

#[tokio::test]
async fn a_stale_value_is_served_and_refreshed_and_not_kept() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    settle(&cache, async || revalidated(row.clone(), "c").await).await;
    row.set(1);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let before = local_hits(&cache);
    assert_eq!(cache.scope(revalidated(row.clone(), "c")).await, 0);
    assert_eq!(local_hits(&cache), before, "it is past its time");
    assert_eq!(cache.stats().functions[0].stale, 1);
    becomes(&cache, 1, async || revalidated(row.clone(), "c").await).await;
}

#[tokio::test]
async fn an_old_value_is_served_in_place_of_an_error_and_not_kept() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    settle(&cache, async || if_error(&row).await).await.unwrap();
    row.set(1);
    FAILS.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let before = local_hits(&cache);
    for _ in 0..3 {
        assert_eq!(cache.scope(if_error(&row)).await, Ok(0));
    }
    assert_eq!(local_hits(&cache), before);
    FAILS.store(false, Ordering::SeqCst);
    // When it has rested.
    becomes(&cache, Ok(1), async || if_error(&row).await).await;
}

#[tokio::test]
async fn none_is_kept_where_it_is_stored() {
    let server = RedisServer::start();
    let cache = process(&server);
    assert_eq!(settle(&cache, async || negative("d").await).await, None);
    let before = local_hits(&cache);
    for _ in 0..5 {
        assert_eq!(cache.scope(positive("d")).await, None);
        cache.flush().await.unwrap();
    }
    assert_eq!(local_hits(&cache), before);
}

#[tokio::test]
async fn what_cache_if_refuses_is_not_kept() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    for version in 0..=5 {
        row.set(version);
        assert_eq!(cache.scope(wanted(&row, "e")).await, version);
        cache.flush().await.unwrap();
    }
    assert_eq!((local_hits(&cache), cache.stats().functions[0].computes), (0, 6));
    row.set(6);
    assert_eq!(settle(&cache, async || wanted(&row, "e").await).await, 6);
}

#[tokio::test]
async fn a_dear_value_is_refreshed_early_all_the_same() {
    let server = RedisServer::start();
    let cache = process(&server);
    let mut values = Vec::new();
    for _ in 0..5 {
        values.push(cache.scope(early()).await);
        cache.flush().await.unwrap();
    }
    // By this factor nearly every call finds it due.
    assert!(values[4] > 1, "{values:?}");
}
