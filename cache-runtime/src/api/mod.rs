//! What users hold: the cache and its builder, entries, counters.
//!
//! A method that makes a higher thing is in the file of that: `Cache::entry` in `entry_options`, `Entry::blocking` in `blocking_entry`. So no two files
//! import each other.

// In this order the methods of a type stand in its documentation.
pub(crate) mod builder;
pub(crate) mod byte_size;
pub(crate) mod cache;
pub(crate) mod global;
#[cfg(feature = "metrics")]
pub(crate) mod metrics_reporter;
#[cfg(feature = "page")]
pub(crate) mod page;
pub(crate) mod report;
pub(crate) mod servers;
pub(crate) mod shaped_entry;
pub(crate) mod stats;

pub(crate) mod entry;
pub(crate) mod get_or_compute;
pub(crate) mod inspect;
pub(crate) mod lookup;

pub(crate) mod after_lookup;
pub(crate) mod comparison;
pub(crate) mod entry_options;
pub(crate) mod follow;
pub(crate) mod invalidate_many;
pub(crate) mod put_many;
pub(crate) mod shared_error;
pub(crate) mod stale_value;
pub(crate) mod warm_up;

pub(crate) mod blocking_cache;
pub(crate) mod blocking_entry;
