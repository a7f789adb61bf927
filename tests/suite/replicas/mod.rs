//! `replica_reads`: hits that replicas serve, and what those must not serve.

mod bounded;
mod verified;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::Cache;
use redis_cached_test_support::{Monitor, RedisCluster, RedisServer};

/// How long a call may wait for Redis where a test breaks something.
const DEADLINE: Duration = Duration::from_millis(500);

/// Stands for a database: each computation is told from all others.
static VERSION: AtomicU64 = AtomicU64::new(0);

fn version() -> u64 {
    VERSION.fetch_add(1, Ordering::SeqCst) + 1
}

fn version_of_each(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, version())).collect()
}

/// Three primaries with a replica each.
fn cluster() -> RedisCluster {
    let servers = RedisCluster::builder().replicas(1).start();
    servers.wait_for_replicas();
    servers
}

/// The same for tests that do not break them.
fn shared() -> &'static RedisCluster {
    static SHARED: OnceLock<RedisCluster> = OnceLock::new();
    SHARED.get_or_init(cluster)
}

async fn connected(url: String) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap()
}

async fn impatient(url: String) -> Cache {
    Cache::builder().url(url).deadline(DEADLINE).connect().await.unwrap()
}

/// Waits until what was written is at the replicas too.
async fn replicated(cache: &Cache, primaries: &[RedisServer]) {
    cache.flush().await.unwrap();
    for primary in primaries.iter().filter(|server| server.info("role").is_some_and(|role| role == "master"))
    {
        primary.wait_for_replicas(1);
    }
}

/// Cuts a replica off from its primary. It goes on answering.
fn cut_off(replica: &RedisServer) {
    // The primary has no password, and refuses whoever knows one.
    replica.cli(&["CONFIG", "SET", "masterauth", "none"]);
    replica.cli(&["CLIENT", "KILL", "TYPE", "master"]);
    wait_for(|| replica.info("master_link_status").is_some_and(|status| status == "down"));
}

fn mend(replica: &RedisServer) {
    replica.cli(&["CONFIG", "SET", "masterauth", ""]);
    wait_for(|| replica.info("master_link_status").is_some_and(|status| status == "up"));
}

fn wait_for(condition: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < until, "it does not become so");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Hits, hits of replicas, and look-ups that replicas were not enough for, of the only function.
fn outcomes(cache: &Cache) -> (u64, u64, u64) {
    let stats = cache.stats();
    let of = &stats.functions[0];
    (of.hits, of.replica_hits, of.replica_misses)
}

/// The commands that a server was sent, without those about the cluster.
fn sent(monitor: &Monitor) -> Vec<String> {
    let commands = monitor.commands();
    let sent = commands.iter().filter(|command| !matches!(command.name(), "CLUSTER" | "READONLY" | "INFO"));
    let sent = sent.map(|command| format!("{} {}", command.name(), command.args().join(" ")));
    let sent = sent.collect();
    monitor.clear();
    sent
}
