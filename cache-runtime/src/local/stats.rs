//! What the local tier says of itself.

use crate::util::serialize_fields::serialize_fields;

/// The state of the local tier of a [`Cache`](crate::Cache).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStats {
    /// Whether local values are served now: Redis reports changes, and has answered within the staleness bound. False
    /// before the first call of a function with `local`, and for servers without `CLIENT TRACKING`. In a cluster: whether those of at least one
    /// node are.
    pub serving: bool,
    /// The number of values that take room. Some of them may not be served any more: those whose time is over, and in a cluster those of a node
    /// whose connection has ended, and of a slot that has got another owner. Each of them counts until it is read from Redis again, Redis reports a change of
    /// it, or another value needs its room; nobody looks for them, because that would stop hits for as long as it takes. With a single server all
    /// values go when its connection ends.
    pub entries: u64,
    /// The bytes that they take, as the capacity counts them.
    pub bytes: u64,
    /// The most bytes that they may take.
    pub capacity: u64,
    /// Values that were not cached locally because each would take more than its part of the capacity: see
    /// [`local_capacity`](crate::CacheBuilder::local_capacity).
    pub too_large: u64,
    /// Changes of keys that Redis reported and that dropped a value or prevented one from being cached.
    pub changes: u64,
    /// How often all values of a server were dropped: when its connection ended, and by `FLUSHALL`.
    pub dropped: u64,
}

serialize_fields!(LocalStats { serving, entries, bytes, capacity, too_large, changes, dropped });
