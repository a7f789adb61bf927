//! What replicas add: who is asked for what, and what an invalidation waits for.

use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Monitor, RedisCluster, RedisServer};

use super::{of_each, patient, row, row_entry, version};
use crate::cluster::wire::sent;

const IDS: std::ops::Range<u64> = 0..12;

#[redis_cached(ttl = 60, key = "marked:<id>", replica_reads = verified)]
async fn marked(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "recent:<id>", replica_reads = "8s")]
async fn recent(id: u64) -> u64 {
    let _ = id;
    version()
}

fn with_replicas(primaries: usize) -> RedisCluster {
    let servers = RedisCluster::builder().primaries(primaries).replicas(1).start();
    servers.wait_for_replicas();
    servers
}

/// Of the primaries, and of the replicas.
fn monitors(servers: &RedisCluster, primaries: usize) -> [Vec<Monitor>; 2] {
    let (first, second) = servers.nodes().split_at(primaries);
    [first, second].map(|nodes| nodes.iter().map(RedisServer::monitor).collect())
}

/// Calls for each ID until replicas serve all of them, which takes connections to them, and a sample of what they have.
async fn served_by_replicas(cache: &Cache, mut call: impl AsyncFnMut(u64)) {
    let hits = || cache.stats().functions.iter().map(|of| of.replica_hits).sum::<u64>();
    let until = Instant::now() + Duration::from_secs(30);
    let mut served = 0;
    while served < IDS.end {
        assert!(Instant::now() < until, "no replica serves: {}", cache.stats());
        let before = hits();
        for id in IDS {
            call(id).await;
        }
        served = hits() - before;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// By which command a primary and a replica are asked for each key.
fn asked(monitors: &[Vec<Monitor>; 2]) -> [Vec<String>; 2] {
    // What is sampled from time to time is no call's.
    let is_sample = |command: &String| command.starts_with("ROLE") || command.starts_with("REPLCONF");
    monitors.each_ref().map(|nodes| sent(nodes).into_iter().filter(|command| !is_sample(command)).collect())
}

#[tokio::test]
async fn a_replica_s_hit_costs_the_same_however_many_primaries_there_are() {
    for primaries in [1, 3] {
        let servers = with_replicas(primaries);
        let cache = patient(&servers).await;
        for id in IDS {
            cache.scope(marked(id)).await;
            cache.scope(recent(id)).await;
        }
        cache.flush().await.unwrap();
        servers.nodes()[..primaries].iter().for_each(|primary| primary.wait_for_replicas(1));
        let keys = |name: &'static str| IDS.map(move |id| format!("{name}:{id}"));

        served_by_replicas(&cache, async |id| assert!(cache.scope(marked(id)).await > 0)).await;
        let monitors = monitors(&servers, primaries);
        for id in IDS {
            cache.scope(marked(id)).await;
        }
        let verified = [of_each("GETRANGE", keys("marked")), of_each("GET", keys("marked"))];
        assert_eq!(asked(&monitors), verified, "the mark, and the value");

        served_by_replicas(&cache, async |id| assert!(cache.scope(recent(id)).await > 0)).await;
        monitors.iter().flatten().for_each(Monitor::clear);
        for id in IDS {
            cache.scope(recent(id)).await;
        }
        assert_eq!(asked(&monitors), [Vec::new(), of_each("GET", keys("recent"))], "the value");
    }
}

#[tokio::test]
async fn to_wait_for_replicas_costs_one_command_more() {
    for primaries in [1, 3] {
        let servers = with_replicas(primaries);
        let cache = Cache::builder().url(servers.url()).deadline(Duration::from_secs(10));
        let cache = cache.invalidations_wait(1, Duration::from_secs(5)).connect().await.unwrap();
        cache.scope(row(7)).await;
        cache.flush().await.unwrap();
        let entry = cache.sync_scope(|| row_entry(7));
        // Its own connection is made, and learns what its server can.
        entry.put(&1).await.unwrap();
        entry.invalidate().await.unwrap();
        let [at_primaries, _] = monitors(&servers, primaries);
        entry.put(&2).await.unwrap();
        assert_eq!(sent(&at_primaries), ["SET row:7", "WAIT 1"], "a value");
        entry.invalidate().await.unwrap();
        assert_eq!(sent(&at_primaries), ["UNLINK row:7", "WAIT 1"], "an invalidation");
        cache.scope(row(7)).await;
        cache.flush().await.unwrap();
        assert!(sent(&at_primaries).iter().all(|command| command.ends_with(" row:7")), "no call waits");
    }
}
