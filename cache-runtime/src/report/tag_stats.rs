//! What was counted of a tag.

use super::analysis::public_figures;
use super::units::share;
use serde::ser::{Serialize, SerializeStruct, Serializer};

public_figures! {
    /// The counters of the tags that begin with one text: of [`CacheBuilder::count_tags`](crate::CacheBuilder::count_tags).
    TagStats {
        /// The text, as the program has given it.
        tag: String,
        /// Reads in Redis, or in `memory://`, that found a valid entry which has such a tag. Hits of `local` are not among them, nor are tags
        /// that a value names.
        hits: u64,
        /// Reads of entries with such a tag that found none. A call that waits for the computation of another reads more than once.
        misses: u64,
        /// Such tags that this process has invalidated, whether or not it succeeded at once.
        invalidations: u64,
    }
}

impl TagStats {
    /// The share of hits among reads, from 0 to 1; 0 if there was no read.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }
}

/// Counters have no fraction.
impl Eq for TagStats {}
