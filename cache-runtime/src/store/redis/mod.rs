//! Entries in Redis, over the `redis` crate. No other folder names that crate.
//!
//! From the bottom up, and nothing here imports upwards: `error`, `replies`, `commands`, `lua` and `route` know no connection; `abilities` is what a
//! connection's server supports; `connection` sends commands; `scripts` and `pipelines` do over one connection what takes more than a
//! command; `batching` lets requests of several callers travel together; a `node` is one server, with the
//! `operations` of a store; `topology` knows which nodes there are, and `routing` asks the right ones.

mod abilities;
pub(crate) mod batching;
mod commands;
pub(crate) mod connection;
mod error;
mod info;
mod key_request;
mod lua;
mod node;
mod operations;
mod pipelines;
mod redirect;
mod replica_wait;
mod replicated;
mod replies;
pub(crate) mod route;
mod routing;
mod scripts;
pub(crate) mod shaped;
mod tls;
pub(crate) mod topology;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use redis::Value;

use self::batching::stores::WriteQueue;
pub(crate) use self::connection::config::Config;
use self::key_request::KeyRequest;
use self::node::Node;
pub(crate) use self::replica_wait::ReplicaWait;
pub(crate) use self::tls::TlsOptions;
use self::topology::Topology;
use self::topology::cluster::Cluster;
pub(crate) use self::topology::cluster::ClusterConfig;
use self::topology::located_replicas::LocatedReplicas;
use self::topology::recent_changes::RecentChanges;
pub(crate) use self::topology::sentinel::config as sentinel_config;
use super::request_times::RequestTimes;
use super::vocabulary::{InvalidationListener, TakeoverListener};
use crate::error::Error;

/// Entries in Redis, on one server or on several.
pub(crate) struct RedisStore {
    topology: Topology,
    /// Noted from the first read on that may be of a replica that is behind.
    changes: OnceLock<RecentChanges>,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        let replicas = LocatedReplicas::new(&config);
        Self::of(Topology::One(Node::new(config), replicas))
    }

    /// A cluster, of which nothing is asked before its first use.
    pub(crate) fn of_cluster(config: ClusterConfig) -> Self {
        Self::of(Topology::Cluster(Arc::new(Cluster::new(config))))
    }

    fn of(topology: Topology) -> Self {
        Self { topology, changes: OnceLock::new() }
    }

    /// Connects now, and fails if that fails, or if somebody of a cluster is missing.
    pub(crate) async fn connect_now(&self) -> Result<(), Error> {
        match &self.topology {
            Topology::One(node, _) => node.connect_now().await,
            Topology::Cluster(cluster) => cluster.connect_now().await,
        }
    }

    /// Carries out a request at the node that has the key. One round trip. Its type is hidden: users' functions that call each other would
    /// come to the compiler's limit for types within each other.
    fn at_key<'a>(
        &'a self,
        key: &'a str,
        request: KeyRequest<'a>,
        until: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Value, Error>> + Send + 'a>> {
        match &self.topology {
            Topology::One(node, _) => Box::pin(node.at_key(false, key, request, until)),
            Topology::Cluster(cluster) => Box::pin(cluster.at_key(key, request, until)),
        }
    }

    /// Whether what is acknowledged is known to replicas.
    fn waits_for_replicas(&self) -> bool {
        match &self.topology {
            Topology::One(node, _) => node.waits_for_replicas(),
            Topology::Cluster(cluster) => cluster.waits_for_replicas(),
        }
    }

    /// Why there is nobody to ask, if that is known at once. Of a cluster it is not: another node may own the key by now, which is found
    /// out by asking.
    pub(crate) fn away(&self) -> Option<Error> {
        match &self.topology {
            Topology::One(node, _) => node.away(),
            Topology::Cluster(_) => None,
        }
    }

    /// Whether its keys are on several servers.
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self.topology, Topology::Cluster(_))
    }

    /// Whether there may be replicas to read from: only a cluster and sentinels name them.
    pub(crate) fn has_replicas(&self) -> bool {
        !matches!(self.topology, Topology::One(_, None))
    }

    /// Announces changes of keys that are read with [`Reading::Tracked`](super::vocabulary::Reading::Tracked) to `listener`, and checks that
    /// often that the server answers.
    pub(crate) fn watched_by(mut self, listener: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        match &mut self.topology {
            Topology::One(node, _) => node.watched_by(listener, heartbeat),
            Topology::Cluster(cluster) => {
                // Nobody else has it yet.
                if let Some(cluster) = Arc::get_mut(cluster) {
                    cluster.watched_by(listener, heartbeat);
                }
            }
        }
        self
    }

    /// Has `listener` told of each server that takes the place of another. Only the first listener is told.
    pub(crate) fn tell_takeovers(&self, listener: Weak<dyn TakeoverListener>) {
        match &self.topology {
            Topology::One(node, _) => node.takeovers().tell(listener),
            Topology::Cluster(cluster) => cluster.takeovers().tell(listener),
        }
    }

    /// What its connections record.
    pub(crate) fn request_times(&self) -> &RequestTimes {
        match &self.topology {
            Topology::One(node, _) => node.request_times(),
            Topology::Cluster(cluster) => cluster.request_times(),
        }
    }

    /// Where a value for `key` waits to be stored. `None` if the caller's runtime does not drive a connection of its own.
    pub(crate) fn write_queue(&self, key: &str) -> Option<WriteQueue> {
        match &self.topology {
            Topology::One(node, _) => node.write_queue(),
            Topology::Cluster(cluster) => cluster.write_queue(key),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topology {
            Topology::One(node, _) => {
                f.debug_struct("RedisStore").field("server", &node.name()).finish_non_exhaustive()
            }
            Topology::Cluster(cluster) => {
                f.debug_struct("RedisStore").field("cluster", &cluster.name()).finish_non_exhaustive()
            }
        }
    }
}
