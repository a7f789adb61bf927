//! What each option's value may be, one option a file.

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod cache_if;
mod choices;
pub(crate) mod codec;
pub(crate) mod compress;
pub(crate) mod early_refresh;
pub(crate) mod entry;
pub(crate) mod finish_in_background;
pub(crate) mod group;
pub(crate) mod jitter;
pub(crate) mod key;
pub(crate) mod length;
pub(crate) mod local;
pub(crate) mod max_size;
pub(crate) mod max_wait;
pub(crate) mod negative;
pub(crate) mod negative_ttl;
mod number;
pub(crate) mod replica_reads;
pub(crate) mod runtime;
pub(crate) mod skip;
pub(crate) mod stale;
pub(crate) mod tags;
pub(crate) mod ttl;
pub(crate) mod version;
