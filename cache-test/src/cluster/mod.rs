//! Redis Cluster: real primaries and replicas, their slots, and what happens to them.

mod formation;
mod migration;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use redis::{Value, from_redis_value};

use crate::RedisServer;

pub use formation::ClusterBuilder;
pub use migration::Migration;

/// How many slots there are.
const SLOTS: u16 = 16_384;
/// How long the nodes may take to agree.
const AGREEMENT: Duration = Duration::from_secs(30);
/// A replica gives a failover up that has taken five seconds, as it may on a busy machine.
const FAILOVER: Duration = Duration::from_secs(6);

/// A running cluster. Its nodes are killed on drop.
///
/// ```
/// use redis_cached_test::RedisCluster;
///
/// let cluster = RedisCluster::start();
/// let owner = cluster.owner("city");
/// owner.cli(&["SET", "city", "Berlin"]);
/// assert!(cluster.url().starts_with("redis+cluster://127.0.0.1:"));
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    primaries: usize,
}

/// Slots that one node owns, and its port.
type Owned = (RangeInclusive<u16>, u16);

impl RedisCluster {
    /// Three primaries, which share the slots evenly and in order.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Settings for a cluster of one's own.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::new()
    }

    /// Three primaries for all tests of this process, for those that neither break it nor count what it does.
    pub fn shared() -> &'static Self {
        // Never dropped; the watchdogs of its processes end it.
        static SHARED: OnceLock<RedisCluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// `redis+cluster://…` with all nodes, and the password where there is one.
    pub fn url(&self) -> String {
        self.url_of("redis+cluster", &self.nodes.iter().map(RedisServer::port).collect::<Vec<_>>())
    }

    /// The same over TLS.
    ///
    /// # Panics
    /// As [`RedisServer::tls_url`].
    pub fn tls_url(&self) -> String {
        self.url_of("rediss+cluster", &self.nodes.iter().map(RedisServer::tls_port).collect::<Vec<_>>())
    }

    fn url_of(&self, scheme: &str, ports: &[u16]) -> String {
        let url = self.nodes[0].url();
        let (before, _) = url.rsplit_once("127.0.0.1").expect("where all our servers are");
        let before = before.replacen("redis", scheme, 1);
        let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        before + &hosts.join(",")
    }

    /// All nodes: the primaries as they were at the start, then the replicas, the first primary's first.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// A primary of the start.
    pub fn primary(&self, index: usize) -> &RedisServer {
        &self.nodes[..self.primaries][index]
    }

    /// A replica of the start, of the primary with this index.
    ///
    /// # Panics
    /// Where there are none.
    pub fn replica(&self, of_primary: usize) -> &RedisServer {
        let replicas = &self.nodes[self.primaries..];
        &replicas[of_primary * (replicas.len() / self.primaries)]
    }

    /// The slot of a key, as a node says.
    pub fn slot(&self, key: &str) -> u16 {
        self.alive().query(&["CLUSTER", "KEYSLOT", key])
    }

    /// The node that owns a slot, as a node says that answers.
    pub fn owner_of_slot(&self, slot: u16) -> &RedisServer {
        let owned = owned(self.alive());
        let port = owned.iter().find(|(slots, _)| slots.contains(&slot)).expect("the slot has an owner").1;
        self.nodes.iter().find(|node| node.port() == port).expect("a node of ours")
    }

    /// The node that owns a key.
    pub fn owner(&self, key: &str) -> &RedisServer {
        self.owner_of_slot(self.slot(key))
    }

    /// A key that begins with this, of a slot that the node owns.
    pub fn key_of(&self, node: &RedisServer, beginning: &str) -> String {
        let owned = owned(self.alive());
        let is_of_it = |key: &String| {
            let slot = self.slot(key);
            owned.iter().any(|(slots, port)| slots.contains(&slot) && *port == node.port())
        };
        let keys = (0..).map(|number: u32| format!("{beginning}{number}"));
        keys.take(100_000).find(is_of_it).expect("it owns a part of the slots")
    }

    /// Begins to move a slot: its owner and `to` are in the migrating state until the migration is finished.
    pub fn migrate<'a>(&'a self, slot: u16, to: &'a RedisServer) -> Migration<'a> {
        Migration::begin(self, slot, to)
    }

    /// Makes a replica the primary, with the old primary's consent, and waits until all nodes know it.
    pub fn failover(&self, replica: &RedisServer) {
        let asked = Cell::new(None::<Instant>);
        self.wait(|| {
            let is_due = asked.get().is_none_or(|at| at.elapsed() > FAILOVER);
            if is_due && replica.info("role").is_some_and(|role| role == "slave") {
                replica.cli(&["CLUSTER", "FAILOVER"]);
                asked.set(Some(Instant::now()));
            }
            self.is_primary(replica)
        });
    }

    /// Waits until all nodes that answer know that this one owns slots.
    pub fn wait_for_primary(&self, node: &RedisServer) {
        self.wait(|| self.is_primary(node));
    }

    fn is_primary(&self, node: &RedisServer) -> bool {
        let is_owner = |by: &RedisServer| owned(by).iter().any(|(_, port)| *port == node.port());
        self.answering().all(is_owner) && self.is_whole()
    }

    /// Waits until all nodes that answer tell of all replicas in `CLUSTER SLOTS`, which they do not before those have data.
    pub fn wait_for_replicas(&self) {
        // Goes to the replicas, even where there is nothing to remove.
        self.nodes[..self.primaries].iter().for_each(RedisServer::flush_all);
        let replicas = (self.nodes.len() - self.primaries) / self.primaries;
        let names_all = |node: &RedisServer| {
            let rows: Vec<Vec<Value>> = node.query(&["CLUSTER", "SLOTS"]);
            // The first slot, the last, the primary.
            rows.iter().all(|row| row.len() == 3 + replicas)
        };
        self.wait(|| self.answering().all(names_all));
    }

    /// Waits until all nodes that answer say that every slot is served, and agree by whom.
    pub fn wait_until_whole(&self) {
        self.wait(|| self.is_whole());
    }

    fn is_whole(&self) -> bool {
        let mut views = self.answering().map(|node| (says_ok(node), owned(node), epochs(node)));
        let Some(first) = views.next() else { return false };
        let slots: usize = first.1.iter().map(|(slots, _)| slots.len()).sum();
        first.0 && slots == usize::from(SLOTS) && views.all(|view| view == first)
    }

    fn wait(&self, until: impl Fn() -> bool) {
        let deadline = Instant::now() + AGREEMENT;
        while !until() {
            assert!(
                Instant::now() < deadline,
                "the nodes did not agree within {AGREEMENT:?}: {:#?}",
                self.answering().map(|node| node.query::<String>(&["CLUSTER", "NODES"])).collect::<Vec<_>>()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Those that own slots now, as a node says that answers.
    pub fn primaries_now(&self) -> Vec<&RedisServer> {
        let owned = owned(self.alive());
        let owns = |node: &&RedisServer| owned.iter().any(|(_, port)| *port == node.port());
        self.nodes.iter().filter(owns).collect()
    }

    /// Some node that answers.
    fn alive(&self) -> &RedisServer {
        self.answering().next().expect("a node answers")
    }

    fn answering(&self) -> impl Iterator<Item = &RedisServer> {
        self.nodes.iter().filter(|node| node.answers())
    }
}

fn says_ok(node: &RedisServer) -> bool {
    node.query::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
}

fn id(node: &RedisServer) -> String {
    node.query(&["CLUSTER", "MYID"])
}

/// The configuration epoch of each node that owns slots, as the node says. A node that takes a slot takes an epoch above all that it knows of: where
/// it does not know the highest, others go on owning what it has taken.
fn epochs(node: &RedisServer) -> BTreeMap<String, String> {
    let nodes: String = node.query(&["CLUSTER", "NODES"]);
    let fields = nodes.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    // ID, address, flags, primary, ping, pong, epoch, state of the link, slots, and those on their way in brackets.
    let owners = fields.filter(|fields| fields.get(8).is_some_and(|slots| !slots.starts_with('[')));
    owners.map(|fields| (fields[0].to_owned(), fields[6].to_owned())).collect()
}

/// Who owns what, as the node says, in order and with adjacent ranges of one node in one.
fn owned(node: &RedisServer) -> Vec<Owned> {
    let rows: Vec<Vec<Value>> = node.query(&["CLUSTER", "SLOTS"]);
    let mut owned: Vec<Owned> = rows
        .into_iter()
        .map(|mut row| {
            let primary: Vec<Value> = from_redis_value(row.swap_remove(2)).expect("host, port, …");
            let port = from_redis_value(primary[1].clone()).expect("a port");
            let last = from_redis_value(row.swap_remove(1)).expect("a slot");
            (from_redis_value(row.swap_remove(0)).expect("a slot")..=last, port)
        })
        .collect();
    owned.sort_by_key(|(slots, _)| *slots.start());
    owned.dedup_by(|next, previous| {
        let is_one = next.1 == previous.1 && *next.0.start() == previous.0.end() + 1;
        if is_one {
            previous.0 = *previous.0.start()..=*next.0.end();
        }
        is_one
    });
    owned
}
