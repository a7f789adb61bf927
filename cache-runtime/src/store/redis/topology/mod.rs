//! Which servers make one Redis, and which of them a request goes to.

pub(crate) mod cluster;
pub(crate) mod route;
pub(crate) mod single;
