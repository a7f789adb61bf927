//! Commands of several callers that travel together.

pub(crate) mod leases;
pub(crate) mod read_batch;
pub(crate) mod reads;
pub(crate) mod turns;
