//! Values that take more than the cache is to store.

use redis_cached::{Cache, ErrorKind, redis_cached};

use crate::both;
use crate::log_recorder::{record, warnings};

#[redis_cached(ttl = 60, key = "text:<bytes>")]
async fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[redis_cached(ttl = 60, key = "blocking:<bytes>")]
fn blocking(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[redis_cached(ttl = 60, key = "text:<sizes>", batch = sizes)]
async fn texts(sizes: &[usize]) -> std::collections::HashMap<usize, String> {
    sizes.iter().map(|bytes| (*bytes, "x".repeat(*bytes))).collect()
}

fn count(cache: &Cache) -> (u64, u64, u64) {
    let stats = cache.stats();
    let sum = |count: fn(&redis_cached::FunctionStats) -> u64| stats.functions.iter().map(count).sum::<u64>();
    (sum(|row| row.too_large), sum(|row| row.stored), sum(|row| row.store_errors))
}

#[tokio::test]
async fn what_is_larger_is_returned_counted_and_not_stored() {
    let server = redis_cached_test_support::RedisServer::start();
    let limited = || Cache::builder().max_value_size("1KiB");
    for cache in [
        limited().url(server.url()).connect().await.unwrap(),
        limited().url("memory://").connect().await.unwrap(),
    ] {
        for _ in 0..2 {
            assert_eq!(cache.scope(text(5_000)).await.len(), 5_000);
            let worker = cache.clone();
            let call = move || worker.sync_scope(|| blocking(5_000));
            assert_eq!(tokio::task::spawn_blocking(call).await.unwrap().len(), 5_000);
            assert_eq!(cache.scope(texts(&[100, 6_000])).await.len(), 2);
            cache.flush().await.unwrap();
        }
        assert_eq!(count(&cache), (6, 1, 0), "{}", cache.stats());
        assert!(cache.stats().to_string().contains("too large"));

        // The lease is given back: nobody waits for a value that does not come.
        assert_eq!(cache.sync_scope(|| text_entry(5_000)).ttl().await.unwrap(), None);
    }
}

/// An older value is never served after a `put`, be it that the new one is not taken.
#[tokio::test]
async fn a_put_says_so_and_removes_the_old_value() {
    let server = redis_cached_test_support::RedisServer::start();
    for url in [server.url(), "memory://".into()] {
        let cache = Cache::builder().url(url).max_value_size(1_000_u64).connect().await.unwrap();
        let entry = cache.sync_scope(|| text_entry(1));
        entry.put(&"old".into()).await.unwrap();
        let error = entry.put(&"x".repeat(2_000)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let said = error.to_string();
        assert!(said.contains("`text`") && said.contains("1000") && said.contains("20"), "{said}");
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

/// Without an option too, and before the server would end the connection.
#[tokio::test]
async fn the_default_is_a_limit_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| text_entry(1));
        let error = entry.put(&"x".repeat(65 << 20)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        entry.put(&"x".repeat(1 << 20)).await.unwrap();
    }
}

#[tokio::test]
async fn callers_that_waited_get_what_is_not_stored() {
    let cache = Cache::builder().url("memory://").max_value_size("1KiB").connect().await.unwrap();
    let calls = (0..20).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(text(5_000)).await.len() })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 5_000);
    }
    assert_eq!(cache.stats().functions[0].computes, 1, "{}", cache.stats());
}

#[test]
fn text_that_is_no_size_is_an_error() {
    let error = Cache::builder().max_value_size("64 megs").connect_lazy().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
}

#[redis_cached(ttl = 60, key = "small:<bytes>", max_size = "1KiB")]
async fn small(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[redis_cached(ttl = 60, key = "small:<sizes>", batch = sizes, max_size = 1024)]
async fn smalls(sizes: &[usize]) -> std::collections::HashMap<usize, String> {
    sizes.iter().map(|bytes| (*bytes, "x".repeat(*bytes))).collect()
}

const LIMIT: u64 = 2048;

#[redis_cached(ttl = 60, key = "expression:<bytes>", max_size = LIMIT * 2)]
fn limit_by_expression(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// A function's own limit counts, and the cache's beside it.
#[tokio::test]
async fn a_function_can_have_a_smaller_limit() {
    let (_server, caches) = both().await;
    for cache in caches {
        for _ in 0..2 {
            assert_eq!(cache.scope(small(900)).await.len(), 900);
            assert_eq!(cache.scope(small(1_100)).await.len(), 1_100);
            assert_eq!(cache.scope(smalls(&[800, 1_200])).await.len(), 2);
            cache.flush().await.unwrap();
        }
        assert_eq!(count(&cache), (4, 2, 0), "{}", cache.stats());

        let entry = cache.sync_scope(|| limit_by_expression_entry(1));
        entry.put(&"x".repeat(4_000)).await.unwrap();
        assert_eq!(entry.put(&"x".repeat(4_097)).await.unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

// Text, which is not read byte by byte.
#[redis_cached(ttl = 60, key = "zeros:<bytes>", compress = Lz4, max_size = "100MiB")]
async fn zeros(bytes: usize) -> String {
    "0".repeat(bytes)
}

/// 64 MiB are what is decompressed to at most, unless the function says more.
#[tokio::test]
async fn a_larger_limit_is_one_for_decompression_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| zeros_entry(70 << 20));
        assert_eq!(cache.scope(zeros(70 << 20)).await.len(), 70 << 20);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap().map(|value| value.len()), Some(70 << 20));
    }
}

#[redis_cached(ttl = 60, key = "local:<bytes>", local = "30s")]
async fn kept(bytes: usize) -> std::sync::Arc<str> {
    "x".repeat(bytes).into()
}

/// What there is no room for in this process is said, once, and counted.
#[tokio::test]
async fn a_value_that_this_process_cannot_keep_is_counted() {
    record();
    let server = redis_cached_test_support::RedisServer::start();
    let cache = Cache::builder().url(server.url()).local_capacity(10_000_u64).connect().await.unwrap();
    for _ in 0..4 {
        assert_eq!(cache.scope(kept(20_000)).await.len(), 20_000);
        cache.flush().await.unwrap();
    }
    let local = cache.stats().local.unwrap();
    assert!(local.too_large >= 3 && local.entries == 0, "{local:?}");
    assert!(cache.stats().to_string().contains("too large"));
    assert_eq!(warnings("the most with this `local_capacity` is 9700").len(), 1);
}
