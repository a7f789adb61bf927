//! What a primary says of what a replica has: the beginning of each entry, which tells it from every other.

use crate::store::vocabulary::{Beginning, Found};

/// What is at a key whose beginning the primary has told. `copy` is what a replica has there.
///
/// `None` if the replica has something else.
pub(super) fn confirmed(mark: Found, copy: Option<Found>) -> Option<Found> {
    match (Beginning::of(mark), copy) {
        (Beginning::All(found), _) => Some(found),
        (Beginning::Mark(mark), Some(Found::Bytes(copy))) if copy.starts_with(&mark) => {
            Some(Found::Bytes(copy))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::vocabulary::{lease, tombstone};

    fn bytes(bytes: &[u8]) -> Found {
        Found::Bytes(bytes.to_vec())
    }

    #[test]
    fn only_what_the_primary_has_is_confirmed() {
        let (mark, value) = (b"V0123456789abcdef", b"V0123456789abcdef and a value");
        assert_eq!(confirmed(bytes(mark), Some(bytes(value))), Some(bytes(value)));
        for copy in
            [Some(bytes(b"V0123456789abcdeg and a value")), Some(Found::Absent), Some(Found::Foreign), None]
        {
            assert_eq!(confirmed(bytes(mark), copy), None);
        }
        // What has no mark is not told from anything.
        assert_eq!(confirmed(bytes(b"short"), Some(bytes(b"short and more"))), None);
    }

    #[test]
    fn what_the_primary_says_completely_needs_no_copy() {
        let nonce = [7; 16];
        for slot in [lease(&nonce), tombstone(&nonce)] {
            assert_eq!(
                confirmed(bytes(&slot), Some(bytes(b"V0123456789abcdef and a value"))),
                Some(bytes(&slot))
            );
        }
        assert_eq!(confirmed(bytes(b""), Some(bytes(b"V0123456789abcdef and a value"))), Some(Found::Absent));
        assert_eq!(confirmed(Found::Foreign, None), Some(Found::Foreign));
    }
}
