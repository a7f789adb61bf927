//! Invalidations that Redis could not take: what this process serves until it does, and what ends them. Redis refuses single keys
//! here, so that one invalidation fails and another one does not.

mod cancelled;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Entry, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::faults::wait_until;
use crate::{redis, settled};

/// Stands for a database's row.
#[derive(Default)]
struct Row {
    version: AtomicU64,
    reads: AtomicU64,
}

impl Row {
    fn read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.version.load(Ordering::SeqCst)
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    fn write(&self) -> u64 {
        self.version.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[redis_cached(ttl = 3600, key = "row:<id>", skip(row))]
async fn long(row: &Row, id: u64) -> u64 {
    let _ = id;
    row.read()
}

#[redis_cached(ttl = 1, key = "row:<id>", skip(row))]
async fn short(row: &Row, id: u64) -> u64 {
    let _ = id;
    row.read()
}

#[redis_cached(ttl = 3600, key = "row:<ids>", batch = ids, skip(row))]
async fn many(row: &Row, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, row.read())).collect()
}

#[redis_cached(ttl = 3600, key = "tagged:<tag>", skip(row), tags = ["<tag>"])]
async fn tagged(row: &Row, tag: &str) -> u64 {
    let _ = tag;
    row.read()
}

/// The tag is the first part of what it gives.
#[redis_cached(ttl = 3600, key = "names:<tag>", skip(row), tags = |value: &(String, u64)| vec![value.0.clone()])]
async fn names(row: &Row, tag: &str) -> (String, u64) {
    (tag.to_owned(), row.read())
}

#[redis_cached(ttl = 3600, key = "kept:<tag>", local = "1h", skip(row), tags = |value: &(String, u64)| vec![value.0.clone()])]
async fn kept(row: &Row, tag: &str) -> (String, u64) {
    (tag.to_owned(), row.read())
}

/// Lets nobody write to a key, until [`allow`]. Before Redis 7 nobody can read it either: a permission is for both.
fn forbid(server: &RedisServer, keys: &[&str]) {
    let mut command = vec!["ACL", "SETUSER", "default", "resetkeys"];
    // All that the functions use but these keys.
    let all = [
        "row:1",
        "row:2",
        "tagged:*",
        "names:*",
        "kept:*",
        "\u{1}tag:a",
        "\u{1}tag:b",
        "\u{1}tag:c",
        "\u{1}tags",
    ];
    let reads_alone = !server.info("redis_version").is_some_and(|version| version.starts_with("6."));
    let rule = |key: &str| match keys.contains(&key) {
        false => Some(format!("~{key}")),
        true => reads_alone.then(|| format!("%R~{key}")),
    };
    let rules: Vec<String> = all.into_iter().filter_map(rule).collect();
    command.extend(rules.iter().map(String::as_str));
    server.cli(&command);
}

fn allow(server: &RedisServer) {
    server.cli(&["ACL", "SETUSER", "default", "allkeys"]);
}

fn is_there(server: &RedisServer, key: &str) -> bool {
    server.query(&["EXISTS", key])
}

async fn is_retried(cache: &Cache) {
    settled(cache).await;
    assert_eq!(cache.stats().lost_invalidations, 0);
}

/// Polls a future once.
fn begin(future: std::pin::Pin<&mut impl Future>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn a_tag_stays_pending_while_another_one_is_invalidated() {
    let (server, cache) = redis().await;
    let row = Row::default();
    let call = async |tag| cache.scope(names(&row, tag)).await.1;
    let entry = |tag| cache.sync_scope(|| names_entry(tag));
    for tag in ["a", "b", "c"] {
        call(tag).await;
    }
    cache.flush().await.unwrap();
    forbid(&server, &["\u{1}tag:a"]);
    let new = row.write();
    cache.invalidate_tag("a").await.unwrap_err();
    cache.invalidate_tag("b").await.unwrap();
    assert_eq!(cache.stats().pending_invalidations, 1);

    for _ in 0..3 {
        assert_eq!(call("a").await, new);
        assert_eq!(entry("a").get().await.unwrap(), None);
        assert_eq!(entry("a").ttl().await.unwrap(), None);
    }
    assert_eq!(call("b").await, new);
    // What has neither tag is served.
    let reads = row.reads();
    assert_eq!((call("c").await, row.reads()), (0, reads));

    allow(&server);
    is_retried(&cache).await;
    assert!(!is_there(&server, "\u{1}tag:a"));
    assert_eq!(call("a").await, new);
    cache.flush().await.unwrap();
    let reads = row.reads();
    assert_eq!((call("a").await, row.reads()), (new, reads));
}

#[tokio::test]
async fn copies_in_the_process_are_kept_and_served_as_their_tags_are() {
    let (server, cache) = redis().await;
    let row = Row::default();
    let call = async |tag| cache.scope(kept(&row, tag)).await.1;
    let local_hits = || cache.stats().functions.first().map_or(0, |function| function.local_hits);
    for tag in ["a", "c"] {
        let before = local_hits();
        let until = Instant::now() + Duration::from_secs(10);
        while local_hits() == before {
            assert!(Instant::now() < until, "it is not kept");
            call(tag).await;
            cache.flush().await.unwrap();
        }
    }
    forbid(&server, &["\u{1}tag:a"]);
    let new = row.write();
    cache.invalidate_tag("a").await.unwrap_err();
    cache.invalidate_tag("b").await.unwrap();
    let before = local_hits();
    for _ in 0..5 {
        assert_eq!(call("a").await, new);
    }
    assert_eq!(local_hits(), before);
    assert_eq!((call("c").await, local_hits()), (0, before + 1));
    allow(&server);
    is_retried(&cache).await;
    assert_eq!(call("a").await, new);
}

/// A computation that began before the invalidation reads the same nonce as who calls afterwards.
#[tokio::test]
async fn nobody_joins_what_began_before_while_a_tag_is_pending() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| names_entry("a"));
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (end, ends) = tokio::sync::oneshot::channel::<()>();
    let old = entry.get_or_compute(async {
        began.send(()).unwrap();
        ends.await.unwrap();
        ("a".to_owned(), 0)
    });
    let calls = async {
        has_begun.await.unwrap();
        forbid(&server, &["\u{1}tag:a"]);
        cache.invalidate_tag("a").await.unwrap_err();
        let new = async { ("a".to_owned(), 1) };
        let new = tokio::time::timeout(Duration::from_secs(2), entry.get_or_compute(new)).await;
        assert_eq!(new.expect("it waited for the old one").1, 1);
        end.send(()).unwrap();
    };
    assert_eq!(tokio::join!(old, calls).0.1, 0);
    cache.flush().await.unwrap_err();
    assert_eq!(entry.get().await.unwrap(), None);
    allow(&server);
    is_retried(&cache).await;
    assert_eq!(entry.get().await.unwrap(), None);
}

/// What begins first, is carried out, and is asked for its outcome last.
#[tokio::test]
async fn only_an_operation_that_began_later_settles_a_failure() {
    let (server, cache) = redis().await;
    let other = Cache::connect(server.url()).await.unwrap();
    let row = Row::default();
    for put in [false, true] {
        let entry = cache.sync_scope(|| long_entry(1));
        let theirs = other.sync_scope(|| long_entry(1));
        theirs.put(&99).await.unwrap();
        let mut first = pin!(async { if put { entry.put(&98).await } else { entry.invalidate().await } });
        begin(first.as_mut());
        wait_until(|| {
            server
                .query::<Option<Vec<u8>>>(&["GET", "row:1"])
                .is_none_or(|value| put && value.ends_with(&[98]))
        })
        .await;
        // Another process stores what is to be invalidated.
        theirs.put(&99).await.unwrap();
        forbid(&server, &["row:1"]);
        let new = row.write();
        entry.invalidate().await.unwrap_err();
        first.await.unwrap();

        assert_eq!(cache.stats().pending_invalidations, 1);
        assert_eq!(cache.scope(long(&row, 1)).await, new);
        assert_eq!(entry.get().await.unwrap(), None);
        allow(&server);
        is_retried(&cache).await;
        assert!(!is_there(&server, "row:1"));
    }
}

#[tokio::test]
async fn so_it_is_for_tags() {
    let (server, cache) = redis().await;
    let row = Row::default();
    cache.scope(tagged(&row, "a")).await;
    cache.flush().await.unwrap();
    let mut first = pin!(cache.invalidate_tag("a"));
    begin(first.as_mut());
    wait_until(|| !is_there(&server, "\u{1}tag:a")).await;
    cache.scope(tagged(&row, "a")).await;
    cache.flush().await.unwrap();
    forbid(&server, &["\u{1}tag:a"]);
    let new = row.write();
    cache.invalidate_tags(["a", "b"]).await.unwrap_err();
    first.await.unwrap();
    assert_eq!(cache.stats().pending_invalidations, 2);
    assert_eq!(cache.scope(tagged(&row, "a")).await, new);
    // The failure of one is not the other's.
    cache.invalidate_tag("b").await.unwrap();
    assert_eq!(cache.stats().pending_invalidations, 1);
    assert_eq!(cache.scope(tagged(&row, "a")).await, new);
    allow(&server);
    is_retried(&cache).await;
    assert!(!is_there(&server, "\u{1}tag:a"));
}

/// A later success settles, whatever it is.
#[tokio::test]
async fn a_later_write_ends_what_is_pending() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| long_entry(1));
    let fail = async || {
        entry.put(&1).await.unwrap();
        // So that no retry comes in between.
        server.cli(&["ACL", "SETUSER", "default", "-unlink", "-del"]);
        entry.invalidate().await.unwrap_err();
        assert_eq!((cache.stats().pending_invalidations, entry.get().await.unwrap()), (1, None));
    };
    fail().await;
    entry.put(&2).await.unwrap();
    assert_eq!((cache.stats().pending_invalidations, entry.get().await.unwrap()), (0, Some(2)));
    fail().await;
    Entry::put_many([(entry.clone(), 3)]).await.unwrap();
    assert_eq!((cache.stats().pending_invalidations, entry.get().await.unwrap()), (0, Some(3)));
    fail().await;
    entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
    server.cli(&["ACL", "SETUSER", "default", "+unlink", "+del"]);
    is_retried(&cache).await;
    assert_eq!(server.query::<String>(&["GETRANGE", "row:1", "0", "0"]), "T");
}

#[tokio::test]
async fn a_failure_is_retried_for_longer_than_its_functions_ttl() {
    let (server, cache) = redis().await;
    let row = Row::default();
    cache.scope(long(&row, 1)).await;
    cache.flush().await.unwrap();
    forbid(&server, &["row:1"]);
    let new = row.write();
    cache.sync_scope(|| short_entry(1)).invalidate().await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(cache.stats().pending_invalidations, 1);
    assert_eq!(cache.scope(long(&row, 1)).await, new);
    allow(&server);
    is_retried(&cache).await;
    assert!(!is_there(&server, "row:1"));
    assert_eq!(cache.scope(long(&row, 1)).await, new);
}

#[tokio::test]
async fn whoever_asks_for_the_entry_is_told_that_there_is_none() {
    let (server, cache) = redis().await;
    let row = Row::default();
    assert_eq!(cache.scope(many(&row, &[1, 2])).await, HashMap::from([(1, 0), (2, 0)]));
    cache.scope(tagged(&row, "a")).await;
    cache.flush().await.unwrap();
    let entry = cache.sync_scope(|| long_entry(1));
    let of_tag = cache.sync_scope(|| tagged_entry("a"));
    assert!(entry.get().await.unwrap().is_some() && of_tag.ttl().await.unwrap().is_some());
    forbid(&server, &["row:1", "\u{1}tag:a"]);
    let new = row.write();
    entry.invalidate().await.unwrap_err();
    cache.invalidate_tag("a").await.unwrap_err();

    assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
    assert_eq!((of_tag.get().await.unwrap(), of_tag.ttl().await.unwrap()), (None, None));
    tokio::task::spawn_blocking({
        let (entry, of_tag) = (entry.blocking(), of_tag.blocking());
        move || {
            assert_eq!((entry.get().unwrap(), entry.ttl().unwrap()), (None, None));
            assert_eq!((of_tag.get().unwrap(), of_tag.ttl().unwrap()), (None, None));
        }
    })
    .await
    .unwrap();
    assert_eq!(entry.get_or_compute(async { new }).await, new);
    assert_eq!(cache.scope(many(&row, &[1, 2])).await, HashMap::from([(1, new), (2, 0)]));
    assert_eq!(cache.scope(tagged(&row, "a")).await, new);
    allow(&server);
    is_retried(&cache).await;
}

#[tokio::test]
async fn a_hold_that_failed_is_retried_as_a_hold() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| long_entry(1));
    entry.put(&1).await.unwrap();
    forbid(&server, &["row:1"]);
    entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(entry.get().await.unwrap(), None);
    allow(&server);
    is_retried(&cache).await;
    assert_eq!(server.query::<String>(&["GETRANGE", "row:1", "0", "0"]), "T");
    let left: u64 = server.query(&["TTL", "row:1"]);
    assert!((30..=60).contains(&left), "{left} s");
}

/// One key that is refused again and again does not keep the others.
#[tokio::test]
async fn what_is_refused_keeps_nothing_else() {
    let (server, cache) = redis().await;
    let entries = [1, 2].map(|id| cache.sync_scope(|| long_entry(id)));
    for entry in &entries {
        entry.put(&1).await.unwrap();
    }
    forbid(&server, &["row:1", "row:2", "\u{1}tag:a"]);
    for entry in &entries {
        entry.invalidate().await.unwrap_err();
    }
    cache.invalidate_tag("a").await.unwrap_err();
    forbid(&server, &["row:1", "\u{1}tag:a"]);
    wait_until(|| cache.stats().pending_invalidations == 2).await;
    assert!(!is_there(&server, "row:2"));
    assert_eq!(server.query::<usize>(&["DBSIZE"]), 1, "row:1 is there");
}

#[tokio::test]
async fn flush_retries_at_once() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| long_entry(1));
    entry.put(&1).await.unwrap();
    forbid(&server, &["row:1"]);
    entry.invalidate().await.unwrap_err();
    let incomplete = cache.flush().await.unwrap_err();
    assert_eq!(incomplete.kind(), ErrorKind::Incomplete);
    assert!(incomplete.to_string().contains("0 values and 1 invalidations"), "{incomplete}");
    // By now it waits for long between two retries.
    tokio::time::sleep(Duration::from_millis(800)).await;
    allow(&server);
    cache.flush().await.unwrap();
    assert_eq!(cache.stats().pending_invalidations, 0);
    assert!(!is_there(&server, "row:1"));
}

#[tokio::test]
async fn what_there_is_no_room_for_is_counted() {
    // Nobody listens there.
    let cache = Cache::builder().url("redis://127.0.0.1:1").connect_lazy().unwrap();
    cache.invalidate_tags((0..10_003).map(|number| number.to_string())).await.unwrap_err();
    let stats = cache.stats();
    assert_eq!((stats.pending_invalidations, stats.lost_invalidations), (10_000, 3));
    assert!(stats.to_string().contains("10000 pending, 0 retried, 0 repeated, 3 lost"), "{stats}");
}

/// Each cache has pending invalidations of its own, as a process has.
#[tokio::test]
async fn a_pending_invalidation_is_its_caches_own() {
    let (server, cache) = redis().await;
    let other = Cache::connect(server.url()).await.unwrap();
    let entry = cache.sync_scope(|| long_entry(1));
    entry.put(&1).await.unwrap();
    server.cli(&["ACL", "SETUSER", "default", "-@write"]);
    entry.invalidate().await.unwrap_err();
    assert_eq!(cache.clone().stats().pending_invalidations, 1);
    assert_eq!(other.stats().pending_invalidations, 0);
    assert_eq!(other.sync_scope(|| long_entry(1)).get().await.unwrap(), Some(1));
}
