//! `replica_reads`: hits that replicas serve, and what those must not serve.

mod bounded;
mod sentinel;
mod verified;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Error};
use redis_cached_test_support::{Monitor, RedisCluster, RedisSentinels, RedisServer};

/// How long a call may wait for Redis where a test breaks something.
const DEADLINE: Duration = Duration::from_secs(2);

/// Stands for a database: each computation is told from all others.
static VERSION: AtomicU64 = AtomicU64::new(0);

fn version() -> u64 {
    VERSION.fetch_add(1, Ordering::SeqCst) + 1
}

fn version_of_each(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, version())).collect()
}

/// Primaries with a replica each, and who names them.
enum Servers {
    Cluster(RedisCluster),
    Sentinels(RedisSentinels),
}

/// Three primaries with a replica each.
fn cluster() -> RedisCluster {
    let servers = RedisCluster::builder().replicas(1).start();
    servers.wait_for_replicas();
    servers
}

/// A primary with so many replicas, and three sentinels.
fn sentinels(replicas: usize) -> RedisSentinels {
    let servers = RedisSentinels::builder().replicas(replicas).start();
    servers.wait_for_replicas_of(servers.first());
    servers
}

fn both() -> [Servers; 2] {
    [Servers::Cluster(cluster()), Servers::Sentinels(sentinels(1))]
}

/// The same for tests that do not break them.
fn shared() -> &'static [Servers; 2] {
    static SHARED: OnceLock<[Servers; 2]> = OnceLock::new();
    SHARED.get_or_init(both)
}

impl Servers {
    fn url(&self) -> String {
        match self {
            Self::Cluster(servers) => servers.url(),
            Self::Sentinels(servers) => servers.url(),
        }
    }

    fn all(&self) -> &[RedisServer] {
        match self {
            Self::Cluster(servers) => servers.nodes(),
            Self::Sentinels(servers) => servers.servers(),
        }
    }

    /// The only primary, or one of them.
    fn primary(&self) -> &RedisServer {
        match self {
            Self::Cluster(servers) => servers.primary(0),
            Self::Sentinels(servers) => servers.first(),
        }
    }

    /// Its replica.
    fn replica(&self) -> &RedisServer {
        match self {
            Self::Cluster(servers) => servers.replica(0),
            Self::Sentinels(servers) => servers.second(),
        }
    }

    /// All replicas.
    fn replicas(&self) -> Vec<&RedisServer> {
        match self {
            Self::Cluster(servers) => (0..3).map(|primary| servers.replica(primary)).collect(),
            Self::Sentinels(servers) => vec![servers.second()],
        }
    }

    /// The number behind `beginning` in a key that [`primary`](Self::primary) has.
    fn id_of(&self, beginning: &str) -> u64 {
        match self {
            Self::Cluster(servers) => {
                servers.key_of(servers.primary(0), beginning)[beginning.len()..].parse().unwrap()
            }
            Self::Sentinels(_) => 1,
        }
    }

    /// Has the replica take over. The primary becomes its replica.
    fn failover(&self) {
        match self {
            Self::Cluster(servers) => servers.failover(servers.replica(0)),
            Self::Sentinels(servers) => {
                servers.failover(servers.second());
                servers.wait_for_replicas_of(servers.second());
            }
        }
    }
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

/// Tries until it is done: after a failover the connection to the former primary may be noticed to be gone by the first who uses it.
async fn until_done<T>(mut attempt: impl AsyncFnMut() -> Result<T, Error>) {
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = attempt().await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Calls until replicas serve, which takes a connection, and may take a sample or the sentinels' word.
async fn served_by_replicas(cache: &Cache, mut call: impl AsyncFnMut()) {
    let until = Instant::now() + Duration::from_secs(30);
    let before = replica_hits(cache);
    while replica_hits(cache) < before + 3 {
        assert!(Instant::now() < until, "no replica serves: {}", cache.stats());
        call().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn replica_hits(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|of| of.replica_hits).sum()
}

/// Hits, hits of replicas, and look-ups that replicas were not enough for, of the only function.
fn outcomes(cache: &Cache) -> (u64, u64, u64) {
    let stats = cache.stats();
    let of = &stats.functions[0];
    (of.hits, of.replica_hits, of.replica_misses)
}

/// The commands that a server was sent, without those about its cluster, of sentinels and of replicas.
fn sent(monitor: &Monitor) -> Vec<String> {
    let commands = monitor.commands();
    let about_servers = ["CLUSTER", "READONLY", "INFO", "PUBLISH", "REPLCONF"];
    let sent = commands.iter().filter(|command| !about_servers.contains(&command.name()));
    let sent = sent.map(|command| format!("{} {}", command.name(), command.args().join(" ")));
    let sent = sent.collect();
    monitor.clear();
    sent
}
