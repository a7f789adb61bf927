//! Redis Cluster: everything that holds on one server, with keys, tags and leases on several.

mod costs;
mod fakes;
mod local;
mod outages;
mod slots;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Entry, ErrorKind, redis_cached};
use redis_cached_test_support::{RedisCluster, RedisServer};

use crate::{Calls, user};

/// How long a call may wait for Redis where a test breaks something.
const DEADLINE: Duration = Duration::from_millis(250);

/// Stands for a database: each computation is told from all others.
static VERSION: AtomicU64 = AtomicU64::new(0);

fn version() -> u64 {
    VERSION.fetch_add(1, Ordering::SeqCst) + 1
}

#[redis_cached(ttl = 60, key = "row:<id>")]
async fn row(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "blocking:<id>")]
fn row_blocking(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["group:<group>"], skip(group))]
async fn tagged(group: u64, id: u64) -> u64 {
    let _ = (group, id);
    version()
}

#[redis_cached(ttl = 60, key = "named:<id>", tags = |row: &(u64, u64)| vec![format!("kind:{}", row.0)])]
async fn named(id: u64) -> (u64, u64) {
    (id % 3, version())
}

#[redis_cached(ttl = 60, key = "member:<ids>", batch = ids, skip(calls))]
async fn members(calls: &Calls, ids: &[u64]) -> HashMap<u64, crate::User> {
    calls.add(ids);
    ids.iter().map(|id| (*id, user(*id))).collect()
}

/// A cluster of the test's own, and a connected cache, patient enough for a busy machine.
async fn cluster() -> (RedisCluster, Cache) {
    let servers = RedisCluster::start();
    let cache = patient(&servers).await;
    (servers, cache)
}

async fn patient(servers: &RedisCluster) -> Cache {
    Cache::builder().url(servers.url()).deadline(Duration::from_secs(10)).connect().await.unwrap()
}

/// How many keys each primary holds.
fn sizes(servers: &RedisCluster) -> Vec<u64> {
    servers.nodes().iter().map(|node| node.query(&["DBSIZE"])).collect()
}

/// The ID of a row that a primary has.
fn id_of(servers: &RedisCluster, node: &RedisServer) -> u64 {
    servers.key_of(node, "row:")["row:".len()..].parse().unwrap()
}

#[tokio::test]
async fn calls_hit_and_miss_on_every_node() {
    let (servers, cache) = cluster().await;
    let mut first = Vec::new();
    for id in 0..60 {
        first.push(cache.scope(row(id)).await);
    }
    cache.flush().await.unwrap();
    assert!(sizes(&servers).iter().all(|size| *size > 5), "{:?}", sizes(&servers));
    for id in 0..60 {
        assert_eq!(cache.scope(row(id)).await, first[id as usize]);
    }
    cache.scope(async { row_entry(7).invalidate().await.unwrap() }).await;
    assert!(cache.scope(row(7)).await > first[7]);
    let stats = cache.stats();
    let of_row = stats.functions.iter().find(|function| function.function.ends_with("::row")).unwrap();
    assert_eq!((of_row.hits, of_row.misses, of_row.store_errors), (60, 61, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once_hit_and_compute_once() {
    let (_servers, cache) = cluster().await;
    for round in 0..2 {
        let mut calls = tokio::task::JoinSet::new();
        for caller in 0..640 {
            let cache = cache.clone();
            calls.spawn(async move { (caller % 64, cache.scope(row(1000 + caller % 64)).await) });
        }
        let mut versions = HashMap::<u64, u64>::new();
        while let Some(call) = calls.join_next().await {
            let (id, version) = call.unwrap();
            assert_eq!(*versions.entry(id).or_insert(version), version, "round {round}: row {id}");
        }
        cache.flush().await.unwrap();
    }
}

#[test]
fn blocking_callers_are_served() {
    let servers = RedisCluster::start();
    let cache = Cache::builder().url(servers.url()).deadline(Duration::from_secs(10)).connect_lazy().unwrap();
    let rows = || (0..20).map(|id| cache.sync_scope(|| row_blocking(id))).collect::<Vec<_>>();
    let first = rows();
    cache.blocking().flush().unwrap();
    assert_eq!(rows(), first);
}

#[tokio::test]
async fn a_batch_asks_each_node_for_its_own() {
    let (_servers, cache) = cluster().await;
    let calls = Calls::default();
    let (ids, more): (Vec<u64>, Vec<u64>) = ((0..200).collect(), (100..300).collect());
    assert_eq!(cache.scope(members(&calls, &ids)).await.len(), 200);
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(members(&calls, &more)).await.len(), 200);
    cache.flush().await.unwrap();
    assert_eq!(calls.take(), [ids, (200..300).collect()]);
}

#[tokio::test]
async fn tags_reach_entries_on_other_nodes() {
    let (_servers, cache) = cluster().await;
    let all = async || {
        let mut all = Vec::new();
        for id in 0..30 {
            all.push((cache.scope(tagged(id % 3, id)).await, cache.scope(named(id)).await.1));
        }
        cache.flush().await.unwrap();
        all
    };
    let first = all().await;
    assert_eq!(all().await, first);
    cache.invalidate_tag("group:1").await.unwrap();
    cache.invalidate_tags(["kind:2", "kind:nobody"]).await.unwrap();
    for (id, (before, after)) in first.iter().zip(all().await).enumerate() {
        assert_eq!(before.0 == after.0, id % 3 != 1, "tagged {id}");
        assert_eq!(before.1 == after.1, id % 3 != 2, "named {id}");
    }
}

#[tokio::test]
async fn a_sweep_goes_over_every_primary() {
    let (servers, cache) = cluster().await;
    for id in 0..100 {
        cache.scope(row(id)).await;
        cache.sync_scope(|| named_entry(id)).put(&(1, 1)).await.unwrap();
    }
    cache.flush().await.unwrap();
    assert_eq!(cache.invalidate_prefix("row:").await.unwrap(), 100);
    assert_eq!(cache.invalidate_prefix("row:").await.unwrap(), 0);
    assert_eq!(cache.invalidate_prefix("named:").await.unwrap(), 100);
    assert!(sizes(&servers).iter().sum::<u64>() <= 4, "tags are left: {:?}", sizes(&servers));
}

#[tokio::test]
async fn warm_up_fills_every_node() {
    let (_servers, cache) = cluster().await;
    let entries = |ids: std::ops::Range<u64>| -> Vec<(u64, Entry<u64>)> {
        cache.sync_scope(|| ids.map(|id| (id, row_entry(id))).collect())
    };
    entries(3..4)[0].1.put(&7).await.unwrap();
    let warm_up = Entry::warm_up(entries(0..300)).await.unwrap();
    let values = warm_up.missing().to_vec().into_iter().map(|id| (id, 5)).collect::<Vec<_>>();
    assert_eq!(values.len(), 299);
    warm_up.store(values).await.unwrap();
    for id in 0..300 {
        assert_eq!(cache.scope(row(id)).await, if id == 3 { 7 } else { 5 });
    }
}

#[tokio::test]
async fn one_configuration_endpoint_and_one_seed_that_is_gone_are_enough() {
    let servers = RedisCluster::shared();
    let port = servers.primary(0).port();
    for url in [
        format!("redis://localhost:{port}?cluster=true"),
        format!("valkey+cluster://127.0.0.1:1,127.0.0.1:{port}?protocol=resp2"),
    ] {
        let cache = Cache::builder().url(url).prefix("seeds:").deadline(Duration::from_secs(10));
        let cache = cache.connect().await.unwrap();
        for id in 0..9 {
            let first = cache.scope(row(id)).await;
            cache.flush().await.unwrap();
            assert_eq!(cache.scope(row(id)).await, first);
        }
    }
}

/// As where the addresses of nodes change and their names do not, or certificates are for names.
#[tokio::test]
async fn nodes_are_asked_by_the_names_that_they_announce() {
    let servers = RedisCluster::start();
    if !servers.primary(0).takes(&["CONFIG", "SET", "cluster-announce-hostname", "localhost"]) {
        // Redis 6.2 has no names to announce.
        return;
    }
    for node in servers.nodes() {
        node.cli(&["CONFIG", "SET", "cluster-announce-hostname", "localhost"]);
        node.cli(&["CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname"]);
    }
    let names = |by: &RedisServer| {
        let rows: Vec<(u16, u16, Vec<redis::Value>)> = by.query(&["CLUSTER", "SLOTS"]);
        let names = rows.iter().map(|(_, _, node)| redis::from_redis_value_ref::<String>(&node[0]).unwrap());
        names.collect::<Vec<_>>()
    };
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while servers.nodes().iter().any(|node| names(node) != ["localhost"; 3]) {
        assert!(std::time::Instant::now() < until, "the nodes do not hear of the names");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cache = patient(&servers).await;
    let mut first = Vec::new();
    for id in 0..30 {
        first.push(cache.scope(row(id)).await);
    }
    cache.flush().await.unwrap();
    assert!(sizes(&servers).iter().all(|size| *size > 2), "{:?}", sizes(&servers));
    // Redirected by name.
    let moved = servers.key_of(servers.primary(0), "row:");
    servers.migrate(servers.slot(&moved), servers.primary(1)).finish();
    let id: u64 = moved["row:".len()..].parse().unwrap();
    let value = cache.scope(row(id)).await;
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(row(id)).await, value);
    for id in 0..30 {
        assert_eq!(cache.scope(row(id)).await, first[id as usize]);
    }
    assert!(cache.stats().functions.iter().all(|of| of.store_errors == 0), "{}", cache.stats());
}

#[tokio::test]
async fn what_is_wrong_is_said_at_connect() {
    let refused = async |url: String| Cache::connect(url).await.unwrap_err();
    let nobody = refused("redis+cluster://127.0.0.1:1,127.0.0.1:2".into()).await;
    assert_eq!(nobody.kind(), ErrorKind::Connection, "{nobody}");
    let single = RedisServer::start();
    let single = refused(single.url().replace("redis://", "redis+cluster://")).await;
    assert!(single.to_string().contains("use redis://"), "{single}");
    let locked = RedisServer::builder().in_cluster_mode().password("right").start();
    let locked = refused(format!("redis+cluster://:wrong@127.0.0.1:{}", locked.port())).await;
    assert_eq!(locked.kind(), ErrorKind::Permission, "{locked}");
    let servers = RedisCluster::builder().node(|node| node.arg("--cluster-require-full-coverage").arg("yes"));
    let servers = servers.start();
    servers.primary(1).cli(&["CLUSTER", "DELSLOTS", "6000"]);
    let part = refused(format!("redis+cluster://127.0.0.1:{}", servers.primary(1).port())).await;
    assert_eq!(part.kind(), ErrorKind::ClusterDown);
    assert!(part.to_string().contains("1 of its 16384 slots have no owner"), "{part}");
}
