//! Which servers make one Redis, and which of them is asked for a key.

pub(crate) mod cluster;
mod cluster_operations;
mod cluster_replicas;
mod cluster_writes;
pub(crate) mod located_replicas;
mod members;
pub(crate) mod parts;
pub(crate) mod recent_changes;
mod refresh;
pub(crate) mod replicas;
pub(crate) mod sentinel;
mod slots;
mod sweep;
mod takeovers;
mod tracked;

use std::sync::Arc;

use self::cluster::Cluster;
use self::located_replicas::LocatedReplicas;
use super::node::Node;

/// The servers of a store.
#[allow(
    clippy::large_enum_variant,
    reason = "one for each cache, and no pointer more to follow for a single server"
)]
pub(crate) enum Topology {
    /// A single server, which has every key, and its replicas if somebody knows them.
    One(Node, Option<LocatedReplicas>),
    /// Shared with the values that are on their way to it.
    Cluster(Arc<Cluster>),
}
