//! What the local tier says of itself.

/// The local tier of a [`Cache`](crate::Cache).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStats {
    /// Whether values are served from it now: Redis tells of changes, and has answered within the staleness bound. False
    /// before the first call of a function with `local`, and for servers without `CLIENT TRACKING`.
    pub serving: bool,
    /// How many values there are.
    pub entries: u64,
    /// What they take, as the capacity counts it.
    pub bytes: u64,
    /// The most that they may take.
    pub capacity: u64,
    /// Values that were not kept because each would take more than its part of the capacity: see
    /// [`local_capacity`](crate::CacheBuilder::local_capacity).
    pub too_large: u64,
    /// Changes of keys that Redis told of, and that dropped a value or kept one out.
    pub changes: u64,
    /// How often everything was dropped: with the connection, and by `FLUSHALL`.
    pub dropped: u64,
}
