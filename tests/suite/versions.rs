//! `separate_versions`: versions of a program whose types differ live side by side, and an invalidation reaches all of them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use redis_cached::testing::cache_with;
use redis_cached::{Cache, Entry, KeyContent, PageToken, redis_cached, redis_invalidates, redis_updates};
use redis_cached_test_support::RedisServer;

use crate::{TestCache, both_with, settled};

/// The version that is replaced.
mod old {
    use std::collections::HashMap;
    use std::sync::Arc;

    use redis_cached::redis_cached;

    #[redis_cached(ttl = 60, key = "profile:<id>", tags = ["team:<id>"], group = "profiles")]
    pub(super) async fn tagged(id: u64) -> u64 {
        id
    }

    #[redis_cached(ttl = 60, key = "plain:<id>")]
    pub(super) async fn plain(id: u64) -> u64 {
        id
    }

    #[redis_cached(ttl = 60, key = "plain:<ids>", batch = ids)]
    pub(super) async fn plains(ids: &[u64]) -> HashMap<u64, u64> {
        ids.iter().map(|id| (*id, *id)).collect()
    }

    #[redis_cached(ttl = 60, key = "kept:<id>", local = "1m")]
    pub(super) async fn kept(id: u64) -> Arc<u64> {
        Arc::new(id)
    }
}

#[redis_cached(ttl = 60, key = "profile:<id>", tags = ["team:<id>"], group = "profiles")]
async fn tagged(id: u64) -> String {
    id.to_string()
}

#[redis_cached(ttl = 60, key = "plain:<id>")]
async fn plain(id: u64) -> String {
    id.to_string()
}

#[redis_cached(ttl = 60, key = "plain:<ids>", batch = ids)]
async fn plains(ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().map(|id| (*id, id.to_string())).collect()
}

#[redis_cached(ttl = 60, key = "kept:<id>", local = "1m")]
async fn kept(id: u64) -> Arc<String> {
    Arc::new(id.to_string())
}

#[redis_invalidates(plain(id))]
async fn rename(id: u64) {
    _ = id;
}

#[redis_updates(plain(id))]
async fn save(id: u64) -> String {
    id.to_string()
}

fn apart() -> redis_cached::CacheBuilder {
    Cache::builder().separate_versions()
}

/// Which versions have the entries of `profile:1` and of `plain:1`.
async fn stored() -> [bool; 4] {
    [
        old::tagged_entry(1).get().await.unwrap().is_some(),
        tagged_entry(1).get().await.unwrap().is_some(),
        old::plain_entry(1).get().await.unwrap().is_some(),
        plain_entry(1).get().await.unwrap().is_some(),
    ]
}

async fn fill(cache: &Cache) {
    old::tagged(1).await;
    tagged(1).await;
    old::plain(1).await;
    plain(1).await;
    cache.flush().await.unwrap();
    assert_eq!(stored().await, [true; 4]);
}

fn computes(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.computes).sum()
}

async fn ten_calls_in_turn(cache: &TestCache) {
    for _ in 0..10 {
        assert_eq!((old::plain(7).await, plain(7).await), (7, "7".to_owned()));
        assert_eq!((old::plains(&[8]).await[&8], &*plains(&[8]).await[&8]), (8, "8"));
        assert_eq!((*old::kept(9).await, &**kept(9).await), (9, "9"));
        cache.flush().await.unwrap();
    }
}

#[tokio::test]
async fn each_version_computes_once() {
    let (_server, caches) = both_with(apart()).await;
    for cache in &caches {
        cache.scope(ten_calls_in_turn(cache)).await;
        assert_eq!(computes(cache), 6, "{}", cache.stats());
        assert!(cache.stats().functions.iter().all(|function| function.unusable == 0));
    }
}

#[tokio::test]
async fn without_the_option_they_replace_each_others_entries() {
    let (_server, caches) = both_with(Cache::builder()).await;
    for cache in &caches[..2] {
        cache.scope(ten_calls_in_turn(cache)).await;
        assert!(computes(cache) >= 40, "{}", cache.stats());
    }
}

/// A batch and the function for one key have one type and one template, and share their entries in a bucket as they do without.
#[tokio::test]
async fn a_batch_finds_what_single_calls_have_stored() {
    let (_server, caches) = both_with(apart()).await;
    for cache in &caches {
        let calls = async {
            plain(1).await;
            cache.flush().await.unwrap();
            plains(&[1, 2]).await;
            cache.flush().await.unwrap();
            plain(2).await;
            old::plains(&[1, 2]).await;
        };
        cache.scope(calls).await;
        assert_eq!(computes(cache), 3, "{}", cache.stats());
    }
}

#[tokio::test]
async fn every_invalidation_reaches_both() {
    let (_server, caches) = both_with(apart()).await;
    for cache in &caches {
        let calls = async {
            let expect = async |expected: [bool; 4], what: &str| {
                assert_eq!(stored().await, expected, "{what}");
                fill(cache).await;
            };
            const PLAIN_GONE: [bool; 4] = [true, true, false, false];
            const TAGGED_GONE: [bool; 4] = [false, false, true, true];
            fill(cache).await;
            plain_entry(1).invalidate().await.unwrap();
            expect(PLAIN_GONE, "invalidate").await;
            old::plain_entry(1).blocking().invalidate().unwrap();
            expect(PLAIN_GONE, "blocking").await;
            old::tagged_entry(1).invalidate().await.unwrap();
            expect(TAGGED_GONE, "invalidate an entry with tags").await;
            rename(1).await;
            expect(PLAIN_GONE, "redis_invalidates").await;
            Entry::invalidate_many([1, 2].map(old::plain_entry)).await.unwrap();
            expect(PLAIN_GONE, "invalidate_many").await;
            cache.invalidate_tag("team:1").await.unwrap();
            expect(TAGGED_GONE, "invalidate_tag").await;
            cache.invalidate_group("profiles").await.unwrap();
            expect(TAGGED_GONE, "invalidate_group").await;
            assert!(cache.invalidate_prefix("plain:1").await.unwrap() >= 2);
            expect(PLAIN_GONE, "invalidate_prefix").await;

            // What one version writes is older than nothing that another has.
            old::plain_entry(1).put(&7).await.unwrap();
            expect([true, true, true, false], "put").await;
            Entry::put_many([(plain_entry(1), "7".to_owned())]).await.unwrap();
            expect([true, true, false, true], "put_many").await;
            save(1).await;
            expect([true, true, false, true], "redis_updates").await;

            plain_entry(1).invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
            old::plain(1).await;
            plain(1).await;
            cache.flush().await.unwrap();
            assert_eq!(stored().await, PLAIN_GONE, "a hold");
            old::plain_entry(1).invalidate().await.unwrap();
            fill(cache).await;
        };
        cache.scope(calls).await;
    }
}

#[tokio::test]
async fn a_computation_of_another_version_is_not_stored_after_an_invalidation() {
    let (_server, caches) = both_with(apart()).await;
    for cache in &caches {
        let calls = async {
            let computing = plain_entry(1);
            let compute = async {
                old::plain_entry(1).invalidate().await.unwrap();
                "older".to_owned()
            };
            assert_eq!(computing.get_or_compute(compute).await, "older");
            cache.flush().await.unwrap();
            assert_eq!(plain_entry(1).get().await.unwrap(), None);
        };
        cache.scope(calls).await;
    }
}

#[tokio::test]
async fn a_key_without_its_bucket_stands_for_all_versions() {
    let cache = apart().url("memory://").prefix("shop:").track_keys(3).connect_lazy().unwrap();
    let token = PageToken::new("c0ffee5bad0a4b7f9d31e2a86f5c7d10").unwrap();
    let calls = async {
        fill(&cache).await;
        assert_eq!((old::plain(1).await, plain(1).await), (1, "1".to_owned()));
        let key = plain_entry(1).key().to_owned();
        assert!(key.starts_with("shop:plain:1\u{1}v") && key != old::plain_entry(1).key(), "{key:?}");
        let report = cache.report();
        let mut hottest = report.functions.iter().flat_map(|function| &function.hottest);
        assert!(hottest.any(|hot| hot.key == "shop:plain:1"), "{report}");
        for name in ["shop:plain:1", &key] {
            let found = cache.inspect(name).await.unwrap().unwrap();
            assert!(matches!(found.content, KeyContent::Entry(_)), "{found:?}");
        }
        let form = b"token=c0ffee5bad0a4b7f9d31e2a86f5c7d10&by=key&name=shop%3Aplain%3A1";
        let answer = cache.invalidate_from_page(&token, form).await;
        assert!(answer.status == 200 && answer.html.contains("an entry"), "{}", answer.html);
        assert_eq!(stored().await, [true, true, false, false]);
        assert_eq!(cache.inspect("shop:plain:1").await.unwrap(), None);
    };
    cache.scope(calls).await;
}

#[tokio::test]
async fn a_failed_invalidation_is_retried_for_all_versions() {
    let cache = cache_with(apart().deadline(Duration::from_millis(200))).unwrap();
    let calls = async {
        fill(&cache).await;
        cache.faults().refusing();
        old::plain_entry(1).invalidate().await.unwrap_err();
        let before = computes(&cache);
        cache.faults().heal();
        // Until it is carried out no version uses its entry.
        assert_eq!((old::plain(1).await, plain(1).await), (1, "1".to_owned()));
        assert_eq!(computes(&cache) - before, 2);
        settled(&cache).await;
        cache.flush().await.unwrap();
        plain(1).await;
        assert!(computes(&cache) - before <= 3);
    };
    cache.scope(calls).await;
}

#[tokio::test]
async fn local_copies_of_other_versions_are_dropped() {
    let server = RedisServer::start();
    let connect = || apart().url(server.url()).deadline(Duration::from_secs(10)).connect();
    let (one, other) = (connect().await.unwrap(), connect().await.unwrap());
    let hits = async || {
        let before = one.stats().functions.iter().map(|function| function.local_hits).sum::<u64>();
        one.scope(kept(1)).await;
        one.stats().functions.iter().map(|function| function.local_hits).sum::<u64>() > before
    };
    one.scope(kept(1)).await;
    one.flush().await.unwrap();
    wait_until_async(async || hits().await).await;
    let computed = computes(&one);
    other.scope(async { old::kept_entry(1).invalidate().await.unwrap() }).await;
    wait_until_async(async || {
        one.scope(kept(1)).await;
        computes(&one) > computed
    })
    .await;
    // The process that invalidates has dropped its own at once.
    one.scope(async {
        old::kept(1).await;
        one.flush().await.unwrap();
        wait_until_async(async || hits().await).await;
        let computed = computes(&one);
        old::kept_entry(1).invalidate().await.unwrap();
        kept(1).await;
        assert_eq!(computes(&one) - computed, 1);
    })
    .await;
}

async fn wait_until_async(is_so: impl AsyncFn() -> bool) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(std::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A process of a fleet; killed when the test is over.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    is_old: bool,
    runs: usize,
}

impl Process {
    fn start(server: &RedisServer, is_old: bool, how: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_caller"))
            .args(["deploy", &server.url(), if is_old { "old" } else { "new" }, how])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, is_old, runs: 0 }
    }

    fn call(&mut self, keys: usize) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{keys}").unwrap();
        self.runs = self.lines.next().unwrap().unwrap().parse().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// How often the old version and the new one have computed, while six processes are replaced one by one.
fn rolled(how: &str) -> [usize; 2] {
    const KEYS: usize = 10;
    let server = RedisServer::start();
    let mut fleet: Vec<Process> = (0..6).map(|_| Process::start(&server, true, how)).collect();
    let mut gone = Vec::new();
    for replaced in 0..=fleet.len() {
        fleet.iter_mut().for_each(|process| process.call(KEYS));
        if let Some(process) = fleet.get_mut(replaced) {
            gone.push(std::mem::replace(process, Process::start(&server, false, how)));
        }
    }
    let runs = |is_old| {
        fleet.iter().chain(&gone).filter(move |process| process.is_old == is_old).map(|process| process.runs)
    };
    [true, false].map(|is_old| runs(is_old).sum())
}

#[test]
fn a_fleet_is_rolled_without_computing_anything_twice() {
    assert_eq!(rolled("apart"), [10, 10]);
}

#[test]
fn without_the_option_each_step_of_a_roll_computes_everything_twice() {
    assert_eq!(rolled("together"), [60, 60]);
}
