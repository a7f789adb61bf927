//! The same with values that are kept in the process, and where Redis is in trouble.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{Row, plain, plain_entry};
use crate::{redis, settled};

#[redis_cached(ttl = 60, local = "1h", key = "gone local:<n>", skip(row))]
async fn local(row: &Row, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

#[redis_cached(ttl = 60, local = "1h", key = "gone local tagged:<n>", skip(row), tags = ["n:<n>"])]
async fn local_tagged(row: &Row, n: u8) -> Option<u64> {
    row.get().filter(|_| n < 100)
}

/// Until the process keeps the value.
async fn is_kept<F: Future<Output = Option<u64>>>(cache: &Cache, call: impl Fn() -> F) {
    for _ in 0..200 {
        let hits: u64 = cache.stats().functions.iter().map(|row| row.local_hits).sum();
        assert_eq!(cache.scope(call()).await, Some(1));
        if cache.stats().functions.iter().map(|row| row.local_hits).sum::<u64>() > hits {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is never kept");
}

#[tokio::test]
async fn the_process_forgets_what_it_kept() {
    let (server, cache) = redis().await;
    let other = Cache::connect(server.url()).await.unwrap();
    let row = Row::of(1);
    is_kept(&cache, || local(&row, 1)).await;
    is_kept(&cache, || local_tagged(&row, 1)).await;
    is_kept(&other, || local(&row, 1)).await;
    row.set(0);
    assert_eq!(cache.scope(cache.bypass(local(&row, 1))).await, None);
    assert_eq!(cache.scope(cache.bypass(local_tagged(&row, 1))).await, None);
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(local(&row, 1)).await, None);
    assert_eq!(cache.scope(local_tagged(&row, 1)).await, None);
    // Redis tells the other one.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(other.scope(local(&row, 1)).await, None);
}

/// A removal that Redis does not take is tried again, and until then this process does not use the value.
#[tokio::test]
async fn a_removal_that_failed_is_tried_again_and_spares_what_is_newer() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(200)).connect().await.unwrap();
    let other = Cache::connect(server.url()).await.unwrap();
    let row = Row::of(0);
    let (gone, newer) = cache.sync_scope(|| (plain_entry(1), plain_entry(2)));
    gone.put(&Some(1)).await.unwrap();
    newer.put(&Some(1)).await.unwrap();
    for entry in [&gone, &newer] {
        let forbidding = async {
            server.cli(&["ACL", "SETUSER", "default", "-unlink", "-del"]);
            None
        };
        assert_eq!(entry.refresh_with(forbidding).await, None);
        cache.flush().await.unwrap_err();
        server.cli(&["ACL", "SETUSER", "default", "+@all", "-unlink", "-del"]);
    }
    assert_eq!(cache.stats().pending_invalidations, 2);
    assert_eq!(cache.scope(plain(&row, 1)).await, None);
    assert_eq!(other.scope(plain(&row, 1)).await, Some(1), "it is there");
    other.sync_scope(|| plain_entry(2)).put(&Some(2)).await.unwrap();
    server.cli(&["ACL", "SETUSER", "default", "+unlink", "+del"]);
    settled(&cache).await;
    assert_eq!(cache.stats().retried_invalidations, 2);
    assert_eq!(gone.get().await.unwrap(), None);
    assert_eq!(newer.get().await.unwrap(), Some(Some(2)));
}

/// What the server has no room for is not stored either.
#[tokio::test]
async fn a_value_that_is_refused_by_a_full_server_removes_the_old_one() {
    let server = Arc::new(RedisServer::start());
    let cache = Cache::connect(server.url()).await.unwrap();
    let entry = cache.sync_scope(|| plain_entry(3));
    entry.put(&Some(1)).await.unwrap();
    let filling = async {
        server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
        Some(2)
    };
    assert_eq!(entry.refresh_with(filling).await, Some(2));
    // It says what was not stored meanwhile; the refusal may have come before.
    assert!(cache.flush().await.map_or_else(|error| error.kind() == ErrorKind::Incomplete, |()| true));
    assert_eq!(entry.get().await.unwrap(), None);
}
