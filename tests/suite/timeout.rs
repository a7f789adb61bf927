//! `timeout`: a call that has an older value waits so long for a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::testing::{self, CallSource};
use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Given;
use tokio::sync::Semaphore;

use crate::{Failed, TestCache, within_both};

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_millis(50);

/// A source that gives the number of the read, when it is let to.
struct Source {
    reads: AtomicUsize,
    fails: AtomicBool,
    gate: Semaphore,
}

impl Source {
    fn new() -> Arc<Self> {
        let (reads, fails, gate) = (AtomicUsize::new(0), AtomicBool::new(false), Semaphore::new(0));
        Arc::new(Self { reads, fails, gate })
    }

    async fn read(&self) -> Result<usize, Failed> {
        let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        self.gate.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) { Err(Failed("the source")) } else { Ok(read) }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Lets so many reads end.
    fn open(&self, reads: usize) {
        self.gate.add_permits(reads);
    }
}

#[redis_cached(ttl = TTL, key = "in time:<name>", skip(source), stale_if_error = 60, timeout = TIMEOUT)]
async fn in_time(source: &Arc<Source>, name: &str) -> Result<usize, Failed> {
    let _ = name;
    source.read().await
}

#[redis_cached(
    ttl = TTL,
    key = "finished:<name>",
    skip(source),
    stale_if_error = 60,
    timeout = 0,
    finish_in_background = true
)]
async fn finished(source: Arc<Source>, name: &str) -> usize {
    let _ = name;
    source.read().await.unwrap_or_default()
}

#[redis_cached(ttl = 60, key = "early:<name>", skip(source), early_refresh = 1000000000, timeout = TIMEOUT)]
async fn early(source: &Arc<Source>, name: &str) -> usize {
    // Worth an early refresh, by that factor.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let _ = name;
    source.read().await.unwrap_or_default()
}

/// Until what runs in the background is stored.
async fn stored(cache: &Cache, number: u64) {
    crate::faults::wait_until(|| cache.stats().functions[0].stored == number).await;
    cache.flush().await.unwrap();
}

/// A value that is past its TTL.
async fn old_value(cache: &TestCache, source: &Arc<Source>, name: &str) {
    source.open(1);
    assert_eq!(in_time(source, name).await, Ok(1));
    cache.pass(PAST).await;
}

#[tokio::test]
async fn a_late_value_is_stored_and_the_older_one_is_served_meanwhile() {
    within_both(async |cache| {
        let source = Source::new();
        old_value(cache, &source, "a").await;
        let began = Given::now();
        let (value, calls) = testing::observe(in_time(&source, "a")).await;
        assert_eq!((value, calls.last()), (Ok(1), Some(CallSource::Stale)));
        assert!(began.elapsed() < Duration::from_secs(5));
        // Who comes now joins the computation, of which it is known that it is late.
        assert_eq!(in_time(&source, "a").await, Ok(1));
        assert_eq!(source.reads(), 2, "{}", cache.stats());
        source.open(1);
        stored(cache, 2).await;
        let entry = in_time_entry("a").get().await.unwrap();
        assert_eq!(entry, Some(2), "{}", cache.stats());
        let stats = &cache.stats().functions[0];
        assert_eq!((stats.stale, stats.soft_timeouts, stats.computes), (2, 2, 2), "{stats:?}");
    })
    .await;
}

#[tokio::test]
async fn a_value_in_time_is_returned_and_without_an_older_one_the_call_waits() {
    within_both(async |cache| {
        let source = Source::new();
        let late = async {
            tokio::time::sleep(4 * TIMEOUT).await;
            source.open(1);
        };
        let (value, ()) = tokio::join!(in_time(&source, "a"), late);
        assert_eq!(value, Ok(1));
        cache.pass(PAST).await;
        source.open(1);
        // On a busy machine it may be late all the same.
        let value = in_time(&source, "a").await;
        let late = cache.stats().functions[0].soft_timeouts;
        assert_eq!(value, if late == 0 { Ok(2) } else { Ok(1) });
    })
    .await;
}

#[tokio::test]
async fn a_late_failure_rests_as_a_failed_refresh_does() {
    within_both(async |cache| {
        let source = Source::new();
        old_value(cache, &source, "a").await;
        source.fails.store(true, Ordering::SeqCst);
        assert_eq!(in_time(&source, "a").await, Ok(1));
        source.open(1);
        crate::faults::wait_until(|| cache.stats().functions[0].compute_errors == 1).await;
        // Served without running the function, and nobody has waited in vain for it.
        assert_eq!(in_time(&source, "a").await, Ok(1));
        assert_eq!(source.reads(), 2, "{}", cache.stats());
        assert_eq!(cache.stats().functions[0].soft_timeouts, 1);
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_wins_over_a_late_value() {
    within_both(async |cache| {
        let source = Source::new();
        old_value(cache, &source, "a").await;
        assert_eq!(in_time(&source, "a").await, Ok(1));
        in_time_entry("a").invalidate().await.unwrap();
        source.open(1);
        crate::faults::wait_until(|| cache.stats().functions[0].superseded == 1).await;
        assert_eq!(in_time_entry("a").get().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn with_zero_it_does_not_wait_and_a_computation_may_outlive_its_caller() {
    within_both(async |cache| {
        let source = Source::new();
        let call = tokio::time::timeout(TIMEOUT, finished(Arc::clone(&source), "a")).await;
        assert!(call.is_err(), "there is no older value to be served");
        source.open(1);
        stored(cache, 1).await;
        cache.pass(PAST).await;
        assert_eq!(finished(Arc::clone(&source), "a").await, 1);
        source.open(1);
        stored(cache, 2).await;
    })
    .await;
}

#[tokio::test]
async fn so_is_a_value_that_is_due_early() {
    within_both(async |cache| {
        let source = Source::new();
        source.open(1);
        assert_eq!(early(&source, "a").await, 1);
        cache.flush().await.unwrap();
        assert_eq!(early(&source, "a").await, 1);
        assert_eq!(source.reads(), 2);
        assert_eq!(cache.stats().functions[0].soft_timeouts, 1, "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn more_than_64_late_computations_end_with_their_calls() {
    let cache = crate::memory(Cache::builder());
    let source = Source::new();
    let names: Vec<String> = (0..70).map(|number| number.to_string()).collect();
    let calls = async {
        source.open(names.len());
        for name in &names {
            in_time(&source, name).await.unwrap();
        }
        cache.pass(PAST).await;
        let calls: Vec<_> = names
            .iter()
            .map(|name| {
                let (cache, source, name) = (cache.cache.clone(), Arc::clone(&source), name.clone());
                tokio::spawn(async move { cache.scope(in_time(&source, &name)).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(cache.stats().functions[0].soft_timeouts, 70, "{}", cache.stats());
        source.open(70);
        stored(&cache, 70 + 64).await;
    };
    cache.scope(calls).await;
}
