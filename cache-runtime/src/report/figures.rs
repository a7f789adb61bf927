//! What was counted of functions, as numbers that can be added up: over the types of a generic function, and over the processes of a fleet.

use super::miss_reason::REASONS;

/// How many classes ages have: class `n` has those below `2^n` milliseconds and not below half of that. The last has all others.
pub(crate) const AGES: usize = 40;
/// How many of the largest values are named.
pub(crate) const LARGEST: usize = 5;

macro_rules! figures {
    (sums { $($(#[$sum_doc:meta])* $sum:ident,)* } maxima { $($(#[$maximum_doc:meta])* $maximum:ident,)* }) => {
        /// What was counted of one function.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct Figures {
            pub(crate) function: String,
            $($(#[$sum_doc])* pub(crate) $sum: u64,)*
            $($(#[$maximum_doc])* pub(crate) $maximum: u64,)*
            /// Misses by reason.
            pub(crate) reasons: [u64; REASONS],
            /// Sampled hits of values whose age is known, by age.
            pub(crate) ages: [u64; AGES],
            /// Why values are not stored, in the words of the first error.
            pub(crate) refusal: Option<String>,
            /// The keys that are read most: hits, and by how much these are too high at most.
            pub(crate) hottest: Vec<(String, u64, u64)>,
            /// The largest values: bytes.
            pub(crate) largest: Vec<(String, u64)>,
        }

        impl Default for Figures {
            fn default() -> Self {
                Self {
                    function: String::new(),
                    $($sum: 0,)*
                    $($maximum: 0,)*
                    reasons: [0; REASONS],
                    ages: [0; AGES],
                    refusal: None,
                    hottest: Vec::new(),
                    largest: Vec::new(),
                }
            }
        }

        impl Figures {
            /// All plain numbers, in the order in which they are sent.
            pub(super) fn numbers(&self) -> Vec<u64> {
                vec![$(self.$sum,)* $(self.$maximum,)*]
            }

            /// The same from what was sent; `None` if they are not as many.
            pub(super) fn set_numbers(&mut self, numbers: &[u64]) -> Option<()> {
                let mut numbers = numbers.iter().copied();
                $(self.$sum = numbers.next()?;)*
                $(self.$maximum = numbers.next()?;)*
                numbers.next().is_none().then_some(())
            }

            fn add_numbers(&mut self, other: &Self) {
                $(self.$sum = self.$sum.saturating_add(other.$sum);)*
                $(self.$maximum = self.$maximum.max(other.$maximum);)*
            }
        }
    };
}

figures! {
    sums {
        hits,
        local_hits,
        stale,
        misses,
        computes,
        compute_errors,
        stored,
        superseded,
        not_stored,
        unstorable,
        too_large,
        store_errors,
        /// Misses that found a value that could not be opened.
        unsealed,
        /// Microseconds in which bodies ran that returned.
        compute_micros,
        /// Hits that were looked at.
        sampled,
        /// What their values took to compute, in microseconds.
        sampled_micros,
        /// Values of which this process has noted that they were stored, and their bytes.
        noted,
        noted_bytes,
        /// Values that took the place of an equal one, or of another: after a miss because the former had expired, was invalidated, and all.
        expired_same,
        expired_changed,
        invalidated_same,
        invalidated_changed,
        rewritten_same,
        rewritten_changed,
        /// The time between those writes, in milliseconds: of all, and of those after which the former had expired, with their number.
        between_millis,
        expired_between_millis,
        expired_between,
        /// Where every hit is seen: values that were read before another took their place, and others.
        was_read,
        was_not_read,
    }
    maxima {
        /// The TTL of a value, in milliseconds; 0: none expires.
        ttl_millis,
        /// The bytes of the largest entry.
        most_bytes,
    }
}

impl Figures {
    /// Adds those of the same function elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        self.add_numbers(other);
        self.reasons.iter_mut().zip(other.reasons).for_each(|(sum, count)| *sum += count);
        self.ages.iter_mut().zip(other.ages).for_each(|(sum, count)| *sum += count);
        if self.refusal.is_none() {
            self.refusal.clone_from(&other.refusal);
        }
        for (key, hits, error) in &other.hottest {
            match self.hottest.iter_mut().find(|(known, ..)| known == key) {
                Some((_, of_key, errors)) => (*of_key, *errors) = (*of_key + hits, *errors + error),
                None => self.hottest.push((key.clone(), *hits, *error)),
            }
        }
        self.hottest.sort_by_key(|(_, hits, error)| std::cmp::Reverse(hits.saturating_sub(*error)));
        other.largest.iter().for_each(|(key, bytes)| self.is_large(key, *bytes));
    }

    /// Notes a value among the largest, if it is one of them.
    pub(crate) fn is_large(&mut self, key: &str, bytes: u64) {
        if self.largest.len() == LARGEST && self.largest.last().is_some_and(|(_, least)| bytes < *least) {
            return;
        }
        self.largest.retain(|(known, _)| known != key);
        self.largest.push((key.to_owned(), bytes));
        self.largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        self.largest.truncate(LARGEST);
    }
}

/// The class of an age.
pub(crate) fn class_of(millis: u64) -> usize {
    ((u64::BITS - millis.leading_zeros()) as usize).min(AGES - 1)
}

/// The age that so large a share of what is in the classes does not exceed, rounded up to the class's end; `None` if there is nothing.
pub(crate) fn quantile(ages: &[u64; AGES], share: f64) -> Option<u64> {
    let all: u64 = ages.iter().sum();
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    let rank = ((all as f64 * share).ceil() as u64).max(1);
    let mut below = 0;
    ages.iter()
        .position(|count| {
            below += count;
            all > 0 && below >= rank
        })
        .map(|class| 1 << class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_classes() {
        for (millis, class) in
            [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (1023, 10), (1024, 11), (u64::MAX, AGES - 1)]
        {
            assert_eq!(class_of(millis), class, "{millis}");
        }
        let mut ages = [0; AGES];
        assert_eq!(quantile(&ages, 0.5), None);
        ages[class_of(900)] = 50;
        ages[class_of(5000)] = 50;
        assert_eq!((quantile(&ages, 0.5), quantile(&ages, 0.9)), (Some(1024), Some(8192)));
    }

    #[test]
    fn those_of_two_processes_are_added_up() {
        let one = Figures { hits: 2, ttl_millis: 5, hottest: vec![("a".into(), 2, 1)], ..Figures::default() };
        let mut sum =
            Figures { hits: 1, ttl_millis: 7, hottest: vec![("b".into(), 9, 0)], ..Figures::default() };
        sum.add(&one);
        sum.add(&one);
        assert_eq!((sum.hits, sum.ttl_millis), (5, 7));
        assert_eq!(sum.hottest, [("b".to_owned(), 9, 0), ("a".to_owned(), 4, 2)]);
        (0..20).for_each(|bytes| sum.is_large(&bytes.to_string(), bytes));
        assert_eq!((sum.largest.len(), sum.largest[0].1), (LARGEST, 19));
    }
}
