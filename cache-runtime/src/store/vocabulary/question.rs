//! What a store is asked about a key of which the reader may have a copy: all of it, or only the beginning that tells it from every other.

use super::{CasToken, Found, LEASE, TOMBSTONE, is_slot};

/// What a store is asked about a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyQuestion<'a> {
    pub(crate) key: &'a str,
    pub(crate) about: About,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The mark of an entry.
    Mark,
    /// That, and the time that it has left.
    TimedMark,
    /// All of it.
    Value,
    /// That, and the time that it has left.
    TimedValue,
}

impl About {
    pub(crate) fn mark(is_timed: bool) -> Self {
        if is_timed { Self::TimedMark } else { Self::Mark }
    }

    pub(crate) fn value(is_timed: bool) -> Self {
        if is_timed { Self::TimedValue } else { Self::Value }
    }

    pub(crate) fn is_timed(self) -> bool {
        matches!(self, Self::TimedMark | Self::TimedValue)
    }

    pub(crate) fn is_mark(self) -> bool {
        matches!(self, Self::Mark | Self::TimedMark)
    }
}

/// What the answer to a question about a mark says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// All of what is at the key: nothing, a lease or a tombstone, which end with their mark, or another type.
    All(Found),
    /// An entry, by its mark. A mark is never written twice, so a copy that begins with it is what is there.
    Mark(CasToken),
    /// Text that is too short for a mark, which tells it from nothing.
    Short,
}

impl Beginning {
    pub(crate) fn of(found: Found) -> Self {
        let bytes = match found {
            Found::Bytes(bytes) => bytes,
            other => return Self::All(other),
        };
        match (bytes.first(), CasToken::try_from(&bytes[..])) {
            // Of a missing key there is no beginning.
            (None, _) => Self::All(Found::Absent),
            (Some(&(LEASE | TOMBSTONE)), _) if is_slot(&bytes) => Self::All(Found::Bytes(bytes)),
            (_, Ok(mark)) => Self::Mark(mark),
            (_, Err(_)) => Self::Short,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{lease, tombstone};
    use super::*;

    #[test]
    fn a_beginning_is_all_where_nothing_is_behind_it() {
        for slot in [lease(&[7; 16]), tombstone(&[7; 16])] {
            assert_eq!(
                Beginning::of(Found::Bytes(slot.to_vec())),
                Beginning::All(Found::Bytes(slot.to_vec()))
            );
        }
        assert_eq!(Beginning::of(Found::Bytes(Vec::new())), Beginning::All(Found::Absent));
        for found in [Found::Absent, Found::Foreign] {
            assert_eq!(Beginning::of(found.clone()), Beginning::All(found));
        }
    }

    #[test]
    fn what_begins_like_a_lease_and_is_none_is_an_entry_by_its_mark() {
        let text = *b"Lorem ipsum dolor";
        assert_eq!(Beginning::of(Found::Bytes(text.to_vec())), Beginning::Mark(text));
        assert_eq!(Beginning::of(Found::Bytes(b"short".to_vec())), Beginning::Short);
    }
}
