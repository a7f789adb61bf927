//! The counters of one function.

use crate::report::figures::Figures;
use crate::report::miss_reason::{MissReasons, REASONS};
use crate::util::counter::Counter;
use crate::util::histogram::DurationHistogram;
use crate::util::serialize_fields::serialize_fields;

/// A counter of a function, for what shows them all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CounterValue {
    /// The name of its field.
    pub(crate) name: &'static str,
    /// The documentation of its field.
    pub(crate) doc: &'static str,
    pub(crate) value: u64,
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// The counters of one annotated function.
        #[non_exhaustive]
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct FunctionStats {
            /// Module and name; with the attribute's line where a module has two functions of one name.
            pub function: String,
            $($(#[doc = $doc])* pub $name: u64,)*
            /// What the misses were for.
            pub missed_for: MissReasons,
            /// How long the function's body ran, each time that it returned: a value or an error. A body that panicked, or whose caller went
            /// away, is not in it.
            pub compute_times: DurationHistogram,
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
            /// Misses by reason, as far as it is known.
            pub(crate) reasons: [Counter; REASONS],
        }

        serialize_fields!(FunctionStats { function, $($name,)* missed_for, compute_times });

        impl FunctionStats {
            /// Each counter.
            pub(crate) fn counters(&self) -> Vec<CounterValue> {
                vec![$(CounterValue { name: stringify!($name), doc: concat!($($doc,)*), value: self.$name },)*]
            }

            /// A counter to be set, for tests of what shows them.
            #[cfg(test)]
            pub(crate) fn counter_mut(&mut self, name: &str) -> Option<&mut u64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }

            pub(super) fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
                self.missed_for.add(&counters.reasons);
            }
        }
    };
}

counters! {
    /// Look-ups that found a valid entry, locally or in Redis.
    hits,
    /// The hits that were served locally.
    local_hits,
    /// The hits that `local = revalidate` served locally, because Redis said that the value is still the entry.
    revalidated_hits,
    /// The hits whose values a replica gave.
    replica_hits,
    /// Look-ups that may ask replicas, and asked the primary: none was there, or fresh enough, or had what the primary has, or had
    /// anything.
    replica_misses,
    /// Look-ups that found no valid entry, for whatever reason.
    misses,
    /// The misses that found something that was not valid: an entry of another schema, a damaged entry, foreign bytes.
    unusable,
    /// Those of them that found a value that is not sealed, or cannot be opened, while a keyring is set; or a sealed one while none is.
    unsealed,
    /// Calls that waited for a computation of another caller, in this process or another.
    coalesced,
    /// Values served past their TTL: while they were refreshed, or in place of an error or of a late value.
    stale,
    /// Those of them that were served because a new value took longer than `timeout`.
    soft_timeouts,
    /// How often hits of a function with `sliding` have prolonged an entry.
    prolonged,
    /// How often the function's own body ran.
    computes,
    /// The computations that returned an error. Errors are not stored.
    compute_errors,
    /// Values that were stored.
    stored,
    /// Entries that a function with `conditional` has confirmed: its source has what they hold, and they stay for another TTL.
    confirmed,
    /// Values that were not stored because an invalidation or a newer value came first.
    superseded,
    /// Values that the options prevented from being stored: `cache_if`, a `None`, a TTL of zero.
    not_stored,
    /// Values that were not stored because the codec cannot encode them, or cannot read them back, or because the function is `sealed` and the cache has no
    /// keyring.
    unstorable,
    /// Values that were not stored because they take more than
    /// [`max_value_size`](crate::CacheBuilder::max_value_size), or than the function's `max_size`.
    too_large,
    /// Operations that the store did not carry out, or not in time.
    store_errors,
    /// Hits that `verify` compared, and whose values were what the function returns. The runs of `verify` are not among `computes`.
    verified_equal,
    /// Hits that `verify` found to differ where entries are only known to expire: the data has changed within the TTL.
    verified_changed,
    /// Hits that `verify` found to differ although the program invalidates the function's entries: an invalidation is missing.
    verified_wrong,
    /// Hits that `verify` could not judge: the entry was replaced or invalidated meanwhile, Redis could not be asked, the function failed, or
    /// what it returns differs from call to call.
    verified_unjudged,
}

impl Counters {
    /// What the report is made of.
    pub(super) fn add_to(&self, figures: &mut Figures) {
        // A hit updates one counter, not two.
        figures.hits += self.hits.get() + self.local_hits.get();
        let sums = [
            (&mut figures.local_hits, &self.local_hits),
            (&mut figures.stale, &self.stale),
            (&mut figures.misses, &self.misses),
            (&mut figures.computes, &self.computes),
            (&mut figures.compute_errors, &self.compute_errors),
            (&mut figures.stored, &self.stored),
            (&mut figures.superseded, &self.superseded),
            (&mut figures.not_stored, &self.not_stored),
            (&mut figures.unstorable, &self.unstorable),
            (&mut figures.too_large, &self.too_large),
            (&mut figures.store_errors, &self.store_errors),
            (&mut figures.unsealed, &self.unsealed),
        ];
        sums.into_iter().for_each(|(sum, counter)| *sum += counter.get());
        figures.reasons.iter_mut().zip(&self.reasons).for_each(|(sum, counter)| *sum += counter.get());
    }
}

impl FunctionStats {
    /// The share of hits among look-ups, from 0 to 1; 0 if there was no look-up.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| (square(12), square(12), square(12), square(12)));
    /// assert_eq!(cache.stats().functions[0].hit_rate(), 0.75);
    /// ```
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        match self.hits + self.misses {
            0 => 0.0,
            lookups => self.hits as f64 / lookups as f64,
        }
    }
}
