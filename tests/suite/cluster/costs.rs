//! What each operation costs, in commands at the nodes of its keys: the same with one primary and with three, and nothing anywhere else.

mod replicas;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use redis_cached_test_support::{Monitor, RedisCluster};
use tokio::sync::Semaphore;

use super::wire::{monitors, sent};
use super::{members, named, named_entry, patient, row, row_entry, tagged, tagged_entry, version};
use crate::Calls;
use crate::faults::wait_until_async;

#[redis_cached(ttl = 60, key = "stale:<id>", stale_while_revalidate = "1h")]
async fn stale(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "kept:<id>", local = "30s")]
async fn kept(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "slow:<id>", skip(gate))]
async fn slow(gate: Arc<Semaphore>, id: u64) -> u64 {
    let _ = (gate.acquire().await.unwrap(), id);
    version()
}

/// One command for each key.
fn of_each(command: &str, keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = keys.map(|key| format!("{command} {key}")).collect();
    all.sort();
    all
}

fn members_of(ids: Range<u64>) -> impl Iterator<Item = String> {
    ids.map(|id| format!("member:{id}"))
}

fn rows_of(ids: Range<u64>) -> impl Iterator<Item = String> {
    ids.map(|id| format!("row:{id}"))
}

/// The keys of what was sent, in order and as often: by which command a lease is taken or a value stored is the server's.
fn keys(monitors: &[Monitor]) -> Vec<String> {
    let sent = sent(monitors);
    let mut keys: Vec<String> =
        sent.iter().filter_map(|command| Some(command.split_once(' ')?.1.to_owned())).collect();
    keys.sort();
    keys
}

fn rows(cache: &Cache, ids: Range<u64>) -> Vec<Entry<u64>> {
    cache.sync_scope(|| ids.map(row_entry).collect())
}

/// A cluster whose nodes have been asked before, as each connection learns what its server can, and hold the values 0 to 39.
async fn known(primaries: usize) -> (RedisCluster, Cache, Vec<Monitor>) {
    let servers = RedisCluster::builder().primaries(primaries).start();
    let cache = patient(&servers).await;
    cache.scope(members(&Calls::default(), &(0..40).collect::<Vec<_>>())).await;
    for id in 0..40 {
        cache.scope(row(id)).await;
        cache.scope(tagged(id % 2, id)).await;
        cache.scope(named(id)).await;
        cache.scope(stale(id)).await;
    }
    cache.flush().await.unwrap();
    // A value is there, so that the next miss is not expected.
    cache.scope(row(0)).await;
    let monitors = monitors(&servers);
    (servers, cache, monitors)
}

#[tokio::test]
async fn calls_cost_the_same_however_many_primaries_there_are() {
    for primaries in [1, 3] {
        let (_servers, cache, monitors) = known(primaries).await;
        cache.scope(row(7)).await;
        assert_eq!(sent(&monitors), ["GET row:7"], "a hit");
        cache.scope(stale(7)).await;
        assert_eq!(sent(&monitors), ["GET stale:7", "PTTL stale:7"], "a hit with a stale window");
        cache.scope(tagged(1, 7)).await;
        assert_eq!(sent(&monitors), ["GET \\x01tag:group:1", "GET tagged:7"], "a hit with a tag");
        cache.scope(named(7)).await;
        let named_tag = ["GET \\x01tag:kind:1", "GET \\x01tags", "GET named:7"];
        assert_eq!(sent(&monitors), named_tag, "a hit whose value names its tag");

        cache.scope(row(100)).await;
        cache.flush().await.unwrap();
        assert_eq!(keys(&monitors), ["row:100"; 3], "a miss: the look-up, the lease, the value");
        cache.scope(tagged(1, 100)).await;
        cache.flush().await.unwrap();
        let [tag, tagged] = ["\\x01tag:group:1", "tagged:100"];
        assert_eq!(keys(&monitors), [tag, tag, tagged, tagged, tagged], "a miss with a tag");

        for is_given in [false, true] {
            match is_given {
                false => cache.scope(cache.bypass(row(7))).await,
                true => rows(&cache, 7..8)[0].refresh_with(async { version() }).await,
            };
            cache.flush().await.unwrap();
            let forced = keys(&monitors);
            let of_value = forced.iter().filter(|key| *key == "row:7").count();
            let what = "the look-up, a lease beside, the value, the lease's end";
            assert_eq!((of_value, forced.len()), (2, 4), "{what}: {forced:?}");
        }

        let ids: Vec<u64> = (0..40).collect();
        cache.scope(members(&Calls::default(), &ids)).await;
        assert_eq!(sent(&monitors), of_each("GET", members_of(0..40)), "a batch of hits");
        let ids: Vec<u64> = (30..50).collect();
        cache.scope(members(&Calls::default(), &ids)).await;
        cache.flush().await.unwrap();
        let mut expected: Vec<String> = members_of(30..50).collect();
        expected.extend(members_of(40..50).chain(members_of(40..50)));
        expected.sort();
        assert_eq!(
            keys(&monitors),
            expected,
            "a batch: a look-up each, a lease and a value where nothing is"
        );
    }
}

#[tokio::test]
async fn operations_cost_the_same_however_many_primaries_there_are() {
    for primaries in [1, 3] {
        let (_servers, cache, monitors) = known(primaries).await;
        let entry = &rows(&cache, 7..8)[0];
        entry.put(&1).await.unwrap();
        entry.get().await.unwrap();
        assert_eq!(sent(&monitors), ["GET row:7", "SET row:7"], "what an entry does");
        entry.ttl().await.unwrap();
        assert_eq!(sent(&monitors), ["GET row:7", "PTTL row:7"], "its TTL");
        entry.invalidate().await.unwrap();
        entry.invalidate_with_hold(Duration::from_millis(1)).await.unwrap();
        assert_eq!(sent(&monitors), ["SET row:7", "UNLINK row:7"], "its invalidation");
        cache.sync_scope(|| tagged_entry(1, 7)).put(&1).await.unwrap();
        assert_eq!(keys(&monitors), ["\\x01tag:group:1", "tagged:7"], "its tag's nonce, and the value");
        cache.sync_scope(|| named_entry(7)).invalidate().await.unwrap();
        assert_eq!(sent(&monitors), ["UNLINK named:7"], "its tag is not touched");

        Entry::put_many(rows(&cache, 10..20).into_iter().map(|entry| (entry, 1))).await.unwrap();
        assert_eq!(sent(&monitors), of_each("SET", rows_of(10..20)), "many values");
        Entry::invalidate_many(rows(&cache, 10..20)).await.unwrap();
        assert_eq!(sent(&monitors), of_each("UNLINK", rows_of(10..20)), "many removals");
        let missing: Vec<(u64, Entry<u64>)> = (10..20).zip(rows(&cache, 10..20)).collect();
        Entry::warm_up(missing)
            .await
            .unwrap()
            .store((10..20).map(|id| (id, 1)).collect::<Vec<_>>())
            .await
            .unwrap();
        let mut expected: Vec<String> = rows_of(10..20).flat_map(|key| vec![key; 3]).collect();
        expected.sort();
        assert_eq!(keys(&monitors), expected, "a warm-up: a look-up, a lease and a value each");

        cache.invalidate_tags(["group:0", "kind:2"]).await.unwrap();
        let tags = ["UNLINK \\x01tag:group:0", "UNLINK \\x01tag:kind:2", "UNLINK \\x01tags"];
        assert_eq!(sent(&monitors), tags, "two tags, and what stands for any");

        cache.invalidate_prefix("member:").await.unwrap();
        let swept = sent(&monitors);
        let removed = swept.iter().filter(|command| command.starts_with("UNLINK member:")).count();
        let scans = swept.iter().filter(|command| command.starts_with("SCAN")).count();
        assert_eq!((removed, swept.len() - scans), (40, 40), "{swept:?}");
        assert!(scans >= primaries, "each primary is swept: {swept:?}");
    }
}

#[tokio::test]
async fn a_local_copy_costs_nothing_however_many_primaries_there_are() {
    for primaries in [1, 3] {
        let (servers, cache, monitors) = known(primaries).await;
        let other = patient(&servers).await;
        for id in 0..20 {
            other.scope(kept(id)).await;
        }
        other.flush().await.unwrap();
        monitors.iter().for_each(Monitor::clear);
        // Without the heartbeats, which ask for the time of one of the keys.
        let reads = || {
            let all = sent(&monitors);
            all.into_iter().filter(|command| !command.starts_with("PTTL ")).collect::<Vec<_>>()
        };
        for id in 0..20 {
            cache.scope(kept(id)).await;
        }
        assert_eq!(reads(), of_each("GET", (0..20).map(|id| format!("kept:{id}"))), "hits in Redis");
        for id in 0..20 {
            cache.scope(kept(id)).await;
        }
        assert!(reads().is_empty(), "{:?}", cache.stats());
    }
}

#[tokio::test]
async fn who_waits_for_another_process_asks_for_the_value_alone() {
    for primaries in [1, 3] {
        let (servers, cache, monitors) = known(primaries).await;
        let builder = Cache::builder().url(servers.url()).deadline(Duration::from_secs(10));
        // It is not renewed meanwhile.
        let other = builder.lease_ttl(Duration::from_secs(300)).connect().await.unwrap();
        let gate = Arc::new(Semaphore::new(1));
        let call = |cache: &Cache, id| {
            let (cache, gate) = (cache.clone(), Arc::clone(&gate));
            tokio::spawn(async move { cache.scope(slow(gate, id)).await })
        };
        // Its connections learn what the servers can.
        for id in 10..30 {
            call(&other, id).await.unwrap();
        }
        other.flush().await.unwrap();
        gate.forget_permits(1);
        let computing = call(&other, 7);
        let node = servers.owner("slow:7");
        wait_until_async(async || node.query::<u64>(&["EXISTS", "slow:7"]) == 1).await;
        monitors.iter().for_each(Monitor::clear);
        let waiting = call(&cache, 7);
        let commands = || monitors.iter().map(|monitor| monitor.commands().len()).sum::<usize>();
        wait_until_async(async || commands() > 5).await;
        let asked = sent(&monitors);
        // Once, whether what stands there has an end.
        let others: Vec<&String> = asked.iter().filter(|command| *command != "GET slow:7").collect();
        assert_eq!(others, ["PTTL slow:7"], "{asked:?}");
        gate.add_permits(1);
        assert_eq!(waiting.await.unwrap(), computing.await.unwrap());
        other.flush().await.unwrap();
        let others: Vec<String> =
            sent(&monitors).into_iter().filter(|command| command != "GET slow:7").collect();
        assert!(others.len() == 1 && others[0].ends_with(" slow:7"), "the value is stored: {others:?}");
    }
}
