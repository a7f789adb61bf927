//! Which servers make one Redis, and which of them is asked for a key.

#[cfg_attr(not(test), expect(dead_code, reason = "a single server has all keys; clusters need it"))]
pub(crate) mod parts;

use super::node::Node;

/// The servers of a store.
pub(crate) enum Topology {
    /// A single server, which has every key.
    One(Node),
}

impl Topology {
    /// The node to ask for a key.
    #[inline]
    pub(crate) fn node_of(&self, _key: &str) -> &Node {
        match self {
            Self::One(node) => node,
        }
    }
}
