//! The library's own keys, behind a cache's prefix and the control character 0x01, which no entry's key contains.

use crate::text::shown;

/// Where the key of a tag begins; its name follows.
pub(crate) const TAG: &str = "\u{1}tag:";
/// The key of the tag that all entries of a cache share, where it supports `invalidate_all`.
pub(crate) const ALL: &str = "\u{1}all";

/// Whether it is such a key, and none of an entry in the bucket of its version.
pub(crate) fn is_own(key: &[u8]) -> bool {
    let name = match key {
        [name @ .., 1, b'v', b'0'..=b'9' | b'a'..=b'f'] => name,
        _ => key,
    };
    name.contains(&1)
}

/// What such a key is for; `None` for any other.
pub(crate) fn explained(key: &[u8]) -> Option<String> {
    let at = key.iter().position(|byte| *byte == 1)?;
    let own = &key[at + 1..];
    let nonce = "its entries are served while it has the nonce that they have";
    Some(match own {
        b"all" => format!("the tag of all entries of a cache: {nonce}"),
        b"tags" => "what every invalidation of any tag removes, for functions whose values name their tags"
            .to_owned(),
        _ => match (own.strip_prefix(b"tag:"), own.strip_prefix(b"figures:")) {
            (Some(name), _) => format!("the tag {}: {nonce}", shown(name)),
            (None, Some(_)) => {
                "what a process has counted, for `Cache::fleet` and `redis-cached top`".to_owned()
            }
            (None, None) => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::explained;

    #[test]
    fn own_keys_are_known_under_any_prefix() {
        assert!(explained(b"shop:\x01tag:\x1b").is_some_and(|what| what.starts_with("the tag \\u{1b}: ")));
        assert!(explained(b"\x01all").is_some() && explained(b"a\x01tags").is_some());
        assert!(explained(b"a\x01figures:7").is_some_and(|what| what.contains("counted")));
        assert!(explained(b"shop:tag:a").is_none() && explained(b"a\x01b").is_none());
    }
}
