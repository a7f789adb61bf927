//! `stale_while_revalidate`, `stale_if_error`, `early_refresh`: what happens near the end of an entry's time, and past it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{Failed, both};

/// A source of values that can fail: each value is the number of the read.
#[derive(Default)]
struct Source {
    reads: AtomicUsize,
    fails: AtomicBool,
}

impl Source {
    fn read(&self) -> Result<usize, Failed> {
        let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        if self.fails.load(Ordering::SeqCst) { Err(Failed("the source")) } else { Ok(read) }
    }
}

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);

#[redis_cached(ttl = TTL, key = "swr:<name>", skip(source), stale_while_revalidate = "10s")]
async fn revalidated(source: &Arc<Source>, name: &str) -> Result<usize, Failed> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    let _ = name;
    source.read()
}

#[redis_cached(ttl = TTL, key = "swr blocking:<name>", skip(source), stale_while_revalidate = "10s")]
fn revalidated_blocking(source: Arc<Source>, name: String) -> usize {
    let _ = name;
    source.read().unwrap_or_default()
}

#[derive(Clone)]
struct Service {
    source: Arc<Source>,
}

impl Service {
    #[redis_cached(ttl = TTL, key = "swr method:<name>", skip(self), stale_while_revalidate = "10s")]
    async fn revalidated(&self, name: &str) -> Option<usize> {
        let _ = name;
        self.source.read().ok()
    }
}

#[redis_cached(ttl = TTL, key = "sie:<name>", skip(source), stale_if_error = "10s")]
async fn if_error(source: &Source, name: &str) -> Result<usize, Failed> {
    let _ = name;
    source.read()
}

#[redis_cached(ttl = 60, key = "early:<name>", skip(source), early_refresh = 1000000)]
async fn early(source: &Source, name: &str) -> usize {
    // Long enough to be worth an early refresh, by that factor.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let _ = name;
    source.read().unwrap_or_default()
}

#[redis_cached(ttl = 60, key = "sie:<name>", skip(source))]
async fn plain(source: &Source, name: &str) -> Result<usize, Failed> {
    let _ = name;
    source.read()
}

/// Waits until the source has been read that often.
async fn reads(source: &Source, reads: usize) {
    for _ in 0..500 {
        if source.reads.load(Ordering::SeqCst) >= reads {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the source was not read {reads} times");
}

#[tokio::test]
async fn a_stale_value_is_served_at_once_and_refreshed_once() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        cache
            .scope(async {
                assert_eq!(revalidated(&source, "a").await, Ok(1));
                cache.pass(PAST).await;
                // Many at once, and again while the refresh runs.
                for _ in 0..3 {
                    let (one, two) = tokio::join!(revalidated(&source, "a"), revalidated(&source, "a"));
                    assert_eq!((one, two), (Ok(1), Ok(1)));
                }
                reads(&source, 2).await;
                tokio::time::sleep(Duration::from_millis(30)).await;
                assert_eq!(revalidated(&source, "a").await, Ok(2));
            })
            .await;
        assert_eq!(source.reads.load(Ordering::SeqCst), 2);
        assert!(cache.stats().functions[0].stale >= 6);
    }
}

#[tokio::test]
async fn methods_and_blocking_functions_refresh_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        let service = Service { source: Arc::default() };
        let source: Arc<Source> = Arc::default();
        let blocking = || cache.sync_scope(|| revalidated_blocking(Arc::clone(&source), "b".into()));
        assert_eq!(cache.scope(service.revalidated("b")).await, Some(1));
        assert_eq!(blocking(), 1);
        cache.pass(PAST).await;
        assert_eq!(cache.scope(service.revalidated("b")).await, Some(1));
        assert_eq!(blocking(), 1);
        reads(&service.source, 2).await;
        reads(&source, 2).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(cache.scope(service.revalidated("b")).await, Some(2));
        assert_eq!(blocking(), 2);
    }
}

#[tokio::test]
async fn two_processes_refresh_once() {
    let server = RedisServer::start();
    let [one, two] =
        [Cache::connect(server.url()).await.unwrap(), Cache::connect(server.url()).await.unwrap()];
    let source = Arc::new(Source::default());
    one.scope(revalidated(&source, "c")).await.unwrap();
    one.flush().await.unwrap();
    tokio::time::sleep(PAST).await;
    let (first, second) =
        tokio::join!(one.scope(revalidated(&source, "c")), two.scope(revalidated(&source, "c")));
    assert_eq!((first, second), (Ok(1), Ok(1)));
    reads(&source, 2).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(source.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failed_refresh_leaves_the_old_value_and_is_counted() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        cache.scope(revalidated(&source, "d")).await.unwrap();
        cache.pass(PAST).await;
        source.fails.store(true, Ordering::SeqCst);
        assert_eq!(cache.scope(revalidated(&source, "d")).await, Ok(1));
        reads(&source, 2).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(cache.scope(revalidated(&source, "d")).await, Ok(1));
        assert!(cache.stats().functions[0].compute_errors >= 1);
    }
}

#[tokio::test]
async fn a_refresher_that_lost_to_an_invalidation_stores_nothing() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        cache
            .scope(async {
                revalidated(&source, "e").await.unwrap();
                cache.pass(PAST).await;
                revalidated(&source, "e").await.unwrap();
                revalidated_entry("e").invalidate().await.unwrap();
                reads(&source, 2).await;
                tokio::time::sleep(Duration::from_millis(30)).await;
                cache.flush().await.unwrap();
                assert_eq!(revalidated_entry("e").get().await.unwrap(), None);
            })
            .await;
    }
}

#[tokio::test]
async fn an_old_value_is_served_in_place_of_an_error() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::default();
        cache
            .scope(async {
                assert_eq!(if_error(&source, "f").await, Ok(1));
                cache.pass(PAST).await;
                source.fails.store(true, Ordering::SeqCst);
                assert_eq!(if_error(&source, "f").await, Ok(1));
                source.fails.store(false, Ordering::SeqCst);
                assert_eq!(if_error(&source, "f").await, Ok(3));
                assert_eq!(if_error(&source, "f").await, Ok(3));
                source.fails.store(true, Ordering::SeqCst);
                // Nothing to fall back on.
                assert_eq!(if_error(&source, "never computed").await, Err(Failed("the source")));
            })
            .await;
        assert_eq!(cache.stats().functions[0].stale, 1);
    }
}

#[tokio::test]
async fn a_dear_value_is_refreshed_before_its_time() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::default();
        let values = cache
            .scope(async {
                let mut values = Vec::new();
                for _ in 0..3 {
                    values.push(early(&source, "g").await);
                    cache.flush().await.unwrap();
                }
                values
            })
            .await;
        // By this factor nearly every call finds it due.
        assert!(values[2] > 1, "{values:?}");
    }
}

#[tokio::test]
async fn a_function_without_windows_does_not_serve_what_one_with_windows_kept() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::default();
        cache
            .scope(async {
                if_error(&source, "h").await.unwrap();
                cache.flush().await.unwrap();
                assert_eq!(plain(&source, "h").await, Ok(1));
                cache.pass(PAST).await;
                assert_eq!(plain(&source, "h").await, Ok(2));
            })
            .await;
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Cloneable(usize);

#[redis_cached(ttl = 60, key = "shared error:<name>", skip(source))]
async fn shared_error(source: &Source, name: &str) -> Result<usize, Cloneable> {
    let _ = name;
    tokio::time::sleep(Duration::from_millis(20)).await;
    source.read().map_err(|_| Cloneable(source.reads.load(Ordering::SeqCst)))
}

#[tokio::test]
async fn an_error_that_is_clone_is_shared() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source { fails: AtomicBool::new(true), ..Source::default() };
        let call = || cache.scope(shared_error(&source, "i"));
        assert_eq!(
            tokio::join!(call(), call(), call()),
            (Err(Cloneable(1)), Err(Cloneable(1)), Err(Cloneable(1)))
        );
        assert_eq!(call().await, Err(Cloneable(2)));
    }
}
