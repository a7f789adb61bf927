//! Redis Cluster: the slots are divided among primaries, and each request goes to the owner of its key's slot.
//!
//! Which node that is, each process learns from the cluster, and its task keeps it up to date. No call waits for that but the first. A
//! call that goes to the wrong node is redirected, so what is out of date costs a round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::members::Members;
use super::refresh::Refresher;
use super::replicas::ReplicaSet;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::store::address::ClusterAddress;
use crate::store::credentials::Provider;
use crate::store::redis::connection::config::Config;
use crate::store::redis::connection::ownership::MapWishes;
use crate::store::redis::connection::takeover::Takeovers;
use crate::store::redis::node::Node;
use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::route::Slot;
use crate::store::redis::tls::TlsOptions;
use crate::store::request_times::RequestTimes;
use crate::store::vocabulary::InvalidationListener;
use crate::util::clock::after;
use crate::util::process;
use crate::util::process::PerProcess;

/// What a cache is told about its cluster.
pub(crate) struct ClusterConfig {
    /// The nodes that the URL names, at least one.
    pub(crate) seeds: Vec<NodeAddress>,
    /// How to reach a node. Its address is that of the first seed.
    pub(crate) node: Config,
}

impl ClusterConfig {
    /// # Errors
    /// If the options contradict each other, or an address.
    pub(crate) fn new(
        address: &ClusterAddress,
        tls: &TlsOptions,
        credentials: Option<Provider>,
        deadline: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Error> {
        let unusable = || Error::new(ErrorKind::Url, "a host of the cluster's URL is not usable");
        let seeds = address.seeds.iter().map(|(host, port)| NodeAddress::new(host, *port));
        let seeds = seeds.collect::<Option<Vec<_>>>().ok_or_else(unusable)?;
        let NodeAddress { host, port } = seeds.first().ok_or_else(unusable)?;
        let node = Config::new(address.node(host, *port), tls, credentials, deadline, connect_timeout)?;
        let config = Self { seeds, node: Config { is_cluster_node: true, ..node } };
        config.seeds.iter().try_for_each(|seed| config.node(seed).map(drop))?;
        Ok(config)
    }

    /// Connects when it is asked.
    pub(crate) fn node(&self, NodeAddress { host, port }: &NodeAddress) -> Result<Node, Error> {
        let endpoint = self.node.endpoint.of(host, *port)?;
        Ok(Node::new(Config { endpoint, ..self.node.clone() }))
    }

    /// The same for a replica, which is asked for what it has itself.
    pub(crate) fn replica(&self, address: &NodeAddress) -> Result<Node, Error> {
        self.node.of_replica(address).map(Node::new)
    }

    pub(crate) fn name(&self) -> String {
        self.seeds.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

/// Who is told of changes in a cluster.
#[derive(Clone)]
pub(crate) struct ClusterWatch {
    pub(crate) listener: Arc<dyn InvalidationListener>,
    pub(crate) heartbeat: Duration,
    pub(crate) wishes: Arc<MapWishes>,
}

/// A cluster.
pub(crate) struct Cluster {
    config: Arc<ClusterConfig>,
    watch: Option<ClusterWatch>,
    /// Begun anew in a forked process: the task is not there, and its locks may be held for ever.
    map: PerProcess<SlotMap>,
    /// Whether it has been logged that values are not kept in this process, in which no changes can be told.
    told_of_resp2: AtomicBool,
}

struct SlotMap {
    members: Arc<Members>,
    refresher: Refresher,
}

impl Cluster {
    /// Asks at first use.
    pub(crate) fn new(config: ClusterConfig) -> Self {
        let (map, told_of_resp2) = (PerProcess::new(), AtomicBool::new(false));
        Self { config: Arc::new(config), watch: None, map, told_of_resp2 }
    }

    /// Whether removals wait for replicas.
    pub(crate) fn waits_for_replicas(&self) -> bool {
        self.config.node.replica_wait.is_some()
    }

    /// Announces changes of keys that are read on tracking connections, and of slots' owners, to `listener`; checks that often that
    /// the nodes answer, and own what they had.
    pub(crate) fn watched_by(&mut self, listener: Arc<dyn InvalidationListener>, heartbeat: Duration) {
        let wishes = Arc::new(MapWishes::new(heartbeat));
        self.watch = Some(ClusterWatch { listener, heartbeat, wishes });
    }

    /// The seeds, for messages.
    pub(crate) fn name(&self) -> String {
        self.config.name()
    }

    /// How long an operation may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.config.node.deadline
    }

    /// What the connections to all nodes record.
    pub(crate) fn request_times(&self) -> &RequestTimes {
        &self.config.node.request_times
    }

    /// Who is told that a node has taken another's place.
    pub(crate) fn takeovers(&self) -> &Takeovers {
        &self.config.node.takeovers
    }

    /// Who is told of changes.
    ///
    /// # Errors
    /// If nobody can be.
    pub(crate) fn watch(&self) -> Result<&ClusterWatch, Error> {
        let of_resp2 = "RESP3, in which a cluster could tell of changes, is turned off in the URL";
        if self.config.node.endpoint.speaks_resp3() {
            return self.watch.as_ref().ok_or_else(|| Error::new(ErrorKind::Server, "nobody watches"));
        }
        if !self.told_of_resp2.swap(true, Ordering::Relaxed) {
            log::warn!("{of_resp2}; values are not kept in this process, every hit asks Redis");
        }
        Err(Error::new(ErrorKind::Server, of_resp2))
    }

    fn map(&self) -> Result<&SlotMap, Error> {
        // Of this process: `library_runtime` determines the process.
        let library = library_runtime()?;
        Ok(self.map.get_or_init(process::known(), || {
            let members = Arc::new(Members::new(&self.config, self.watch.clone()));
            let refresher = Refresher::start(library, &self.config, &members, self.watch.clone());
            SlotMap { members, refresher }
        }))
    }

    /// Waits until the slots' owners are known, which they are from the first answer on.
    ///
    /// # Errors
    /// If no node has answered, until then or lately.
    pub(crate) async fn known(&self, until: Instant) -> Result<(), Error> {
        self.map()?.refresher.known(until).await
    }

    /// The node to ask for a key of this slot, if that is known without asking the system which process this is, which costs as much as all
    /// else here. A child that has not asked yet finds its parent's map, whose locks may be held for ever: it waits for none.
    #[inline]
    pub(crate) fn owner_at_once(&self, slot: Slot) -> Option<Arc<Node>> {
        self.map.get(process::known())?.members.owner_at_once(slot)
    }

    /// The node to ask for a key of this slot.
    ///
    /// # Errors
    /// If nobody owns it, as far as is known.
    pub(crate) fn owner_of(&self, slot: Slot) -> Result<Arc<Node>, Error> {
        if let Some(owner) = self.owner_at_once(slot) {
            return Ok(owner);
        }
        let map = self.map()?;
        map.members.owner(slot).ok_or_else(|| {
            map.refresher.wish();
            let number = slot.number();
            let message =
                format!("cannot use slot {number} of the cluster at {}: no node serves it", self.name());
            Error::new(ErrorKind::Server, message)
        })
    }

    /// The replicas of the node that owns a slot.
    pub(crate) fn replicas_of(&self, slot: Slot) -> Option<Arc<ReplicaSet>> {
        self.map().ok()?.members.replicas(slot)
    }

    /// All nodes that own slots.
    pub(crate) fn primaries(&self) -> Result<Vec<Arc<Node>>, Error> {
        Ok(self.map()?.members.primaries())
    }

    /// The node that is being given a slot, as the owner says.
    pub(crate) fn asked(&self, to: &NodeAddress) -> Result<Arc<Node>, Error> {
        self.map()?.members.asked(to)
    }

    /// The node that owns a slot now, as the former owner says.
    pub(crate) fn moved(&self, slot: Slot, to: &NodeAddress) -> Result<Arc<Node>, Error> {
        let map = self.map()?;
        map.refresher.wish();
        map.members.moved(slot, to)
    }

    /// How often slots have got other owners.
    pub(super) fn changes(&self) -> Result<u64, Error> {
        Ok(self.map()?.members.changes())
    }

    /// Waits until the slots' owners are known as of now.
    pub(crate) async fn refreshed(&self, until: Instant) -> Result<(), Error> {
        self.map()?.refresher.refreshed(until).await
    }

    /// Asks for the slots' owners again, soon and in the background: a node is gone or has said that something is about to change.
    pub(crate) fn refresh(&self) {
        if let Ok(map) = self.map() {
            map.refresher.wish();
        }
    }

    /// Asks for the slots' owners now, and fails unless all slots are served.
    pub(crate) async fn connect_now(&self) -> Result<(), Error> {
        let (map, until) = (self.map()?, after(self.config.node.connect_timeout));
        map.refresher.known(until).await?;
        map.refresher.is_whole()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use redis_cached_test_support::{Act, Event, Peer, RedisCluster, RedisServer};

    use super::*;
    use crate::store::address::Target;

    const LIMIT: Duration = Duration::from_secs(2);

    fn of(url: &str) -> Cluster {
        let Ok(Target::Cluster(address)) = Target::parse(url) else { panic!("{url} is no cluster") };
        let config =
            ClusterConfig::new(&address, &TlsOptions::default(), None, Duration::from_millis(250), LIMIT);
        Cluster::new(config.expect("the driver takes it"))
    }

    fn port_of(cluster: &Cluster, slot: u16) -> Option<u16> {
        let owner = cluster.owner_of(Slot::new(slot).expect("a slot"));
        owner.ok().map(|node| node.address().expect("a TCP address").port)
    }

    fn all_ports(nodes: &[Arc<Node>]) -> Vec<u16> {
        let mut ports: Vec<u16> = nodes.iter().map(|node| node.address().expect("an address").port).collect();
        ports.sort_unstable();
        ports
    }

    async fn wait(until: impl Fn() -> bool) {
        let deadline = after(Duration::from_secs(10));
        while !until() {
            assert!(Instant::now() < deadline, "it does not become so");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn one_seed_tells_of_all_nodes() {
        let servers = RedisCluster::shared();
        for protocol in ["resp2", "resp3"] {
            let port = servers.primary(2).port();
            let cluster = of(&format!("redis+cluster://127.0.0.1:1,127.0.0.1:{port}?protocol={protocol}"));
            cluster.connect_now().await.expect("it is whole");
            for slot in [0, 5000, 6000, 11_000, 16_383] {
                assert_eq!(port_of(&cluster, slot), Some(servers.owner_of_slot(slot).port()), "{slot}");
            }
            let mut expected: Vec<u16> = servers.nodes().iter().map(RedisServer::port).collect();
            expected.sort_unstable();
            assert_eq!(all_ports(&cluster.primaries().expect("a map")), expected);
        }
    }

    #[tokio::test]
    async fn a_new_owner_is_learned_from_a_redirection_and_from_the_cluster() {
        let servers = RedisCluster::start();
        let cluster = of(&servers.url());
        cluster.known(after(LIMIT)).await.expect("a map");
        let to = servers.primary(1);
        // A word is enough, and what the cluster says replaces it.
        let address = NodeAddress::new("127.0.0.1", to.port()).expect("an address");
        cluster.moved(Slot::new(0).expect("a slot"), &address).expect("an address");
        assert_eq!(port_of(&cluster, 0), Some(to.port()));
        wait(|| port_of(&cluster, 0) == Some(servers.primary(0).port())).await;
        servers.migrate(0, to).finish();
        cluster.refresh();
        wait(|| port_of(&cluster, 0) == Some(to.port())).await;
        assert_eq!(port_of(&cluster, 1), Some(servers.primary(0).port()));
    }

    #[tokio::test]
    async fn a_failover_is_learned_although_a_node_is_gone() {
        let servers = RedisCluster::builder().replicas(1).start();
        let cluster = of(&servers.url());
        cluster.known(after(LIMIT)).await.expect("a map");
        servers.primary(0).kill();
        servers.wait_for_primary(servers.replica(0));
        cluster.refresh();
        wait(|| port_of(&cluster, 0) == Some(servers.replica(0).port())).await;
        assert_eq!(cluster.primaries().expect("a map").len(), 3);
    }

    #[tokio::test]
    async fn what_is_wrong_is_said() {
        let nobody = of("redis+cluster://127.0.0.1:1");
        let error = nobody.connect_now().await.expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(nobody.owner_of(Slot::new(0).expect("a slot")).is_err());

        let single = RedisServer::start();
        let no_cluster = of(&single.url().replace("redis://", "redis+cluster://"));
        let error = no_cluster.connect_now().await.expect_err("it is a single server");
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(error.to_string().contains("use redis://"), "{error}");

        let part = RedisServer::builder().in_cluster_mode().start();
        part.cli(&["CLUSTER", "ADDSLOTS", "7"]);
        let part = of(&part.url().replace("redis://", "redis+cluster://"));
        let error = part.connect_now().await.expect_err("one slot is not all");
        assert_eq!(error.kind(), ErrorKind::ClusterDown);
        assert!(error.to_string().contains("16383 of its 16384 slots have no owner"), "{error}");
        let error = part.owner_of(Slot::new(0).expect("a slot")).err().expect("nobody owns it");
        assert!(error.to_string().contains("no node serves it"), "{error}");
    }

    /// A node that takes connections and says nothing.
    #[tokio::test]
    async fn no_call_waits_longer_than_it_has_time() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let cluster = of(&format!("redis+cluster://{}", silent.local_addr().expect("bound")));
        let began = Instant::now();
        let error = cluster.known(after(Duration::from_millis(100))).await.expect_err("nobody answers");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn an_odd_map_is_an_error_until_it_is_right() {
        let is_odd = Arc::new(AtomicBool::new(true));
        let odd = Arc::clone(&is_odd);
        let peer = Peer::start(move |event| {
            let Event::Asked(words) = event else { return Act::Nothing };
            Act::Say(match (&words[0][..], words.get(1).map(|word| &word[..])) {
                (b"HELLO", _) => b"-ERR unknown command 'HELLO'\r\n".to_vec(),
                (b"CLUSTER", Some(b"SLOTS")) if odd.load(Ordering::SeqCst) => {
                    b"*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\na\r\n:1\r\n".to_vec()
                }
                (b"CLUSTER", Some(b"SLOTS")) => b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$-1\r\n:7\r\n".to_vec(),
                (b"CLUSTER", _) => b"-NOPERM no\r\n".to_vec(),
                _ => b"+OK\r\n".to_vec(),
            })
        });
        let cluster = of(&peer.url().replace("redis://", "redis+cluster://"));
        let error = cluster.connect_now().await.expect_err("an odd answer");
        assert!(error.to_string().contains("not understood"), "{error}");
        is_odd.store(false, Ordering::SeqCst);
        wait(|| port_of(&cluster, 16_383) == Some(7)).await;
    }
}
