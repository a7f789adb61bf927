//! Invalidations whose caller went away while they were under way. Whether Redis has taken them nobody knows.

use std::time::Duration;

use redis_cached::{Cache, Entry};
use redis_cached_test_support::RedisServer;

use super::{Row, is_retried, is_there, long_entry, tagged, tagged_entry, wait_until};
use crate::redis;

/// Drops what waits for a server that says nothing, and lets the server go on.
async fn cancel<T: std::fmt::Debug>(server: &RedisServer, cache: &Cache, operation: impl Future<Output = T>) {
    server.pause();
    tokio::time::timeout(Duration::from_millis(20), operation).await.unwrap_err();
    assert_ne!(cache.stats().pending_invalidations, 0);
}

#[tokio::test]
async fn the_entry_is_not_used_and_removed_in_the_background() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| long_entry(1));
    for operation in ["invalidate", "hold", "put", "put_many", "invalidate_many"] {
        entry.put(&1).await.unwrap();
        let cancelled = async {
            match operation {
                "invalidate" => entry.invalidate().await,
                "hold" => entry.invalidate_with_hold(Duration::from_millis(1)).await,
                "put" => entry.put(&2).await,
                "invalidate_many" => Entry::invalidate_many([entry.clone()]).await,
                _ => Entry::put_many([(entry.clone(), 2)]).await,
            }
        };
        cancel(&server, &cache, cancelled).await;
        assert_eq!(entry.get().await.unwrap(), None, "{operation}");
        server.resume();
        is_retried(&cache).await;
        wait_until(|| !is_there(&server, "row:1")).await;
    }
}

#[tokio::test]
async fn so_it_is_with_a_tag() {
    let (server, cache) = redis().await;
    let row = Row::default();
    cache.scope(tagged(&row, "a")).await;
    cache.flush().await.unwrap();
    let new = row.write();
    cancel(&server, &cache, cache.invalidate_tags(["a", "b"])).await;
    assert_eq!(cache.sync_scope(|| tagged_entry("a")).get().await.unwrap(), None);
    server.resume();
    is_retried(&cache).await;
    assert!(!is_there(&server, "\u{1}tag:a"));
    assert_eq!(cache.scope(tagged(&row, "a")).await, new);
}

/// A future that was never polled is none of this.
#[tokio::test]
async fn what_was_never_begun_is_nothing() {
    let (_server, cache) = redis().await;
    let entry = cache.sync_scope(|| long_entry(1));
    entry.put(&1).await.unwrap();
    drop(entry.invalidate());
    drop(cache.invalidate_tag("a"));
    assert_eq!((cache.stats().pending_invalidations, entry.get().await.unwrap()), (0, Some(1)));
}
