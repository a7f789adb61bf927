//! Which servers make one Redis.

pub(crate) mod cluster;
