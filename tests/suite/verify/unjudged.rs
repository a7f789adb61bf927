//! What is no finding: entries that are replaced or invalidated meanwhile, functions that fail or differ from call to call, and a Redis that is
//! away. And what a call does not notice of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::sync::Semaphore;

use super::{GRACE, Rows, expiring, expiring_entry, quick, tagged, verdicts, within_both_quick};
use crate::Failed;

/// A function that a test holds up where it computes.
#[derive(Clone)]
struct Gate {
    begun: Arc<AtomicUsize>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn closed() -> Self {
        Self { begun: Arc::default(), open: Arc::new(Semaphore::new(0)) }
    }

    async fn begun(&self, times: usize) {
        while self.begun.load(Ordering::SeqCst) < times {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[redis_cached(ttl = 60, key = "gated:<id>", skip(gate, rows), verify = 1.0, invalidated = true)]
async fn gated(gate: &Gate, rows: &Rows, id: u64) -> u64 {
    gate.begun.fetch_add(1, Ordering::SeqCst);
    gate.open.acquire().await.unwrap().forget();
    rows.get() + id
}

#[tokio::test]
async fn an_entry_that_changes_during_the_computation_is_not_judged() {
    within_both_quick(async |cache| {
        let (gate, rows) = (Gate::closed(), Rows::default());
        for (number, stored) in [(1, false), (2, true)] {
            gated_entry(number).put(&number).await.unwrap();
            assert_eq!(gated(&gate, &rows, number).await, number);
            gate.begun(number as usize).await;
            rows.change();
            match stored {
                true => gated_entry(number).put(&5).await.unwrap(),
                false => gated_entry(number).invalidate().await.unwrap(),
            }
            gate.open.add_permits(1);
        }
        assert_eq!(verdicts(cache).await, (0, 0, 0, 2));
        assert_eq!(gate.begun.load(Ordering::SeqCst), 2, "there was nothing to confirm");
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_that_is_on_its_way_is_waited_for() {
    within_both_quick(async |cache| {
        let rows = Rows::default();
        expiring(&rows, 1).await;
        tagged(rows.clone(), 1).await;
        // The database is ahead.
        rows.change();
        expiring(&rows, 1).await;
        tagged(rows.clone(), 1).await;
        tokio::time::sleep(GRACE / 4).await;
        expiring_entry(1).invalidate().await.unwrap();
        cache.invalidate_tag("rows:1").await.unwrap();
        assert_eq!(verdicts(cache).await, (0, 0, 0, 2));
    })
    .await;
}

#[derive(Clone, Default)]
struct Source {
    fails: Arc<AtomicBool>,
    reads: Arc<AtomicU64>,
}

#[redis_cached(ttl = 60, key = "source", skip(source), verify = 1.0)]
async fn of_source(source: &Source) -> Result<u64, Failed> {
    source.reads.fetch_add(1, Ordering::SeqCst);
    if source.fails.load(Ordering::SeqCst) { Err(Failed("the source")) } else { Ok(1) }
}

/// Returns something else each time.
#[redis_cached(ttl = 60, key = "unsteady", skip(source), verify = 1.0)]
fn unsteady(source: &Source) -> u64 {
    source.reads.fetch_add(1, Ordering::SeqCst)
}

#[tokio::test]
async fn failures_and_unsteady_functions_are_not_judged() {
    within_both_quick(async |cache| {
        let source = Source::default();
        of_source(&source).await.unwrap();
        source.fails.store(true, Ordering::SeqCst);
        assert_eq!(of_source(&source).await, Ok(1));
        assert_eq!(verdicts(cache).await, (0, 0, 0, 1));
        unsteady(&source);
        unsteady(&source);
        assert_eq!(verdicts(cache).await, (0, 0, 0, 2));
        assert_eq!(source.reads.load(Ordering::SeqCst), 5, "twice to confirm");
    })
    .await;
}

#[tokio::test]
async fn no_call_waits_for_it_and_only_so_many_run() {
    let cache = quick().url("memory://").connect().await.unwrap();
    cache
        .scope(async {
            let (gate, rows) = (Gate::closed(), Rows::default());
            for id in 0..100 {
                gated_entry(id).put(&id).await.unwrap();
                assert_eq!(gated(&gate, &rows, id).await, id);
            }
            gate.begun(16).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(gate.begun.load(Ordering::SeqCst), 16);
            gate.open.add_permits(16);
            assert_eq!(verdicts(&cache).await, (16, 0, 0, 0));
        })
        .await;
}

#[redis_cached(ttl = "50ms", key = "stale", skip(rows), verify = 1.0, stale_while_revalidate = 60)]
async fn stale(rows: &Rows) -> u64 {
    rows.get()
}

#[tokio::test]
async fn what_is_served_past_its_time_is_refreshed_and_not_verified() {
    within_both_quick(async |cache| {
        let rows = Rows::default();
        stale(&rows).await;
        rows.change();
        cache.pass(Duration::from_millis(100)).await;
        assert_eq!(stale(&rows).await, 0);
        assert_eq!(verdicts(cache).await, (0, 0, 0, 0), "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn nothing_is_run_while_redis_is_away() {
    let server = RedisServer::start();
    let cache = quick().deadline(Duration::from_millis(100)).url(server.url()).connect().await.unwrap();
    cache
        .scope(async {
            let source = Source::default();
            of_source(&source).await.unwrap();
            cache.flush().await.unwrap();
            server.pause();
            let before = source.reads.load(Ordering::SeqCst);
            for _ in 0..5 {
                of_source(&source).await.unwrap();
            }
            cache.finish_verifications().await;
            let computes = cache.stats().functions[0].computes - 1;
            assert_eq!(source.reads.load(Ordering::SeqCst) - before, computes, "{}", cache.stats());
            server.resume();
        })
        .await;
    assert_eq!(cache.stats().functions[0].verified_wrong, 0);
}

#[tokio::test]
async fn a_bypass_and_a_disabled_cache_have_nothing_to_verify() {
    let rows = Rows::default();
    for cache in [Cache::disabled(), Cache::memory()] {
        cache
            .scope(cache.bypass(async {
                for _ in 0..3 {
                    expiring(&rows, 1).await;
                }
            }))
            .await;
        assert_eq!(verdicts(&cache).await, (0, 0, 0, 0));
    }
}
