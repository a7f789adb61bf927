//! Why look-ups missed.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::util::counter::Counter;

macro_rules! reasons {
    ($($(#[$doc:meta])* $Reason:ident $name:ident $word:literal,)*) => {
        /// Why a look-up missed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum MissReason {
            $($Reason,)*
        }

        /// How many reasons there are.
        pub(crate) const REASONS: usize = [$($word),*].len();

        /// Why look-ups missed: each miss of [`FunctionStats::misses`](crate::FunctionStats::misses) has one reason.
        ///
        /// Only what this process has seen is known. `expired`, `evicted` and what follows from a value that was not stored are told apart by a memory of
        /// 1,024 keys for each function. Where there are more keys it remembers a sample of them, by a hash of the key, and each of their misses counts
        /// for as many as it stands for; so the sum may differ from the number of misses by a few per cent.
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct MissReasons {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl MissReasons {
            pub(crate) fn of(counts: &[u64; REASONS]) -> Self {
                Self { $($name: counts[MissReason::$Reason as usize],)* }
            }

            pub(crate) fn add(&mut self, counts: &[Counter; REASONS]) {
                $(self.$name += counts[MissReason::$Reason as usize].get();)*
            }

            /// Each reason by the name of its field, and how many misses were for it.
            pub(crate) fn each(&self) -> [(&'static str, u64); REASONS] {
                [$((stringify!($name), self.$name)),*]
            }

            /// What each is called, and how many misses were for it; the most frequent first, and those that were for none left out.
            pub(crate) fn ranked(&self) -> Vec<(&'static str, u64)> {
                let mut all = vec![$(($word, self.$name)),*];
                all.retain(|(_, count)| *count > 0);
                all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
                all
            }
        }

        impl Serialize for MissReasons {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = serializer.serialize_struct("MissReasons", REASONS)?;
                $(fields.serialize_field(stringify!($name), &self.$name)?;)*
                fields.end()
            }
        }
    };
}

reasons! {
    /// Nothing was there, and this process knows of no value that was: the first call of a key, or the first for a long time.
    Cold cold "cold",
    /// The value's TTL was over, and all its stale windows.
    Expired expired "expired",
    /// The value was invalidated: by this process, by a tag, or under a hold. Also while an invalidation is pending.
    Invalidated invalidated "invalidated",
    /// The value was gone before its time, and this process has not invalidated it: a full server evicted it, or another program removed it, which look alike
    /// from here. [`ServerStats::evicted`](crate::ServerStats::evicted) tells which.
    Evicted evicted "evicted",
    /// What was there does not fit: an entry of another schema, `version` or codec, a damaged one, or one that cannot be decoded.
    Unfit unfit "unfit",
    /// The last value was not stored, because an invalidation came while it was computed.
    Overtaken overtaken "overtaken",
    /// The last value was not stored, because it is larger than `max_size` or `max_value_size`.
    TooLarge too_large "too large",
    /// The last value was not stored, because the codec cannot encode it, or cannot read it back; or the function is `sealed`, and the cache has no keyring.
    Unstorable unstorable "unstorable",
    /// The last value was not stored, because the options say so: `cache_if`, a `None`, a TTL of zero.
    Declined declined "declined",
    /// The last computation returned an error, which is not stored.
    Failed failed "failed",
    /// Another caller was computing the value.
    Computing computing "being computed",
    /// The value had time left, and `early_refresh` chose to compute it before its end.
    Early early "early refresh",
    /// The cache was bypassed, or the value refreshed by force.
    Bypassed bypassed "bypassed",
    /// Redis could not be asked, or did not answer in time.
    Unanswered unanswered "unanswered",
}
