//! Many calls: a missing invalidation among a million, and none that is not missing while things break.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Staleness, redis_cached, redis_invalidates};
use redis_cached_test_support::{Proxy, RedisServer};

use super::quick;

const ROWS: u64 = 1000;

/// A table, of whose rows each is the number of its changes.
#[derive(Clone)]
struct Table(Arc<Vec<AtomicU64>>);

impl Table {
    fn new(rows: u64) -> Self {
        Self(Arc::new((0..rows).map(AtomicU64::new).collect()))
    }

    fn row(&self, id: u64) -> &AtomicU64 {
        &self.0[id as usize]
    }
}

#[redis_cached(ttl = 3600, key = "row:<id>", skip(table), verify = 0.01)]
async fn row(table: &Table, id: u64) -> u64 {
    table.row(id).load(Ordering::SeqCst)
}

#[redis_invalidates(row(id))]
async fn change(table: &Table, id: u64) {
    table.row(id).fetch_add(ROWS, Ordering::SeqCst);
}

/// The second writer of the program, which was added later.
async fn change_and_forget(table: &Table, id: u64) {
    table.row(id).fetch_add(ROWS, Ordering::SeqCst);
}

/// A million calls, a thousand rows, a writer that invalidates 500 of them and one that forgets a single one.
#[tokio::test]
async fn one_missing_invalidation_is_found_among_a_million_calls() {
    let cache = quick().verify_keys().url("memory://").connect().await.unwrap();
    let table = Table::new(ROWS);
    cache
        .scope(async {
            for call in 0..1_000_000_u64 {
                if call % 2000 == 0 {
                    change(&table, call / 2000).await;
                }
                if call == 100_000 {
                    change_and_forget(&table, 777).await;
                }
                row(&table, call % ROWS).await;
            }
        })
        .await;
    cache.finish_verifications().await;
    let stats = cache.stats();
    assert!(stats.functions[0].verified_equal > 1000 && stats.functions[0].verified_wrong > 0, "{stats}");
    let samples = cache.stale_samples();
    let keys: Vec<_> = samples.iter().map(|sample| sample.key.as_deref().unwrap()).collect();
    assert!(keys.iter().all(|key| *key == "row:777"), "{keys:?}");
    assert!(samples.iter().all(|sample| sample.staleness == Staleness::MissingInvalidation));
}

#[redis_cached(ttl = "2s", key = "busy:<id>", skip(table), verify = 1.0, local = "1s", invalidated = true)]
async fn busy(table: &Table, id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(id % 4)).await;
    table.row(id).load(Ordering::SeqCst)
}

#[redis_cached(ttl = "2s", key = "busy tagged:<id>", skip(table), verify = 1.0, tags = ["busy:<id>"])]
async fn busy_tagged(table: &Table, id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(id % 4)).await;
    table.row(id).load(Ordering::SeqCst)
}

#[redis_cached(ttl = "2s", key = "busy batch:<ids>", batch = ids, skip(table), verify = 0.5, tags = ["busy:<ids>"])]
async fn busy_batch(table: &Table, ids: &[u64]) -> HashMap<u64, u64> {
    tokio::time::sleep(Duration::from_millis(ids.len() as u64 % 4)).await;
    ids.iter().map(|id| (*id, table.row(*id).load(Ordering::SeqCst))).collect()
}

/// Commits, has something else to do, and invalidates.
#[redis_invalidates(busy(id), tag("busy:<id>"))]
async fn change_busy(table: &Table, id: u64) {
    table.row(id).fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(id % 7)).await;
}

const BUSY: u64 = 40;
const TIME: Duration = Duration::from_secs(6);

/// The same process reads and writes, so it knows of every invalidation that Redis has not taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_under_load_while_things_break() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = quick()
        .verify_grace(Duration::from_secs(1))
        .deadline(Duration::from_millis(100))
        .verify_keys()
        .url(proxy.url())
        .connect()
        .await
        .unwrap();
    let (table, is_over) = (Table::new(BUSY), Arc::new(AtomicBool::new(false)));
    let tasks: Vec<_> = (0..12_u64)
        .map(|task| {
            let (cache, table, is_over) = (cache.clone(), table.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut number = task;
                while !is_over.load(Ordering::SeqCst) {
                    number = number
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let id = (number >> 33) % BUSY;
                    let call = async {
                        match number >> 60 {
                            0 => change_busy(&table, id).await,
                            1..6 => drop(busy(&table, id).await),
                            6..11 => drop(busy_batch(&table, &[id, (id + 1) % BUSY, (id + 7) % BUSY]).await),
                            _ => drop(busy_tagged(&table, id).await),
                        }
                    };
                    cache.scope(call).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        })
        .collect();
    let began = Instant::now();
    while began.elapsed() < TIME {
        break_something(&proxy, began.elapsed().as_millis() as u64 / 500).await;
    }
    is_over.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    cache.finish_verifications().await;
    assert_many_and_none(&cache);
}

pub(super) async fn break_something(proxy: &Proxy, fault: u64) {
    match fault % 4 {
        0 => proxy.close_connections(),
        1 => proxy.delay_replies(Duration::from_millis(60)),
        2 => proxy.pause(),
        _ => proxy.reset_connections(),
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    proxy.resume();
    proxy.heal();
    tokio::time::sleep(Duration::from_millis(250)).await;
}

fn assert_many_and_none(cache: &Cache) {
    let stats = cache.stats();
    for row in &stats.functions {
        assert_eq!(
            (row.verified_wrong, row.verified_changed),
            (0, 0),
            "{stats}\n{:?}",
            cache.stale_samples()
        );
        assert!(row.verified_equal > 20, "{stats}");
    }
    assert!(stats.functions.iter().map(|row| row.verified_equal).sum::<u64>() > 100, "{stats}");
}
