//! Forming a cluster out of servers that have met nobody.

use super::{RedisCluster, SLOTS, id};
#[cfg(feature = "tls")]
use crate::Authority;
use crate::RedisServer;
use crate::builder::Builder;

/// How long a node may be silent until the others call it failed, in milliseconds.
const NODE_TIMEOUT: &str = "1500";

/// How a [`RedisCluster`] is to be started.
#[derive(Debug, Clone)]
pub struct ClusterBuilder {
    primaries: usize,
    replicas: usize,
    node: Builder,
}

impl ClusterBuilder {
    pub(super) fn new() -> Self {
        let node = RedisServer::builder().in_cluster_mode();
        let options = [
            ("--cluster-node-timeout", NODE_TIMEOUT),
            // A primary that is gone takes its own slots with it and no others.
            ("--cluster-require-full-coverage", "no"),
            // A replica becomes primary however old its data are, and gets them at once.
            ("--cluster-replica-validity-factor", "0"),
            ("--repl-diskless-sync-delay", "0"),
        ];
        let node = options.into_iter().fold(node, |node, (name, value)| node.arg(name).arg(value));
        Self { primaries: 3, replicas: 0, node }
    }

    /// How many primaries. Left out: three, the fewest that can vote a failed one out.
    #[must_use]
    pub fn primaries(mut self, primaries: usize) -> Self {
        self.primaries = primaries;
        self
    }

    /// How many replicas each primary has. Left out: none.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Settings of each node.
    #[must_use]
    pub fn node(mut self, settings: impl FnOnce(Builder) -> Builder) -> Self {
        self.node = settings(self.node);
        self
    }

    /// Speaks TLS, on a second port of each node ([`RedisCluster::tls_url`]) and between them, with certificates of this authority.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, authority: &Authority) -> Self {
        self.node = self.node.tls(&authority.issue()).bus_of(authority.pem());
        self
    }

    /// Starts the nodes, and returns when all of them agree who owns what, and the replicas have their primaries' data.
    ///
    /// # Panics
    /// As [`Builder::start`], or where they do not agree within half a minute.
    pub fn start(self) -> RedisCluster {
        let count = self.primaries * (1 + self.replicas);
        let starting: Vec<_> = (0..count)
            .map(|_| {
                let node = self.node.clone();
                std::thread::spawn(move || node.start())
            })
            .collect();
        let nodes = starting.into_iter().map(|node| node.join().expect("it starts")).collect();
        let cluster = RedisCluster { nodes, primaries: self.primaries };
        cluster.share_slots();
        cluster.introduce();
        cluster.wait(|| cluster.nodes.iter().all(|node| knows(node, count)));
        cluster.make_replicas(self.replicas);
        cluster.wait_until_whole();
        cluster
    }
}

impl RedisCluster {
    fn share_slots(&self) {
        for (index, primary) in self.nodes[..self.primaries].iter().enumerate() {
            // Two that have the same epoch would have to settle it first.
            primary.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            let border = |index: usize| usize::from(SLOTS) * index / self.primaries;
            let slots: Vec<String> =
                (border(index)..border(index + 1)).map(|slot| slot.to_string()).collect();
            // ADDSLOTSRANGE is newer than some of the servers.
            let mut command = vec!["CLUSTER", "ADDSLOTS"];
            command.extend(slots.iter().map(String::as_str));
            primary.cli(&command);
        }
    }

    /// Each to each: gossip would take its time.
    fn introduce(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in &self.nodes[index + 1..] {
                node.cli(&["CLUSTER", "MEET", "127.0.0.1", &other.bus_base().to_string()]);
            }
        }
    }

    fn make_replicas(&self, each: usize) {
        let (primaries, replicas) = self.nodes.split_at(self.primaries);
        for (index, replica) in replicas.iter().enumerate() {
            replica.cli(&["CLUSTER", "REPLICATE", &id(&primaries[index / each])]);
        }
        self.wait(|| {
            let is_synced =
                |replica: &RedisServer| replica.info("master_link_status").is_some_and(|is| is == "up");
            let is_known = |node: &RedisServer| {
                let nodes: String = node.query(&["CLUSTER", "NODES"]);
                nodes.lines().filter(|line| line.contains("slave")).count() == replicas.len()
            };
            replicas.iter().all(is_synced) && self.nodes.iter().all(is_known)
        });
    }
}

/// Whether it has met that many, itself included, and the handshakes are over.
fn knows(node: &RedisServer, count: usize) -> bool {
    let nodes: String = node.query(&["CLUSTER", "NODES"]);
    nodes.lines().count() == count && !nodes.contains("handshake") && !nodes.contains("noaddr")
}
