//! `tags`, `group`: entries that are invalidated together, and what is never served afterwards.

mod held;
mod joining;
mod names;
mod own_names;
mod typed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use redis_cached_test_support::{Command, Proxy, RedisServer};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use self::held::Held;
use crate::{Failed, both, redis};

/// A database with one number. Reads can be held up between reading and returning.
struct Source {
    row: AtomicU64,
    reads: AtomicUsize,
    began: Semaphore,
    gate: Semaphore,
}

impl Source {
    fn new() -> Arc<Self> {
        let source = Self::closed();
        source.open();
        source
    }

    /// One whose reads do not return before it is opened.
    fn closed() -> Arc<Self> {
        let (began, gate) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { row: AtomicU64::new(1), reads: AtomicUsize::new(0), began, gate })
    }

    fn open(&self) {
        self.gate.add_permits(1_000_000);
    }

    async fn read(&self) -> u64 {
        let row = self.quick_read();
        self.began.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        row
    }

    fn quick_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.row.load(Ordering::SeqCst)
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Waits until a read has read.
    async fn began(&self) {
        self.began.acquire().await.unwrap().forget();
    }

    fn write(&self) -> u64 {
        self.row.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[redis_cached(ttl = 60, key = "row:<id>", skip(source, org), tags = ["org:<org>"])]
async fn row(source: &Source, org: &str, id: u64) -> u64 {
    let _ = (org, id);
    source.read().await
}

#[redis_cached(ttl = 60, key = "blocking:<id>", skip(source, org), tags = ["org:<org>", "all"], group = "numbers")]
fn blocking(source: &Source, org: &str, id: u64) -> Option<u64> {
    let _ = (org, id);
    Some(source.quick_read())
}

struct Tenant {
    source: Arc<Source>,
    name: String,
}

impl Tenant {
    #[redis_cached(ttl = 60, key = "m:<T>:<self.name>:<id>", tags = ["org:<self.name>", "kind:<T>"], group = "numbers")]
    async fn number<T: ?Sized>(&self, id: u64) -> Result<u64, Failed> {
        let _ = id;
        Ok(self.source.read().await)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Member {
    teams: Vec<String>,
    row: u64,
}

#[redis_cached(
    ttl = 60, key = "member:<id>", skip(source, teams), group = "members",
    tags = |member: &Member| member.teams.iter().map(|team| format!("team:{team}")).collect()
)]
async fn member(source: &Source, id: u64, teams: &[&str]) -> Member {
    let _ = id;
    let teams = teams.iter().map(|team| (*team).to_owned()).collect();
    Member { teams, row: source.read().await }
}

#[tokio::test]
async fn an_invalidated_tag_takes_all_its_entries_and_no_others() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |org: &'static str, id| cache.scope(row(&source, org, id)).await;
        for _ in 0..2 {
            for (org, id) in [("a", 1), ("a", 2), ("b", 3)] {
                assert_eq!(call(org, id).await, 1);
                cache.flush().await.unwrap();
            }
        }
        assert_eq!(source.reads(), 3, "each is stored");
        let new = source.write();
        cache.invalidate_tag("org:a").await.unwrap();
        assert_eq!((call("a", 1).await, call("a", 2).await, call("b", 3).await), (new, new, 1));
        cache.flush().await.unwrap();
        assert_eq!((call("a", 1).await, source.reads()), (new, 5));
        cache.invalidate_tags(["org:nobody", "org:b"]).await.unwrap();
        cache.invalidate_tags([""; 0]).await.unwrap();
        assert_eq!((call("a", 1).await, call("b", 3).await), (new, new));
    }
}

#[tokio::test]
async fn functions_of_all_kinds_share_a_tag() {
    let (_server, caches) = both().await;
    for cache in caches {
        let tenant = Tenant { source: Source::new(), name: "Zoë/1".into() };
        let source = Arc::clone(&tenant.source);
        let all = async || {
            let found = (
                cache.scope(row(&source, &tenant.name, 1)).await,
                cache.sync_scope(|| blocking(&source, &tenant.name, 1)).unwrap(),
                cache.scope(tenant.number::<str>(1)).await.unwrap(),
            );
            cache.flush().await.unwrap();
            found
        };
        assert_eq!(all().await, (1, 1, 1));
        let new = source.write();
        cache.invalidate_tag("org:Zoë/1").await.unwrap();
        assert_eq!(all().await, (new, new, new));
        assert_eq!((all().await, source.reads()), ((new, new, new), 6));

        let newer = source.write();
        cache.blocking().invalidate_tag("all").unwrap();
        assert_eq!(all().await, (new, newer, new));
        cache.blocking().invalidate_tags([String::from("kind:str")]).unwrap();
        assert_eq!(all().await, (new, newer, newer));
        let newest = source.write();
        cache.invalidate_group("numbers").await.unwrap();
        assert_eq!(all().await, (new, newest, newest));
    }
}

#[tokio::test]
async fn a_tag_that_is_missing_fits_no_entry() {
    let (server, cache) = redis().await;
    let source = Source::new();
    let call = async || {
        let found = cache.scope(row(&source, "a", 1)).await;
        cache.flush().await.unwrap();
        found
    };
    for lose in [&["DEL", "\u{1}tag:org:a"][..], &["SET", "\u{1}tag:org:a", "something else"], &["FLUSHALL"]]
    {
        call().await;
        let new = source.write();
        assert_ne!(call().await, new);
        server.cli(lose);
        assert_eq!(call().await, new, "{lose:?}");
        assert_eq!(cache.sync_scope(|| row_entry("a", 1)).get().await.unwrap(), Some(new));
    }
}

#[tokio::test]
async fn an_invalidation_wins_over_a_computation_that_began_before() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let old = tokio::spawn({
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            async move { cache.scope(row(&source, "a", 1)).await }
        });
        source.began().await;
        let new = source.write();
        cache.invalidate_tag("org:a").await.unwrap();
        source.open();
        assert_eq!(old.await.unwrap(), 1, "its caller began before");
        cache.flush().await.unwrap();
        assert_eq!(cache.sync_scope(|| row_entry("a", 1)).get().await.unwrap(), None);
        assert_eq!(cache.scope(row(&source, "a", 1)).await, new);
    }
}

/// The lease of the old computation is still there. Whoever joined by that alone would get the old value.
#[tokio::test]
async fn who_begins_after_an_invalidation_does_not_join_who_began_before() {
    for is_read_anew in [false, true] {
        let (_server, caches) = both().await;
        for cache in caches {
            let source = Source::closed();
            let call = || {
                let (cache, source) = (cache.clone(), Arc::clone(&source));
                tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
            };
            let old = call();
            source.began().await;
            // Of the same process, and it may join.
            let joined = call();
            while cache.stats().functions[0].coalesced == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let new = source.write();
            cache.invalidate_tag("org:a").await.unwrap();
            if is_read_anew {
                // The tag has a nonce again.
                cache.sync_scope(|| blocking(&source, "a", 1));
            }
            let late = [call(), call()];
            while cache.stats().functions.iter().map(|function| function.coalesced).sum::<u64>() < 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            source.open();
            assert_eq!((old.await.unwrap(), joined.await.unwrap()), (1, 1));
            for late in late {
                assert_eq!(late.await.unwrap(), new);
            }
        }
    }
}

#[tokio::test]
async fn callers_share_one_computation() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let call = || {
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
        };
        let mut calls: Vec<_> = (0..100).map(|_| call()).collect();
        source.began().await;
        calls.extend((0..100).map(|_| call()));
        tokio::time::sleep(Duration::from_millis(20)).await;
        source.open();
        for call in calls {
            assert_eq!(call.await.unwrap(), 1);
        }
        assert_eq!(source.reads(), 1);
    }
}

#[tokio::test]
async fn two_processes_share_one_computation() {
    let (server, one) = redis().await;
    let two = Cache::connect(server.url()).await.unwrap();
    let source = Source::closed();
    let call = |cache: &Cache| {
        let (cache, source) = (cache.clone(), Arc::clone(&source));
        tokio::spawn(async move { cache.scope(row(&source, "a", 1)).await })
    };
    let first = call(&one);
    source.began().await;
    let second = call(&two);
    tokio::time::sleep(Duration::from_millis(20)).await;
    source.open();
    assert_eq!((first.await.unwrap(), second.await.unwrap(), source.reads()), (1, 1, 1));
    // What one invalidates, the other does not serve.
    let new = source.write();
    one.invalidate_tag("org:a").await.unwrap();
    assert_eq!(two.scope(row(&source, "a", 1)).await, new);
}

const DAY: u64 = 24 * 60 * 60;

#[redis_cached(ttl = Duration::from_secs(DAY), key = "day:<id>", tags = ["life"])]
async fn for_a_day(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = |seconds: &u64| Duration::from_secs(*seconds), key = "so long:<seconds>", tags = ["life <seconds>"])]
async fn for_so_long(seconds: u64) -> u64 {
    seconds
}

#[redis_cached(ttl = "never", key = "for ever", tags = ["life"])]
async fn for_ever() -> u64 {
    0
}

#[tokio::test]
async fn tags_outlive_their_entries() {
    let (server, cache) = redis().await;
    let left = |key: &str| server.query::<i64>(&["PTTL", key]);
    cache.scope(for_a_day(1)).await;
    for seconds in [1, 10, 100 * DAY] {
        cache.scope(for_so_long(seconds)).await;
        cache.flush().await.unwrap();
        let (tag, entry) = (left(&format!("\u{1}tag:life {seconds}")), left(&format!("so long:{seconds}")));
        assert!(tag > entry && entry > 0, "{seconds}: {tag} and {entry}");
    }
    assert!(left("\u{1}tag:life") > left("day:1"));
    cache.scope(for_ever()).await;
    cache.flush().await.unwrap();
    assert_eq!((left("for ever"), left("\u{1}tag:life")), (-1, -1));
}

#[tokio::test]
async fn an_entry_knows_its_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| row_entry("a", 1));
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        entry.put(&7).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(7));
        assert!(entry.ttl().await.unwrap().is_some());
        let source = Source::new();
        assert_eq!(cache.scope(row(&source, "a", 1)).await, 7);
        // Of another organisation: not what is there.
        assert_eq!(cache.sync_scope(|| row_entry("b", 1)).get().await.unwrap(), None);
        cache.invalidate_tag("org:a").await.unwrap();
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        entry.put(&8).await.unwrap();
        entry.invalidate().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

#[tokio::test]
async fn values_name_tags_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |id, teams: &'static [&str]| {
            let found = cache.scope(member(&source, id, teams)).await.row;
            cache.flush().await.unwrap();
            found
        };
        let all = async || (call(1, &["x", "y"]).await, call(2, &["y"]).await, call(3, &[]).await);
        assert_eq!((all().await, all().await, source.reads()), ((1, 1, 1), (1, 1, 1), 3));
        let new = source.write();
        cache.invalidate_tag("team:x").await.unwrap();
        assert_eq!((all().await, all().await), ((new, 1, 1), (new, 1, 1)));
        cache.invalidate_tag("team:y").await.unwrap();
        assert_eq!((all().await, all().await), ((new, new, 1), (new, new, 1)));
        let newer = source.write();
        cache.invalidate_tag("group:members").await.unwrap();
        assert_eq!((all().await, all().await), ((newer, newer, newer), (newer, newer, newer)));
        let entry = cache.sync_scope(|| member_entry(9));
        entry.put(&Member { teams: vec!["z".into()], row: 77 }).await.unwrap();
        assert_eq!(call(9, &[]).await, 77);
        cache.invalidate_tag("team:z").await.unwrap();
        assert_eq!((entry.get().await.unwrap(), call(9, &[]).await), (None, newer));
    }
}

/// The tags that the value will have are not known when its tag is invalidated.
#[tokio::test]
async fn an_invalidation_wins_over_a_value_that_is_to_name_the_tag() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::closed();
        let old = tokio::spawn({
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            async move { cache.scope(member(&source, 1, &["x"])).await }
        });
        source.began().await;
        let new = source.write();
        cache.invalidate_tag("team:x").await.unwrap();
        // The tag and that of any tag have nonces again, which are not those that there were.
        source.gate.add_permits(2);
        assert_eq!(cache.scope(member(&source, 2, &["x"])).await.row, new);
        assert_eq!(old.await.unwrap().row, 1);
        cache.flush().await.unwrap();
        assert_eq!(cache.sync_scope(|| member_entry(1)).get().await.unwrap(), None);
        source.open();
        assert_eq!(cache.scope(member(&source, 1, &["x"])).await.row, new);
    }
}

#[tokio::test]
async fn a_failed_invalidation_is_made_up_for() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let source = Source::new();
    let call = async || {
        let found = cache.scope(row(&source, "a", 1)).await;
        cache.flush().await.unwrap();
        found
    };
    while cache.sync_scope(|| row_entry("a", 1)).get().await.ok() != Some(Some(1)) {
        call().await;
    }
    server.pause();
    let new = source.write();
    assert!(cache.invalidate_tag("org:a").await.is_err());
    assert_eq!(cache.stats().pending_invalidations, 1);
    server.resume();
    assert_eq!(call().await, new);
    for _ in 0..300 {
        if cache.stats().pending_invalidations == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(cache.stats().pending_invalidations, 0);
    assert_eq!(server.query::<usize>(&["EXISTS", "\u{1}tag:org:a"]), 0);
    assert_eq!(call().await, new);
}

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);

#[redis_cached(ttl = TTL, key = "sie:<id>", skip(source), tags = ["late"], stale_if_error = "10s")]
async fn if_error(source: &Source, id: u64) -> Result<u64, Failed> {
    let _ = id;
    match source.quick_read() {
        1 => Ok(1),
        _ => Err(Failed("the source")),
    }
}

#[redis_cached(ttl = TTL, key = "swr:<id>", skip(source), tags = ["late"], stale_while_revalidate = "10s")]
async fn revalidated(source: &Arc<Source>, id: u64) -> u64 {
    let _ = id;
    source.quick_read()
}

#[tokio::test]
async fn an_old_value_whose_tag_was_invalidated_serves_for_nothing() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Ok(1));
        assert_eq!(cache.scope(revalidated(&source, 1)).await, 1);
        cache.pass(PAST).await;
        let new = source.write();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Ok(1), "in place of the error");
        // In the background, and stored with its tags.
        while cache.scope(revalidated(&source, 1)).await != new {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let newer = source.write();
        assert_eq!(cache.scope(revalidated(&source, 1)).await, new);
        cache.invalidate_tag("late").await.unwrap();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Err(Failed("the source")));
        assert_eq!(cache.scope(revalidated(&source, 1)).await, newer);
    }
}

#[redis_cached(ttl = 60, key = "kept:<id>", skip(source, org), tags = ["org:<org>"], local = "30s")]
async fn kept(source: &Source, org: &str, id: u64) -> u64 {
    let _ = (org, id);
    source.quick_read()
}

#[redis_cached(
    ttl = 60, key = "kept member:<id>", skip(source, teams), group = "members", local = "30s",
    tags = |member: &Member| member.teams.iter().map(|team| format!("team:{team}")).collect()
)]
async fn kept_member(source: &Source, id: u64, teams: &[&str]) -> Member {
    let _ = id;
    Member { teams: teams.iter().map(|team| (*team).to_owned()).collect(), row: source.quick_read() }
}

/// Calls until the value comes from this process, which it does as soon as a read has brought it here.
async fn until_kept(cache: &Cache, call: impl AsyncFn() -> u64) -> u64 {
    let local_hits = || cache.stats().functions.iter().map(|function| function.local_hits).sum::<u64>();
    for _ in 0..500 {
        let before = local_hits();
        let found = call().await;
        if local_hits() > before {
            return found;
        }
        cache.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never kept: {}", cache.stats());
}

#[tokio::test]
async fn the_local_tier_serves_an_entry_while_its_tags_are_as_they_were() {
    let (server, here) = redis().await;
    let there = Cache::connect(server.url()).await.unwrap();
    let source = Source::new();
    let tagged = async || here.scope(kept(&source, "a", 1)).await;
    let other = async || here.scope(kept(&source, "b", 2)).await;
    let named = async || here.scope(kept_member(&source, 1, &["x", "y"])).await.row;
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, other).await), (1, 1));
    assert_eq!(until_kept(&here, named).await, 1);
    let (sister, brother) = (
        async || here.scope(kept(&source, "a", 3)).await,
        async || here.scope(kept_member(&source, 3, &["y"])).await.row,
    );
    assert_eq!((until_kept(&here, sister).await, until_kept(&here, brother).await), (1, 1));

    // Its own at once.
    let new = source.write();
    here.invalidate_tags(["org:a", "team:y"]).await.unwrap();
    assert_eq!((tagged().await, named().await, other().await), (new, new, 1));
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (new, new));
    // Their tags are kept again, with other nonces.
    assert_eq!((sister().await, brother().await), (new, new));
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (new, new));

    // Another's as soon as Redis has told of it, and without it this would serve for half a minute.
    let newer = source.write();
    there.invalidate_tags(["org:a", "team:x"]).await.unwrap();
    for _ in 0..500 {
        if (tagged().await, named().await) == (newer, newer) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!((tagged().await, named().await, other().await), (newer, newer, 1));

    // A hit in this process asks nobody.
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (newer, newer));
    let monitor = server.monitor();
    assert_eq!((tagged().await, named().await, other().await), (newer, newer, 1));
    assert!(monitor.commands().iter().all(|command| command.name() == "PING"));
}

#[tokio::test]
async fn the_local_tier_keeps_nothing_of_a_tag_whose_invalidation_failed() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let source = Source::new();
    let call = async || cache.scope(kept(&source, "a", 1)).await;
    until_kept(&cache, call).await;
    server.pause();
    let new = source.write();
    assert!(cache.invalidate_tag("org:a").await.is_err());
    assert_eq!(call().await, new);
    server.resume();
    assert_eq!((call().await, until_kept(&cache, call).await), (new, new));
}

/// The commands that a client sent, by name and first key.
fn sent(commands: &[Command]) -> Vec<String> {
    let sent = commands.iter().filter(|command| !command.in_script());
    sent.map(|command| match command.name() {
        "EVAL" | "EVALSHA" => format!("script {}", command.args()[2]),
        name => format!("{name} {}", command.args().join(" ")),
    })
    .collect()
}

#[tokio::test]
async fn a_hit_is_one_command_and_an_invalidation_too() {
    let (server, cache) = redis().await;
    let source = Source::new();
    // The scripts are known afterwards, and what the server knows.
    cache.scope(row(&source, "a", 1)).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(row(&source, "a", 2)).await;
    cache.flush().await.unwrap();
    let miss = sent(&monitor.commands());
    // The tag and the lease are asked for at once: see below.
    assert_eq!(miss.len(), 4, "{miss:?}");
    assert_eq!(miss[..2], [r"MGET row:2 \x01tag:org:a", r"script \x01tag:org:a"]);
    monitor.clear();
    cache.scope(row(&source, "a", 2)).await;
    assert_eq!(sent(&monitor.commands()), [r"MGET row:2 \x01tag:org:a"]);
    monitor.clear();
    cache.invalidate_tags(["org:a", "org:b"]).await.unwrap();
    assert_eq!(sent(&monitor.commands()), [r"UNLINK \x01tags \x01tag:org:a \x01tag:org:b"]);
}

/// While no answer comes, all that does not depend on it is asked.
#[tokio::test]
async fn a_tag_and_the_lease_are_one_round_trip() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).deadline(Duration::from_secs(30)).connect().await.unwrap();
    let source = Source::new();
    cache.scope(row(&source, "a", 1)).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    let mut call = Held::after_look_up(cache.scope(row(&source, "a", 2))).await;
    assert_eq!(sent(&monitor.commands()), [r"MGET row:2 \x01tag:org:a"]);
    // From here on nothing is answered, so whatever waits for an answer before it asks the next thing never asks it.
    proxy.delay_replies(Duration::from_secs(3600));
    call.until(|| sent(&monitor.commands()).len() == 3).await;
    assert_eq!(source.reads(), 1, "both are waited for before the body runs");
    proxy.heal();
    assert_eq!((call.call.await, source.reads()), (1, 2));
}

/// A warm-up stores under the tags too, those of arguments and those that values name.
#[tokio::test]
async fn many_values_are_stored_with_their_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let rows = [("a", 1), ("a", 2), ("b", 3)];
        let entries = cache.sync_scope(|| rows.map(|(org, id)| (row_entry(org, id), 70 + id)));
        Entry::put_many(entries).await.unwrap();
        let named = |team: &str| Member { teams: vec![team.into()], row: 77 };
        let entries = cache.sync_scope(|| [(member_entry(1), named("x")), (member_entry(2), named("y"))]);
        Entry::put_many(entries).await.unwrap();
        let all = async || {
            let row = |org, id| cache.scope(row(&source, org, id));
            let member = async |id| cache.scope(member(&source, id, &[])).await.row;
            [row("a", 1).await, row("a", 2).await, row("b", 3).await, member(1).await, member(2).await]
        };
        assert_eq!(all().await, [71, 72, 73, 77, 77]);
        cache.invalidate_tags(["org:a", "team:x"]).await.unwrap();
        assert_eq!(all().await, [1, 1, 73, 1, 77]);
    }
}
