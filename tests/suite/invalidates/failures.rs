//! Writers whose invalidation fails, and writers that end midway.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_invalidates, redis_updates};
use redis_cached_test_support::RedisServer;
use tokio::sync::oneshot;

use super::{by_number_entry, rename};
use crate::{both, settled};

#[tokio::test]
async fn a_silent_redis_fails_no_call_and_is_told_later() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let entry = cache.sync_scope(|| by_number_entry(77));
    entry.put(&77).await.unwrap();
    server.pause();
    assert_eq!(cache.scope(rename(77, "acme".into(), "ann", false)).await, Ok("ann".to_owned()));
    let stats = cache.stats();
    assert_eq!(stats.pending_invalidations, 3);
    assert_eq!(stats.functions.iter().map(|function| function.store_errors).sum::<u64>(), 3);
    server.resume();
    settled(&cache).await;
    assert_eq!(cache.stats().retried_invalidations, 3);
    assert_eq!(server.query::<usize>(&["EXISTS", "by-number:77"]), 0);
}

#[derive(Debug, PartialEq)]
enum Strictly {
    Failed,
    Cache(redis_cached::ErrorKind),
}

impl From<redis_cached::Error> for Strictly {
    fn from(error: redis_cached::Error) -> Self {
        Self::Cache(error.kind())
    }
}

#[redis_invalidates(by_number(id), strict)]
async fn strictly(id: u64, fails: bool) -> Result<u64, Strictly> {
    if fails { Err(Strictly::Failed) } else { Ok(id) }
}

#[redis_invalidates(by_number(id), before, strict)]
fn strictly_before(id: u64, ran: &AtomicBool) -> Result<u64, Strictly> {
    ran.store(true, Ordering::SeqCst);
    Ok(id)
}

#[redis_updates(by_number(id), strict)]
async fn strictly_written(id: u64) -> Result<u64, Strictly> {
    Ok(id)
}

#[tokio::test]
async fn a_strict_writer_fails_where_its_invalidation_does_and_retries_it_all_the_same() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let ran = AtomicBool::new(false);
    assert_eq!(cache.scope(strictly(78, false)).await, Ok(78));
    assert_eq!(cache.scope(strictly_written(79)).await, Ok(79));
    assert_eq!(cache.sync_scope(|| strictly_before(80, &ran)), Ok(80));
    assert!(ran.swap(false, Ordering::SeqCst));
    server.pause();
    let timeout = Err(Strictly::Cache(redis_cached::ErrorKind::Timeout));
    assert_eq!(cache.scope(strictly(78, false)).await, timeout);
    // An error of its own is what it returns, and nothing was to be invalidated.
    assert_eq!(cache.scope(strictly(78, true)).await, Err(Strictly::Failed));
    let written = cache.scope(strictly_written(79)).await;
    assert!(matches!(written, Err(Strictly::Cache(_))), "{written:?}");
    let before = cache.sync_scope(|| strictly_before(80, &ran));
    assert!(matches!(before, Err(Strictly::Cache(_))), "{before:?}");
    assert!(!ran.load(Ordering::SeqCst), "the body ran after its entry could not be invalidated");
    assert_eq!(cache.stats().pending_invalidations, 3);
    server.resume();
    settled(&cache).await;
    assert_eq!(server.query::<usize>(&["EXISTS", "by-number:79"]), 0);
}

#[redis_invalidates(by_number(id))]
async fn slow(id: u64, began: oneshot::Sender<()>, panics: bool) -> u64 {
    began.send(()).unwrap();
    assert!(!panics, "as asked");
    std::future::pending().await
}

#[tokio::test]
async fn a_call_that_ends_midway_invalidates_in_the_background() {
    let (_server, caches) = both().await;
    for cache in caches {
        for panics in [false, true] {
            let entry = cache.sync_scope(|| by_number_entry(5));
            entry.put(&0).await.unwrap();
            let (began, has_begun) = oneshot::channel();
            let call = tokio::spawn({
                let cache = cache.clone();
                async move { cache.scope(slow(5, began, panics)).await }
            });
            has_begun.await.unwrap();
            call.abort();
            assert!(call.await.is_err());
            settled(&cache).await;
            cache.flush().await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
        }
    }
}
