//! Values that take more than the cache is to store.

use redis_cached::{Cache, ErrorKind, redis_cached};

use crate::both;

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
    (sum(|row| row.too_large), sum(|row| row.stored), sum(|row| row.errors))
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
            cache.flush().await;
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
    assert_eq!(error.kind(), ErrorKind::Option);
}
