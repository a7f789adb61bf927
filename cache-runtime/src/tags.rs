//! Tags: names under which entries of any functions are invalidated together.
//!
//! A tag is a key, `<prefix>\x01tag:<name>`, that holds a nonce. An entry remembers the nonces that its tags had before it was
//! computed; it is served while the tags have them still. To invalidate a tag is to remove its key, whatever number of entries
//! has it. A tag without a key fits no entry, so an eviction, `FLUSHALL` or an expiry can make misses and never old values.
//!
//! Where the value names its tags, they are not known before it is computed, and their nonces cannot be read then. So one more key,
//! `<prefix>\x01tags`, is removed by every invalidation of any tag. Its nonce is read before the computation and once more together with
//! the nonces of the tags after it: if it is the same, no tag was invalidated in between.
//!
//! A cache that can be invalidated as a whole has one more tag, `<prefix>\x01all`, which all its entries share.
//!
//! `<prefix>\x01figures:<n>` is where processes put what they have counted, where that is asked for.
//!
//! The control character keeps these keys out of reach: no template, no prefix and no rendered argument contains it.

mod name;
mod unknown;

use crate::store::vocabulary::TagTtl;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::entry::header::MOST_TAGS;
use crate::key::{KeyBuf, KeyBuilder};
use crate::policy::Policy;
use crate::policy::ttl::Ttl;
use crate::store::vocabulary::Nonce;

pub use name::{Named, Tag, TagName, Tagging, tag as name_of};
pub(crate) use name::{OpenTag, TagTemplate};
pub(crate) use unknown::{report_if_unknown, seen_name};

/// For how long a tag's key is to live at least while it is not known how long the entry does.
const UNKNOWN: Duration = Duration::from_secs(60 * 60);

/// The tags of one call.
#[derive(Debug)]
pub(crate) struct Tags {
    /// The keys that are read together with the entry: those of the tags that the arguments name and, if the value names some
    /// too, that of any tag.
    keys: Vec<KeyBuf>,
    of_value: bool,
}

impl Tags {
    pub(crate) fn new(mut keys: Vec<KeyBuf>, prefix: &str, of_value: bool) -> Self {
        if of_value {
            keys.push(any_tag(prefix));
        }
        Self { keys, of_value }
    }

    pub(crate) fn keys(&self) -> &[KeyBuf] {
        &self.keys
    }

    /// The keys of the tags that the arguments name.
    pub(crate) fn of_arguments(&self) -> &[KeyBuf] {
        &self.keys[..self.keys.len() - usize::from(self.of_value)]
    }

    pub(crate) fn are_of_value(&self) -> bool {
        self.of_value
    }
}

pub(crate) const RESERVED_IN_PREFIX: &str =
    "the prefix contains the control character 0x01, behind which are the library's own keys";

/// Whether text of a user's may not be the beginning of a key.
pub(crate) fn is_reserved(text: &str) -> bool {
    text.contains('\u{1}')
}

/// The key of the tag `name`.
pub(crate) fn tag(prefix: &str, name: &str) -> KeyBuf {
    let mut key = KeyBuilder::template(prefix, TAG);
    key.text(name);
    key.finish()
}

/// The key of a tag that an entry has: noted, so that an invalidation of text like it is not taken for misspelled.
pub(crate) fn of_function(prefix: &str, name: &impl Tag) -> KeyBuf {
    let name = name.tag_name();
    seen_name(&name);
    tag(prefix, &name)
}

/// What the key of a tag begins with, after the cache's prefix.
const TAG: &str = "\u{1}tag:";

/// The key that the invalidation of any tag removes.
pub(crate) fn any_tag(prefix: &str) -> KeyBuf {
    KeyBuilder::template(prefix, "\u{1}tags").finish()
}

/// The key at a place where a process puts its figures.
pub(crate) fn figures_key(prefix: &str, place: usize) -> String {
    format!("{prefix}\u{1}figures:{place}")
}

/// The key of the tag that all entries of a cache have, where it asks for one.
pub(crate) fn tag_of_all(prefix: &str) -> KeyBuf {
    KeyBuilder::template(prefix, "\u{1}all").finish()
}

/// What tells these nonces, in this order, from any others; `None` if one is missing.
pub(crate) fn digest(nonces: &[Option<Nonce>]) -> Option<u64> {
    nonces.iter().copied().collect::<Option<Vec<Nonce>>>().map(|nonces| digest_of(&nonces))
}

/// As [`digest`], of nonces that are there.
pub(crate) fn digest_of(nonces: &[Nonce]) -> u64 {
    xxh3_64(nonces.as_flattened())
}

/// Whether an entry's nonces are those that its tags have now.
pub(crate) fn are_current(stored: &[Nonce], now: &[Option<Nonce>]) -> bool {
    // A missing nonce fits no entry.
    stored.len() == now.len() && stored.iter().zip(now).all(|(stored, now)| Some(stored) == now.as_ref())
}

/// For how long the tags of an entry have to live, before it is computed: from what is known of all entries of the function.
pub(crate) fn ttl_of(policy: &Policy) -> TagTtl {
    match policy.longest_life() {
        Some(life) => TagTtl::of_entry(Some(life)),
        None if policy.ttl == Ttl::Never => TagTtl { least: None },
        None => TagTtl { least: Some(UNKNOWN) },
    }
}

/// The keys of the tags that a value names; `None` if they are too many for an entry.
pub(crate) fn of_value(prefix: &str, names: &[String], others: usize) -> Option<Vec<KeyBuf>> {
    let key = |name: &String| {
        seen_name(name);
        tag(prefix, name)
    };
    (names.len() + others <= MOST_TAGS).then(|| names.iter().map(key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::vocabulary::MARGIN;

    const A: Nonce = [1; 16];
    const B: Nonce = [2; 16];

    #[test]
    fn an_entry_is_current_only_with_all_its_nonces_in_order() {
        assert!(are_current(&[], &[]) && are_current(&[A, B], &[Some(A), Some(B)]));
        for now in [&[][..], &[Some(A)], &[Some(B), Some(A)], &[Some(A), None], &[Some(A), Some(B), Some(A)]]
        {
            assert!(!are_current(&[A, B], now), "{now:?}");
        }
        assert!(!are_current(&[], &[None]));
    }

    #[test]
    fn digests_tell_nonces_apart() {
        assert_eq!(digest(&[Some(A), Some(B)]), Some(digest_of(&[A, B])));
        assert_ne!(digest_of(&[A, B]), digest_of(&[B, A]));
        assert_eq!(digest(&[Some(A), None]), None);
    }

    #[test]
    fn a_tag_outlives_its_entries() {
        let minute = Duration::from_secs(60);
        let life =
            |ttl, window| ttl_of(&Policy { ttl: Ttl::Expires(ttl), stale_if_error: window, ..Policy::NONE });
        assert_eq!(life(minute, minute).least, Some(2 * minute + MARGIN));
        assert!(life(minute, minute).is_enough(Some(2 * minute), MARGIN));
        assert!(!life(minute, minute).is_enough(Some(2 * minute), MARGIN + minute), "it took too long");
        assert_eq!(ttl_of(&Policy { ttl: Ttl::Never, ..Policy::NONE }), TagTtl { least: None });
        let computed = life(Duration::MAX, Duration::ZERO).least;
        assert!(computed.is_some_and(|least| least < Duration::MAX), "no word of never");
        // Decided by the value.
        let unknown = life(Duration::ZERO, Duration::ZERO);
        assert!(unknown.is_enough(Some(minute), minute) && !unknown.is_enough(Some(2 * UNKNOWN), minute));
        assert!(!unknown.is_enough(None, Duration::ZERO));
    }

    #[test]
    fn names_become_keys_by_the_rules_of_keys() {
        assert_eq!(&*tag("shop:", "org:7"), "shop:\u{1}tag:org:7");
        assert!(tag("", &"x".repeat(1_000)).len() <= crate::key::LONGEST);
        assert_eq!(&*any_tag("shop:"), "shop:\u{1}tags");
        assert_eq!(&*tag_of_all("shop:"), "shop:\u{1}all");
    }
}
