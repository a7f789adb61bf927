//! `local = revalidate`: values kept in the process, and served if Redis says that they are still the entry.

mod batches;
mod refused;
mod tags;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, Source, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::local::Row;
use crate::{TestCache, both, within_both};

#[redis_cached(ttl = 3600, local = revalidate, key = "reval:<name>", skip(row))]
async fn shared(row: &Row, name: &str) -> Arc<u64> {
    let _ = name;
    Arc::new(row.get())
}

/// The same key and schema: its copies are clones.
#[redis_cached(ttl = 3600, local = revalidate, key = "reval:<name>", skip(row))]
async fn cloned(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[redis_cached(ttl = 3600, local = revalidate, key = "reval:blocking:<name>", skip(row))]
fn blocking(row: &Row, name: &str) -> Arc<u64> {
    let _ = name;
    Arc::new(row.get())
}

#[redis_cached(ttl = "200ms", local = revalidate, key = "reval:short:<name>", skip(row))]
async fn short(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[redis_cached(ttl = "300ms", stale_while_revalidate = "1h", local = revalidate, key = "reval:stale:<name>", skip(row))]
async fn stale(row: Row, name: &str) -> Arc<u64> {
    let _ = name;
    Arc::new(row.get())
}

#[redis_cached(ttl = "300ms", stale_if_error = "1h", local = revalidate, key = "reval:error:<name>", skip(row))]
async fn failing(row: &Row, name: &str) -> Result<Arc<u64>, &'static str> {
    let _ = name;
    if row.get() == 0 { Err("no database") } else { Ok(Arc::new(row.get())) }
}

#[redis_cached(ttl = 3600, early_refresh = 1e12, local = revalidate, key = "reval:early:<name>", skip(row))]
async fn early(row: &Row, name: &str) -> u64 {
    let _ = name;
    tokio::time::sleep(Duration::from_millis(2)).await;
    row.get()
}

#[redis_cached(ttl = 3600, negative_ttl = 3600, local = revalidate, key = "reval:none:<name>", skip(row))]
async fn maybe(row: &Row, name: &str) -> Option<u64> {
    let _ = name;
    (row.get() > 1).then(|| row.get())
}

/// Hits, and those of them that were served from the process.
fn hits(cache: &Cache) -> (u64, u64) {
    let functions = cache.stats().functions;
    (functions.iter().map(|of| of.hits).sum(), functions.iter().map(|of| of.revalidated_hits).sum())
}

/// Has the value stored, and a copy of it kept.
async fn keep<T>(cache: &Cache, call: impl AsyncFn() -> T) -> T {
    call().await;
    cache.flush().await.unwrap();
    call().await
}

#[tokio::test]
async fn a_copy_is_served_while_it_is_the_entry() {
    within_both(async |cache| {
        let row = Row::default();
        row.set(1);
        let first = keep(cache, async || shared(&row, "a").await).await;
        row.set(2);
        for _ in 0..3 {
            assert!(Arc::ptr_eq(&first, &shared(&row, "a").await), "{}", cache.stats());
        }
        assert_eq!(hits(cache), (4, 3), "{}", cache.stats());
        let lookup = shared_entry("a").lookup().await.unwrap().unwrap();
        assert_eq!((*lookup.value, lookup.source), (1, Source::Store));
        assert!(lookup.age.is_some());
    })
    .await;
}

/// How an entry is changed. The last one is a value that takes the entry's place.
async fn change(turn: u64, value: u64) {
    let entry = shared_entry("b");
    match turn % 3 {
        0 => entry.invalidate().await,
        1 => entry.put(&Arc::new(value)).await,
        _ => entry.invalidate_with_hold(Duration::from_millis(1)).await,
    }
    .unwrap();
}

#[tokio::test]
async fn no_change_is_missed_whoever_made_it() {
    let (server, caches) = both().await;
    let other = Cache::builder().url(server.url()).deadline(Duration::from_secs(10)).connect().await.unwrap();
    for (at, cache) in caches.iter().enumerate() {
        let row = Row::default();
        for version in 1..60 {
            let changing = if at == 0 && version % 2 == 0 { &other } else { &cache.cache };
            row.set(version);
            changing.scope(change(version, version)).await;
            for _ in 0..3 {
                assert_eq!(*cache.scope(shared(&row, "b")).await, version, "{}", cache.stats());
            }
            cache.flush().await.unwrap();
        }
        assert!(hits(cache).1 > 20, "{}", cache.stats());
    }
}

#[tokio::test]
async fn what_another_program_writes_is_no_copys_business() {
    let (server, [cache, ..]) = both().await;
    let row = Row::default();
    for (turn, command) in [
        &["DEL", "reval:c"][..],
        &["SET", "reval:c", "short"],
        &["SET", "reval:c", "Lorem ipsum dolor sit amet, no entry"],
        &["FLUSHALL"],
    ]
    .into_iter()
    .enumerate()
    {
        keep(&cache, async || cache.scope(shared(&row, "c")).await).await;
        row.set(turn as u64 + 7);
        server.cli(command);
        assert_eq!(*cache.scope(shared(&row, "c")).await, turn as u64 + 7, "{command:?}");
        cache.flush().await.unwrap();
    }
    server.cli(&["DEL", "reval:c"]);
    server.cli(&["RPUSH", "reval:c", "a list"]);
    row.set(20);
    assert_eq!(*cache.scope(shared(&row, "c")).await, 20);
    // The same entry again, under the same mark: it is the value that was kept.
    let bytes: Vec<u8> = {
        keep(&cache, async || cache.scope(shared(&row, "d")).await).await;
        server.query(&["GET", "reval:d"])
    };
    server.cli(&["DEL", "reval:d"]);
    let () = redis::cmd("SET").arg("reval:d").arg(bytes).query(&mut server.connection()).unwrap();
    row.set(21);
    assert_eq!(*cache.scope(shared(&row, "d")).await, 20);
}

#[tokio::test]
async fn functions_of_one_key_do_not_take_each_others_copies() {
    within_both(async |cache| {
        let row = Row::default();
        row.set(1);
        keep(cache, async || shared(&row, "e").await).await;
        row.set(2);
        for _ in 0..3 {
            assert_eq!((cloned(&row, "e").await, *shared(&row, "e").await), (1, 1));
        }
        let stats = cache.stats();
        assert_eq!(stats.functions.iter().map(|of| of.unusable + of.store_errors).sum::<u64>(), 0, "{stats}");
        cloned(&row, "e").await;
        cloned(&row, "e").await;
        assert_eq!(hits(cache).1, 1, "{stats}");
    })
    .await;
}

#[tokio::test]
async fn no_copy_outlives_its_entry() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        row.set(1);
        keep(cache, async || short(&row, "f").await).await;
        row.set(2);
        cache.pass(Duration::from_millis(250)).await;
        assert_eq!(short(&row, "f").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_window_begins_for_a_copy_as_for_an_entry() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        row.set(1);
        let call = async || stale(row.clone(), "g").await;
        let first = keep(cache, call).await;
        row.set(2);
        cache.pass(Duration::from_millis(350)).await;
        let before = cache.stats().functions[0].revalidated_hits;
        assert!(Arc::ptr_eq(&first, &call().await), "served while it is refreshed");
        let of = cache.stats().functions[0].clone();
        assert_eq!((of.stale, of.revalidated_hits), (1, before + 1), "{}", cache.stats());
        for _ in 0..1000 {
            cache.flush().await.unwrap();
            if *call().await == 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it is not refreshed: {}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn an_error_is_replaced_by_what_the_entry_holds() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        row.set(1);
        keep(cache, async || failing(&row, "h").await).await.unwrap();
        row.set(0);
        cache.pass(Duration::from_millis(350)).await;
        assert_eq!(*failing(&row, "h").await.unwrap(), 1);
        assert_eq!(cache.stats().functions[0].compute_errors, 1, "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn a_copy_is_refreshed_early_as_an_entry_is() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        for version in 1..5 {
            row.set(version);
            assert_eq!(early(&row, "i").await, version, "{}", cache.stats());
            cache.flush().await.unwrap();
        }
        assert_eq!(cache.stats().functions[0].computes, 4);
    })
    .await;
}

#[tokio::test]
async fn no_value_is_kept_as_well() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        row.set(1);
        keep(cache, async || maybe(&row, "j").await).await;
        row.set(2);
        assert_eq!(maybe(&row, "j").await, None);
        assert_eq!(hits(cache), (2, 1));
    })
    .await;
}

#[test]
fn blocking_functions_revalidate_too() {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let cache = patient.url(server.url()).connect_lazy().unwrap();
    let row = Row::default();
    cache.sync_scope(|| {
        blocking(&row, "k");
        cache.blocking().flush().unwrap();
        let first = blocking(&row, "k");
        row.set(1);
        assert!(Arc::ptr_eq(&first, &blocking(&row, "k")));
        blocking_entry("k").blocking().invalidate().unwrap();
        assert_eq!(*blocking(&row, "k"), 1);
    });
}

#[tokio::test]
async fn within_a_bypass_all_is_computed() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        keep(cache, async || shared(&row, "l").await).await;
        row.set(1);
        assert_eq!(*cache.bypass(shared(&row, "l")).await, 1);
    })
    .await;
}
