//! A source that fails while there is an older value: who is served that, how often the source is asked, and what is logged.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::log_recorder::{is_alone, record, warnings};
use crate::{both, both_with};

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);

/// Gives the number of the read, or fails, after a while.
#[derive(Default)]
struct Source {
    reads: AtomicUsize,
    fails: AtomicBool,
    panics: AtomicBool,
    takes_millis: AtomicUsize,
}

impl Source {
    fn read(&self) -> Result<usize, Down> {
        let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(!self.panics.load(Ordering::SeqCst), "the source panics");
        if self.fails.load(Ordering::SeqCst) { Err(Down("the source is down")) } else { Ok(read) }
    }

    async fn read_slowly(&self) -> Result<usize, Down> {
        let millis = self.takes_millis.load(Ordering::SeqCst) as u64;
        if millis > 0 {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        self.read()
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }
}

/// Not `Clone`; says why.
#[derive(Debug, PartialEq)]
struct Down(&'static str);

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `Clone`, and says why to programmers only.
#[derive(Debug, Clone, PartialEq)]
struct Cloneable(&'static str);

#[redis_cached(ttl = TTL, key = "served:<name>", skip(source), stale_if_error = "60s")]
async fn served(source: &Source, name: &str) -> Result<usize, Down> {
    let _ = name;
    source.read_slowly().await
}

#[redis_cached(ttl = TTL, key = "served clone:<name>", skip(source), stale_if_error = "60s")]
async fn served_clone(source: &Source, name: &str) -> Result<usize, Cloneable> {
    let _ = name;
    source.read_slowly().await.map_err(|down| Cloneable(down.0))
}

#[redis_cached(ttl = TTL, key = "refreshed:<name>", skip(source), stale_while_revalidate = "60s")]
async fn refreshed(source: &Arc<Source>, name: &str) -> Result<usize, Down> {
    let _ = name;
    source.read_slowly().await
}

#[redis_cached(ttl = TTL, key = "refreshed blocking:<name>", skip(source), stale_while_revalidate = "60s")]
fn refreshed_blocking(source: &Arc<Source>, name: &str) -> Result<usize, Down> {
    let _ = name;
    source.read()
}

#[tokio::test]
async fn callers_that_waited_are_served_what_they_have_found() {
    let (_server, caches) = both().await;
    for cache in caches {
        // At once, and after all have come to wait.
        for (millis, name) in [(0, "a"), (50, "b")] {
            let source = Arc::new(Source::default());
            assert_eq!(cache.scope(served(&source, name)).await, Ok(1));
            assert_eq!(cache.scope(served_clone(&source, name)).await, Ok(2));
            cache.pass(PAST).await;
            source.fail();
            source.takes_millis.store(millis, Ordering::SeqCst);
            let twenty = async |clone: bool| {
                let calls: Vec<_> = (0..20)
                    .map(|_| {
                        let (cache, source) = (cache.clone(), Arc::clone(&source));
                        tokio::spawn(async move {
                            match clone {
                                false => cache.scope(served(&source, name)).await.ok(),
                                true => cache.scope(served_clone(&source, name)).await.ok(),
                            }
                        })
                    })
                    .collect();
                for call in calls {
                    assert_eq!(call.await.unwrap(), Some(1 + usize::from(clone)));
                }
            };
            twenty(false).await;
            twenty(true).await;
            assert_eq!(source.reads(), 4, "one more of each function");
        }
    }
}

#[tokio::test]
async fn who_has_found_nothing_gets_the_error() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::default();
        source.fail();
        for _ in 0..3 {
            assert_eq!(cache.scope(served(&source, "none")).await, Err(Down("the source is down")));
        }
        assert_eq!(source.reads(), 3, "without an older value nothing is held back");
    }
}

#[tokio::test]
async fn a_source_rests_after_two_calls_that_failed() {
    let (_server, caches) = both_with(Cache::builder().retry_after(Duration::from_millis(400))).await;
    for cache in caches {
        let source = Source::default();
        cache.scope(served(&source, "rests")).await.unwrap();
        cache.pass(PAST).await;
        source.fail();
        let began = Instant::now();
        for _ in 0..20 {
            assert_eq!(cache.scope(served(&source, "rests")).await, Ok(1));
        }
        let reads = source.reads();
        assert!(reads == 3 || began.elapsed() > Duration::from_millis(350), "{reads} reads");
        // It has recovered, and is asked again when it has rested.
        source.fails.store(false, Ordering::SeqCst);
        cache.pass(Duration::from_millis(450)).await;
        assert_eq!(cache.scope(served(&source, "rests")).await, Ok(reads + 1));
    }
}

/// Calls again and again. How often the source was read meanwhile.
async fn reads_meanwhile(source: &Source, length: Duration, call: impl AsyncFn()) -> usize {
    let (before, began) = (source.reads(), Instant::now());
    while began.elapsed() < length {
        call().await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    source.reads() - before
}

#[tokio::test]
async fn a_refresh_that_fails_is_not_tried_again_for_a_second() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        cache.scope(refreshed(&source, "a")).await.unwrap();
        cache.sync_scope(|| refreshed_blocking(&source, "a")).unwrap();
        cache.pass(PAST).await;
        source.fail();
        let call = async || assert_eq!(cache.scope(refreshed(&source, "a")).await, Ok(1));
        assert_eq!(reads_meanwhile(&source, Duration::from_millis(700), call).await, 1);
        let call = async || assert_eq!(cache.sync_scope(|| refreshed_blocking(&source, "a")), Ok(2));
        assert_eq!(reads_meanwhile(&source, Duration::from_millis(700), call).await, 1);
        // Both have rested by now.
        cache.pass(Duration::from_millis(1000)).await;
        source.fails.store(false, Ordering::SeqCst);
        cache.scope(refreshed(&source, "a")).await.unwrap();
        cache.sync_scope(|| refreshed_blocking(&source, "a")).unwrap();
        while source.reads() < 6 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        cache.flush().await.unwrap();
        assert!(cache.scope(refreshed(&source, "a")).await.unwrap() >= 5);
    }
}

#[tokio::test]
async fn nor_is_one_that_panics() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        cache.scope(refreshed(&source, "p")).await.unwrap();
        cache.sync_scope(|| refreshed_blocking(&source, "p")).unwrap();
        cache.pass(PAST).await;
        source.panics.store(true, Ordering::SeqCst);
        let call = async || {
            assert_eq!(cache.scope(refreshed(&source, "p")).await, Ok(1));
            assert_eq!(cache.sync_scope(|| refreshed_blocking(&source, "p")), Ok(2));
        };
        assert_eq!(reads_meanwhile(&source, Duration::from_millis(700), call).await, 2);
    }
}

#[tokio::test]
async fn nor_does_another_process_try() {
    let server = RedisServer::start();
    let connect = || Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect();
    let [one, two] = [connect().await.unwrap(), connect().await.unwrap()];
    let source = Arc::new(Source::default());
    one.scope(refreshed(&source, "two")).await.unwrap();
    one.flush().await.unwrap();
    tokio::time::sleep(PAST).await;
    source.fail();
    one.scope(refreshed(&source, "two")).await.unwrap();
    while source.reads() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let call = async || assert_eq!(two.scope(refreshed(&source, "two")).await, Ok(1));
    assert_eq!(reads_meanwhile(&source, Duration::from_millis(600), call).await, 0);
    // No longer than that: a lease would be there for three seconds.
    let call = async || assert_eq!(two.scope(refreshed(&source, "two")).await, Ok(1));
    assert_eq!(reads_meanwhile(&source, Duration::from_millis(900), call).await, 1);
}

#[tokio::test]
async fn an_outage_is_logged_once_with_its_reason_and_without_the_key() {
    if !is_alone("failing::an_outage_is_logged_once_with_its_reason_and_without_the_key") {
        return;
    }
    record();
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Arc::new(Source::default());
        let all = async || {
            for name in ["secret one", "secret two"] {
                cache.scope(served(&source, name)).await.unwrap();
                cache.scope(served_clone(&source, name)).await.unwrap();
                cache.scope(refreshed(&source, name)).await.unwrap();
            }
        };
        let before = warnings("").len();
        all().await;
        for outage in 1..=2 {
            cache.pass(PAST).await;
            source.fail();
            for _ in 0..50 {
                all().await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let said = warnings("");
            assert_eq!(said.len() - before, 3 * outage, "{said:#?}");
            // Until all have rested and succeeded.
            source.fails.store(false, Ordering::SeqCst);
            cache.pass(Duration::from_millis(1100)).await;
            all().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let said = warnings("");
    assert!(said.iter().all(|said| said.contains("the source is down")), "{said:#?}");
    assert!(!said.iter().any(|said| said.contains("secret")), "{said:#?}");
    for function in ["`served`", "`served_clone`", "`refreshed`"] {
        assert!(said.iter().any(|said| said.contains(function)), "{function}: {said:#?}");
    }
}
