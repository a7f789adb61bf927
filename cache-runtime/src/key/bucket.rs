//! The endings of keys in a cache that keeps versions of a program apart.
//!
//! A version's entries stand in one bucket of [`BUCKETS`], by the fingerprint of their function: `user:7` becomes `user:7\x01v3`. A writer does not know
//! which versions there are, but which buckets, so it can remove what any of them has stored. The control character keeps the
//! endings apart from all keys without one: no template, no prefix and no rendered argument contains it.

use std::iter::once;

/// How many there are. Two versions meet in one with a probability of one in so many; an invalidation removes one key of each.
pub(crate) const BUCKETS: usize = 16;

const ENDINGS: [&str; BUCKETS] = [
    "\u{1}v0", "\u{1}v1", "\u{1}v2", "\u{1}v3", "\u{1}v4", "\u{1}v5", "\u{1}v6", "\u{1}v7", "\u{1}v8",
    "\u{1}v9", "\u{1}va", "\u{1}vb", "\u{1}vc", "\u{1}vd", "\u{1}ve", "\u{1}vf",
];

/// How the keys of a function with this fingerprint end.
pub(crate) fn ending(fingerprint: u64) -> &'static str {
    // The highest bits of a good hash.
    ENDINGS[(fingerprint >> 60) as usize % BUCKETS]
}

/// The key without its bucket, which all versions have in common.
pub(crate) fn common(key: &str) -> &str {
    key.get(..common_bytes(key.as_bytes()).len()).unwrap_or(key)
}

/// The same of a key that may be any bytes.
pub(crate) fn common_bytes(key: &[u8]) -> &[u8] {
    match key {
        [common @ .., 1, b'v', b'0'..=b'9' | b'a'..=b'f'] => common,
        _ => key,
    }
}

/// A key that all versions have in common, and what it is in each bucket. The first is for programs that do not keep versions apart.
pub(crate) fn in_each(common: &str) -> impl Iterator<Item = String> {
    once("").chain(ENDINGS).map(move |ending| format!("{common}{ending}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_bucket_has_a_key_of_its_own_and_all_have_one_in_common() {
        let keys: HashSet<String> = in_each("user:ä").collect();
        assert_eq!(keys.len(), 1 + BUCKETS);
        assert!(keys.iter().all(|key| common(key) == "user:ä"));
        assert!(keys.iter().all(|key| common_bytes(key.as_bytes()) == "user:ä".as_bytes()));
        assert_eq!((common("user:7"), common("v3")), ("user:7", "v3"));
        for bucket in 0..BUCKETS as u64 {
            assert!(keys.contains(&format!("user:ä{}", ending(bucket << 60 | 7))));
        }
    }

    /// Frozen: processes of different builds remove each other's entries.
    #[test]
    fn golden() {
        assert_eq!(ending(0x3fff_0000_0000_0000), "\u{1}v3");
        assert_eq!(ending(u64::MAX), "\u{1}vf");
        assert_eq!(BUCKETS, 16);
    }
}
