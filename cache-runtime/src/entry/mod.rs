//! Entries.

pub(crate) mod fingerprint;
pub(crate) mod header;
pub(crate) mod none;
