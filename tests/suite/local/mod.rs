//! `local`: values kept in the process, and told by Redis when they change. A [`Cache`] of its own stands for a process of its own:
//! two of them share nothing but Redis.

mod faults;
mod options;
mod races;
mod without;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Entry, KeyPart, Source, redis_cached};
use redis_cached_test_support::{RedisServer, servers};

/// What changes: a row of the database.
#[derive(Clone, Default)]
pub(crate) struct Row(Arc<AtomicU64>);

impl Row {
    pub(crate) fn set(&self, version: u64) {
        self.0.store(version, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[redis_cached(ttl = 3600, local = "1h", key = "kept:<name>", skip(row))]
pub(crate) async fn kept(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[redis_cached(ttl = 3600, local = "1h", key = "blocking:<name>", skip(row))]
fn kept_blocking(row: &Row, name: &str) -> Arc<u64> {
    let _ = name;
    Arc::new(row.get())
}

#[redis_cached(ttl = 3600, local = "1h", key = "shared:<name>", skip(row))]
async fn shared(row: &Row, name: &str) -> Arc<u64> {
    let _ = name;
    Arc::new(row.get())
}

#[derive(KeyPart)]
struct Page {
    number: u32,
    of: String,
}

#[redis_cached(ttl = 3600, local = "1h", key = "described:<page>:<name>:<ends>")]
async fn described(page: &Page, name: &str, ends: (i64, Option<u64>)) -> String {
    description(page, name, ends)
}

fn description(Page { number, of }: &Page, name: &str, ends: (i64, Option<u64>)) -> String {
    format!("{number} of {of}, {name}, {ends:?}")
}

fn process(server: &RedisServer) -> Cache {
    Cache::builder().url(server.url()).deadline(Duration::from_secs(10)).connect_lazy().unwrap()
}

pub(crate) fn local_hits(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.local_hits).sum()
}

/// Calls until one is served from the process, and gives what it was served.
pub(crate) async fn settle<T>(cache: &Cache, call: impl AsyncFn() -> T) -> T {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let before = local_hits(cache);
        let value = cache.scope(call()).await;
        if local_hits(cache) > before {
            return value;
        }
        assert!(Instant::now() < until, "nothing is kept: {}", cache.stats());
        cache.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Calls until it gives `expected`. The bound is for a busy machine: what fails here is kept for an hour.
pub(crate) async fn becomes<T: PartialEq>(cache: &Cache, expected: T, call: impl AsyncFn() -> T) {
    let until = Instant::now() + Duration::from_secs(10);
    while cache.scope(call()).await != expected {
        assert!(Instant::now() < until, "an old value stays: {}", cache.stats());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn wait_until(cache: &Cache, done: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < until, "it does not come about: {}", cache.stats());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_hit_in_the_process_sends_nothing() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (cache, row) = (process(&server), Row::default());
        row.set(1);
        settle(&cache, async || kept(&row, "a").await).await;
        let (monitor, before) = (server.monitor(), local_hits(&cache));
        for _ in 0..100 {
            assert_eq!(cache.scope(kept(&row, "a")).await, 1);
        }
        assert_eq!(local_hits(&cache), before + 100);
        assert_eq!(monitor.commands(), [""; 0]);
        let local = cache.stats().local.unwrap();
        assert!(local.serving && local.entries == 1 && local.bytes > 0, "{local:?}");
    }
}

/// How an entry is changed.
async fn change(entry: &Entry<u64>, turn: u64, value: u64) {
    match turn % 3 {
        0 => entry.invalidate().await,
        1 => entry.put(&value).await,
        _ => entry.invalidate_with_hold(Duration::from_millis(1)).await,
    }
    .unwrap();
}

#[tokio::test]
async fn a_change_by_another_process_is_heard_of() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (one, other, row) = (process(&server), process(&server), Row::default());
        let entry = other.sync_scope(|| kept_entry("b"));
        for version in 1..20 {
            settle(&one, async || kept(&row, "b").await).await;
            row.set(version);
            change(&entry, version, version).await;
            becomes(&one, version, async || kept(&row, "b").await).await;
        }
    }
}

#[tokio::test]
async fn an_own_change_is_seen_at_once() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (cache, row) = (process(&server), Row::default());
        let entry = cache.sync_scope(|| kept_entry("c"));
        for version in 1..100 {
            settle(&cache, async || kept(&row, "c").await).await;
            row.set(version);
            change(&entry, version, version).await;
            assert_eq!(cache.scope(kept(&row, "c")).await, version);
        }
        let blocking = cache.sync_scope(|| kept_blocking_entry("c")).blocking();
        for version in 1..100 {
            row.set(version);
            blocking.invalidate().unwrap();
            for _ in 0..3 {
                assert_eq!(*cache.sync_scope(|| kept_blocking(&row, "c")), version);
            }
        }
    }
}

#[tokio::test]
async fn flushall_drops_everything() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        for command in ["FLUSHALL", "FLUSHDB"] {
            let (cache, row) = (process(&server), Row::default());
            for name in ["d", "e"] {
                settle(&cache, async || kept(&row, name).await).await;
            }
            row.set(2);
            server.cli(&[command]);
            for name in ["d", "e"] {
                becomes(&cache, 2, async || kept(&row, name).await).await;
            }
            assert_eq!(cache.stats().local.unwrap().dropped, 1);
            server.flush_all();
        }
    }
}

#[tokio::test]
async fn calls_with_arguments_of_any_kind_and_length_are_told_apart() {
    let server = RedisServer::start();
    let cache = process(&server);
    let of = ["", "a", "ab", "12345678", "123456789", "a text that has no room", &"long".repeat(20)];
    let ends = [(1, None), (-1, None), (1, Some(0)), (0, Some(1))];
    let calls = of.iter().flat_map(|of| {
        let page = |number| Page { number, of: (*of).to_owned() };
        ends.iter()
            .flat_map(move |ends| [(page(1), "x", *ends), (page(1), "y", *ends), (page(2), "x", *ends)])
    });
    let calls: Vec<_> = calls.collect();
    for (page, name, ends) in &calls {
        settle(&cache, async || described(page, name, *ends).await).await;
    }
    for _ in 0..3 {
        for (page, name, ends) in &calls {
            let served = cache.scope(described(page, name, *ends)).await;
            assert_eq!(served, description(page, name, *ends));
        }
    }
}

#[tokio::test]
async fn caches_and_prefixes_keep_their_own() {
    let server = RedisServer::start();
    let prefixed = |prefix| {
        let patient = Cache::builder().deadline(Duration::from_secs(10));
        patient.url(server.url()).prefix(prefix).connect_lazy().unwrap()
    };
    let [one, other] = [prefixed("one:"), prefixed("other:")];
    let row = Row::default();
    for (cache, version) in [(&one, 1), (&other, 2)] {
        row.set(version);
        assert_eq!(settle(cache, async || kept(&row, "f").await).await, version);
    }
    row.set(3);
    one.sync_scope(|| kept_entry("f")).invalidate().await.unwrap();
    assert_eq!(one.scope(kept(&row, "f")).await, 3);
    assert_eq!(other.scope(kept(&row, "f")).await, 2);
    assert_eq!(local_hits(&other), 2);
}

/// Of one allocation: nothing is copied, whoever asks.
#[test]
fn every_thread_and_runtime_is_served_the_same_value() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime().block_on(settle(&cache, async || shared(&row, "g").await));
    let before = local_hits(&cache);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let runtime = runtime();
                for _ in 0..50 {
                    let value = runtime.block_on(cache.scope(shared(&row, "g")));
                    assert!(Arc::ptr_eq(&first, &value));
                }
            });
        }
    });
    assert_eq!(local_hits(&cache), before + 200);
}

#[test]
fn blocking_functions_hit_in_the_process_too() {
    let server = RedisServer::start();
    let (cache, row) = (process(&server), Row::default());
    let call = || cache.sync_scope(|| kept_blocking(&row, "h"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime.block_on(settle(&cache, async || kept_blocking(&row, "h")));
    let before = local_hits(&cache);
    let other = std::thread::scope(|threads| threads.spawn(call).join().unwrap());
    // Within a runtime as well.
    let inside = runtime.block_on(async { call() });
    assert!(Arc::ptr_eq(&first, &other) && Arc::ptr_eq(&first, &inside));
    assert_eq!(local_hits(&cache), before + 2);
}

#[tokio::test]
async fn what_is_compressed_takes_the_room_that_it_takes_decoded() {
    let server = RedisServer::start();
    for way in 0..3 {
        let cache = process(&server);
        settle(&cache, async || match way {
            0 => options::compressed().await,
            1 => options::compressed_and_tagged().await,
            _ => options::compressed_in_a_batch(vec![1]).await.remove(&1).unwrap(),
        })
        .await;
        let local = cache.stats().local.unwrap();
        assert!((40_000..50_000).contains(&local.bytes), "{way}: {local:?}");
    }
}

#[tokio::test]
async fn what_has_no_room_is_not_kept_and_all_else_is() {
    let server = RedisServer::start();
    let small = Cache::builder().deadline(Duration::from_secs(10)).local_capacity("20 KiB");
    let cache = small.url(server.url()).connect_lazy().unwrap();
    for _ in 0..5 {
        assert_eq!(cache.scope(options::large(40_000)).await.len(), 40_000);
        cache.flush().await.unwrap();
    }
    assert_eq!(local_hits(&cache), 0);
    let function = &cache.stats().functions[0];
    assert_eq!((function.computes, function.hits), (1, 4));
    settle(&cache, async || options::large(100).await).await;
    let local = cache.stats().local.unwrap();
    assert_eq!((local.entries, local.capacity), (1, 20 * 1024));
    assert!(local.bytes < local.capacity, "{local:?}");
}

#[tokio::test]
async fn a_lookup_tells_that_a_value_is_cached_locally() {
    let (row, server) = (Row::default(), RedisServer::start());
    let cache = process(&server);
    let entry = cache.sync_scope(|| shared_entry("a"));
    entry.put(&Arc::new(3)).await.unwrap();
    assert_eq!(entry.lookup().await.unwrap().unwrap().source, Source::Store);
    assert_eq!(*settle(&cache, async || shared(&row, "a").await).await, 3);
    let hits = local_hits(&cache);
    let lookup = entry.lookup().await.unwrap().unwrap();
    assert_eq!((*lookup.value, lookup.source, lookup.age), (3, Source::Local, None));
    assert_eq!(local_hits(&cache), hits);
}
