//! `local` in a cluster: each node tells of its own keys' changes, and what a node has lost is served no longer.

mod changes;
mod moves;
mod outages;

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use redis_cached_test_support::{RedisCluster, RedisServer};

use crate::local::{Row, local_hits, settle};

/// The staleness bound where a test breaks something.
const STALENESS: Duration = Duration::from_millis(400);
/// After which nothing must be served that has changed, on any machine.
const PAST: Duration = Duration::from_secs(1);

#[redis_cached(ttl = 3600, local = "1h", key = "kept:<name>", skip(row))]
async fn kept(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[redis_cached(ttl = 3600, local = "1h", key = "tagged:<name>", tags = ["<tag>"], skip(row, tag))]
async fn tagged(row: &Row, name: &str, tag: &str) -> u64 {
    let _ = (name, tag);
    row.get()
}

#[redis_cached(ttl = 3600, local = "1h", key = "named:<name>", tags = |row: &(u64, String)| vec![row.1.clone()], skip(row, tag))]
async fn named(row: &Row, name: &str, tag: &str) -> (u64, String) {
    let _ = name;
    (row.get(), tag.to_owned())
}

#[redis_cached(ttl = 3600, local = "1h", key = "several:<names>", batch = names, skip(row))]
async fn several(row: &Row, names: &[String]) -> HashMap<String, u64> {
    names.iter().map(|name| (name.clone(), row.get())).collect()
}

fn cache(servers: &RedisCluster, staleness: Duration) -> Cache {
    let patient = Cache::builder().url(servers.url()).deadline(Duration::from_secs(10));
    patient.local_staleness(staleness).connect_lazy().unwrap()
}

/// One that gives up soon, where nodes are silent.
fn impatient(servers: &RedisCluster) -> Cache {
    let short = Cache::builder().url(servers.url()).deadline(Duration::from_millis(200));
    short.local_staleness(STALENESS).connect_lazy().unwrap()
}

/// Another process.
fn other(servers: &RedisCluster) -> Cache {
    cache(servers, Duration::from_secs(2))
}

/// What stands behind `beginning` in a key of this node.
fn name_on(servers: &RedisCluster, node: &RedisServer, beginning: &str) -> String {
    servers.key_of(node, beginning)[beginning.len()..].to_owned()
}

/// A name of `kept` on each primary.
fn names(servers: &RedisCluster) -> [String; 3] {
    [0, 1, 2].map(|index| name_on(servers, servers.primary(index), "kept:"))
}

/// Another process says that an entry is out of date.
async fn change(servers: &RedisCluster, row: &Row, name: &str) {
    row.set(row.get() + 1);
    let entry: Entry<u64> = other(servers).sync_scope(|| kept_entry(name));
    entry.invalidate().await.unwrap();
}

async fn settle_all(cache: &Cache, row: &Row, names: &[String]) {
    for name in names {
        settle(cache, async || kept(row, name).await).await;
    }
}

/// The call is served from this process.
async fn is_local(cache: &Cache, row: &Row, name: &str) -> bool {
    let before = local_hits(cache);
    cache.scope(kept(row, name)).await;
    local_hits(cache) > before
}
