//! A batch within a `bypass`: all of it is computed, and replaces what is there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use tokio::sync::Barrier;

use crate::{Failed, both, redis};

/// Rows that all have one value; 0 means that there are none.
#[derive(Default)]
struct Rows(AtomicU64);

impl Rows {
    fn set(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }

    fn of(&self, ids: &[u64]) -> HashMap<u64, u64> {
        let value = self.0.load(Ordering::SeqCst);
        ids.iter().filter(|_| value > 0).map(|id| (*id, value)).collect()
    }
}

fn all(ids: impl IntoIterator<Item = u64>, value: u64) -> HashMap<u64, u64> {
    ids.into_iter().map(|id| (id, value)).collect()
}

#[redis_cached(ttl = 60, key = "fresh batch:<ids>", batch = ids, skip(rows))]
async fn many(rows: &Rows, ids: &[u64]) -> HashMap<u64, u64> {
    rows.of(ids)
}

#[redis_cached(ttl = 60, key = "fresh batch:<id>", skip(rows))]
async fn one(rows: &Rows, id: u64) -> u64 {
    rows.of(&[id])[&id]
}

#[redis_cached(ttl = 60, key = "fresh batch:<ids>", batch = ids, skip(rows))]
fn many_blocking(rows: &Rows, ids: &[u64]) -> HashMap<u64, u64> {
    rows.of(ids)
}

#[redis_cached(ttl = 60, local = "1h", key = "fresh batch:<ids>", batch = ids, skip(rows))]
async fn many_kept(rows: &Rows, ids: &[u64]) -> HashMap<u64, u64> {
    rows.of(ids)
}

#[redis_cached(ttl = 60, negative_ttl = 60, key = "fresh absent:<ids>", batch = ids, skip(rows))]
async fn many_absent(rows: &Rows, ids: &[u64]) -> HashMap<u64, u64> {
    rows.of(ids)
}

#[redis_cached(ttl = 60, key = "fresh tried:<ids>", batch = ids, skip(rows))]
async fn many_tried(rows: &Rows, ids: &[u64]) -> Result<HashMap<u64, u64>, Failed> {
    let rows = rows.of(ids);
    if rows.is_empty() { Err(Failed("no rows")) } else { Ok(rows) }
}

async fn get(cache: &Cache, id: u64) -> Option<u64> {
    cache.sync_scope(|| many_entry(id)).get().await.unwrap()
}

#[tokio::test]
async fn it_computes_and_replaces_what_is_there_and_stores_what_is_not() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let rows = Rows::default();
        rows.set(1);
        cache.scope(many(&rows, &[1, 2])).await;
        cache.flush().await.unwrap();
        for value in 2..5 {
            rows.set(value);
            // One after another, without a pause.
            let found = cache.scope(cache.bypass(many(&rows, &[1, 2, 3]))).await;
            assert_eq!(found, all(1..4, value));
        }
        cache.flush().await.unwrap();
        rows.set(9);
        assert_eq!(cache.scope(many(&rows, &[1, 2, 3])).await, all(1..4, 4));
        assert_eq!(cache.scope(one(&rows, 2)).await, 4);
    }
}

#[tokio::test]
async fn a_key_that_is_not_returned_any_more_is_removed() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let rows = Rows::default();
        rows.set(1);
        cache.scope(many(&rows, &[1, 2])).await;
        cache.flush().await.unwrap();
        rows.set(0);
        assert_eq!(cache.scope(cache.bypass(many(&rows, &[1, 3]))).await, HashMap::new());
        assert_eq!(cache.scope(many(&rows, &[1])).await, HashMap::new());
        cache.flush().await.unwrap();
        assert_eq!((get(cache, 1).await, get(cache, 2).await, get(cache, 3).await), (None, Some(1), None));
        // Nothing is left beside the slots: the next one replaces at once.
        rows.set(5);
        cache.scope(cache.bypass(many(&rows, &[1, 2, 3]))).await;
        cache.flush().await.unwrap();
        assert_eq!(
            (get(cache, 1).await, get(cache, 2).await, get(cache, 3).await),
            (Some(5), Some(5), Some(5))
        );
    }
}

#[tokio::test]
async fn with_negative_ttl_the_absence_is_replaced_too_and_stored() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let rows = Rows::default();
        assert_eq!(cache.scope(many_absent(&rows, &[1])).await, HashMap::new());
        cache.flush().await.unwrap();
        rows.set(1);
        assert_eq!(cache.scope(many_absent(&rows, &[1])).await, HashMap::new(), "remembered");
        assert_eq!(cache.scope(cache.bypass(many_absent(&rows, &[1]))).await, all([1], 1));
        cache.flush().await.unwrap();
        rows.set(2);
        assert_eq!(cache.scope(many_absent(&rows, &[1])).await, all([1], 1));
        rows.set(0);
        assert_eq!(cache.scope(cache.bypass(many_absent(&rows, &[1]))).await, HashMap::new());
        cache.flush().await.unwrap();
        rows.set(3);
        assert_eq!(cache.scope(many_absent(&rows, &[1])).await, HashMap::new(), "remembered again");
    }
}

#[tokio::test]
async fn an_error_keeps_what_is_there() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let rows = Rows::default();
        rows.set(1);
        cache.scope(many_tried(&rows, &[1])).await.unwrap();
        cache.flush().await.unwrap();
        rows.set(0);
        assert_eq!(cache.scope(cache.bypass(many_tried(&rows, &[1]))).await, Err(Failed("no rows")));
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(many_tried(&rows, &[1])).await, Ok(all([1], 1)));
        // Its leases were given back.
        rows.set(2);
        cache.scope(cache.bypass(many_tried(&rows, &[1]))).await.unwrap();
        cache.flush().await.unwrap();
        rows.set(3);
        assert_eq!(cache.scope(many_tried(&rows, &[1])).await, Ok(all([1], 2)));
    }
}

#[test]
fn blocking_batches_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, caches) = runtime.block_on(both());
    for cache in &caches {
        let rows = Rows::default();
        let call = || cache.sync_scope(|| many_blocking(&rows, &[1, 2]));
        rows.set(1);
        assert_eq!(call(), all(1..3, 1));
        cache.blocking().flush().unwrap();
        rows.set(2);
        assert_eq!(cache.sync_bypass(call), all(1..3, 2));
        cache.blocking().flush().unwrap();
        rows.set(3);
        assert_eq!(call(), all(1..3, 2));
        rows.set(0);
        assert_eq!(cache.sync_bypass(call), HashMap::new());
        cache.blocking().flush().unwrap();
        assert_eq!(call(), HashMap::new());
    }
}

#[tokio::test]
async fn what_the_process_keeps_is_not_used_and_is_forgotten() {
    let (_server, cache) = redis().await;
    let rows = Rows::default();
    rows.set(1);
    for _ in 0..200 {
        cache.scope(many_kept(&rows, &[1, 2])).await;
        if cache.stats().local.unwrap().entries == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(cache.stats().local.unwrap().entries, 2);
    rows.set(2);
    assert_eq!(cache.scope(cache.bypass(many_kept(&rows, &[1]))).await, all([1], 2));
    cache.flush().await.unwrap();
    rows.set(0);
    assert_eq!(cache.scope(many_kept(&rows, &[1, 2])).await, [(1, 2), (2, 1)].into());
    assert_eq!(cache.scope(cache.bypass(many_kept(&rows, &[1, 2]))).await, HashMap::new());
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(many_kept(&rows, &[1, 2])).await, HashMap::new());
}

/// A flight of this process may have read before the bypass began.
#[tokio::test]
async fn it_joins_no_flight_and_is_joined_by_nobody() {
    #[redis_cached(ttl = 60, key = "fresh flight:<ids>", batch = ids, skip(rows, barrier))]
    async fn slow(rows: &Rows, barrier: Option<&Barrier>, ids: &[u64]) -> HashMap<u64, u64> {
        let read = rows.of(ids);
        if let Some(barrier) = barrier {
            barrier.wait().await;
            barrier.wait().await;
        }
        read
    }
    let (_server, caches) = both().await;
    for cache in &caches {
        let (rows, barrier) = (Arc::new(Rows::default()), Barrier::new(2));
        rows.set(1);
        let old = cache.scope(slow(&rows, Some(&barrier), &[1]));
        let fresh = async {
            barrier.wait().await;
            rows.set(2);
            let found = cache.scope(cache.bypass(slow(&rows, None, &[1]))).await;
            barrier.wait().await;
            found
        };
        let (old, fresh) = tokio::join!(old, fresh);
        assert_eq!((old, fresh), (all([1], 1), all([1], 2)));
    }
}

/// An invalidation in between wins, and so does a newer value: what is replaced is what was seen.
#[tokio::test]
async fn an_invalidation_meanwhile_wins() {
    #[redis_cached(ttl = 60, key = "fresh overtaken:<ids>", batch = ids, skip(cache))]
    async fn overtaken(cache: &Cache, ids: &[u64]) -> HashMap<u64, u64> {
        let entry = |id| cache.sync_scope(|| overtaken_entry(id)).blocking();
        entry(1).invalidate().unwrap();
        entry(2).put(&7).unwrap();
        entry(3).put(&7).unwrap();
        // The last one is gone.
        all(ids.iter().copied().filter(|id| *id < 3), 2)
    }
    let (_server, caches) = both().await;
    for cache in &caches {
        let entries = cache.sync_scope(|| [1, 2, 3].map(overtaken_entry));
        Entry::put_many(entries.iter().cloned().map(|entry| (entry, 1))).await.unwrap();
        assert_eq!(cache.scope(cache.bypass(overtaken(cache, &[1, 2, 3]))).await, all(1..3, 2));
        cache.flush().await.unwrap();
        let found = entries.map(|entry| entry.blocking().get().unwrap());
        assert_eq!(found, [None, Some(7), Some(7)]);
    }
}

/// One lookup, one pipeline of leases, one store: as many round trips as for a batch of misses.
#[tokio::test]
async fn it_takes_as_many_round_trips_as_a_batch_of_misses() {
    let (server, cache) = redis().await;
    let (rows, ids) = (Rows::default(), (0..100).collect::<Vec<_>>());
    rows.set(1);
    cache.scope(many(&rows, &ids)).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(cache.bypass(many(&rows, &ids))).await;
    cache.flush().await.unwrap();
    let sent: Vec<_> = monitor.commands().into_iter().filter(|command| !command.in_script()).collect();
    let lookups = sent.iter().filter(|command| command.name() == "MGET").count();
    // By whatever command: each lease is taken once, and given back once.
    let leases = sent
        .iter()
        .flat_map(|command| command.args())
        .filter(|argument| argument.ends_with("refresh"))
        .count();
    assert_eq!((lookups, leases), (1, 200), "{sent:?}");
    let keys: usize = server.query(&["DBSIZE"]);
    assert_eq!(keys, 100, "the leases beside the values are given back");
}

/// A bypass of two caches, one within the other.
#[tokio::test]
async fn a_nested_bypass_is_of_both_caches() {
    let (_server, [one, other, ..]) = both().await;
    let rows = Rows::default();
    rows.set(1);
    let calls = async || {
        let ids: &[u64] = &[1];
        (one.scope(many(&rows, ids)).await, other.scope(many(&rows, ids)).await)
    };
    assert_eq!(calls().await, (all([1], 1), all([1], 1)));
    one.flush().await.unwrap();
    other.flush().await.unwrap();
    rows.set(2);
    assert_eq!(one.bypass(calls()).await, (all([1], 2), all([1], 1)));
    rows.set(3);
    assert_eq!(one.bypass(other.bypass(calls())).await, (all([1], 3), all([1], 3)));
    one.flush().await.unwrap();
    other.flush().await.unwrap();
    rows.set(4);
    assert_eq!(calls().await, (all([1], 3), all([1], 3)));
}
