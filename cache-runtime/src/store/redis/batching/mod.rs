//! Requests of several callers that travel together: one batcher, and what it gathers.

pub(crate) mod batch;
pub(crate) mod batched_connection;
pub(crate) mod batcher;
pub(crate) mod flush;
pub(crate) mod leases;
pub(crate) mod permits;
pub(crate) mod reads;
pub(crate) mod stores;
