//! What users hold: the cache and its builder, entries, counters.

pub(crate) mod after_lookup;
pub(crate) mod blocking_cache;
pub(crate) mod blocking_entry;
pub(crate) mod builder;
pub(crate) mod byte_size;
pub(crate) mod cache;
pub(crate) mod entry;
pub(crate) mod entry_options;
pub(crate) mod global;
pub(crate) mod invalidate_many;
pub(crate) mod lookup;
pub(crate) mod put_many;
pub(crate) mod shared_error;
pub(crate) mod stats;
pub(crate) mod warm_up;
