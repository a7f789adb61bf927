//! A hit in a cluster of three primaries, beside one on a single server, beside the driver's own client of clusters, and beside three single
//! servers that share the keys, which is the floor: as many messages, and `MGET` in each.
//!
//! All servers run on this machine: a cluster has more of them to talk to, and nothing of what it is for.

use std::fmt;

use redis_cached::Cache;
use redis_cached_test_support::{RedisCluster, RedisServer};

use crate::contenders::{Apart, BareCluster, ByCluster, ByTcp};
use crate::hit::warmed;
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{TASKS, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

/// One server, three primaries, the driver's client of clusters, three servers.
pub(crate) struct ByCosts(Report);

impl fmt::Display for ByCosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = [
            ("three primaries to one server", 1, 0),
            ("three primaries to cluster_async", 1, 2),
            ("cluster_async to one server", 2, 0),
            ("three servers apart to one", 3, 0),
        ];
        write!(f, "{}\n\n{}", self.0, self.0.cost_table(&compared))
    }
}

pub(crate) async fn run(options: &Options) -> Result<ByCosts, Failure> {
    let (server, cluster) = (RedisServer::start(), RedisCluster::start());
    let apart = [RedisServer::start(), RedisServer::start(), RedisServer::start()];
    let [first, second, third] = &apart;
    let nodes = cluster.nodes().iter().map(RedisServer::url).collect();
    let contenders = [
        warmed(ByTcp(Cache::connect(server.url()).await?)).await,
        warmed(ByCluster(Cache::connect(cluster.url()).await?)).await,
        warmed(BareCluster::connect(nodes).await?).await,
        warmed(Apart([
            Cache::connect(first.url()).await?,
            Cache::connect(second.url()).await?,
            Cache::connect(third.url()).await?,
        ]))
        .await,
    ];
    let title = format!(
        "A hit of a small struct on one server, and in a cluster of three: {} rounds of {:?} for each, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(ByCosts(compare(&title, options, ("tasks", &TASKS), &contenders).await?))
}
