//! The entry that says that there is no value.
//!
//! A batch's function leaves out the keys that it has nothing for. With `negative_ttl` that is remembered as an entry without a
//! payload under a fingerprint of its own: derived from the value's, and never equal to it. So a batch of the same type
//! reads it as "no value", and the function for one key, which would have to make a value of it, takes it for a miss and
//! replaces it, as it replaces whatever else does not fit.

use std::convert::Infallible;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::entry::header;
use crate::entry::header::{HEADER_LEN, KeyState, Meta, SizeHint};
use crate::store::vocabulary::Nonce;
use crate::util::{process, random};

/// What tells these entries from values of the same type.
fn fingerprint(of_value: u64) -> u64 {
    match xxh3_64_with_seed(b"no value", of_value) {
        // Once in 2^64 types.
        same if same == of_value => !same,
        other => other,
    }
}

/// The entry, and for how long it is kept is its only content.
pub(crate) fn encode(
    key: &str,
    codec: u8,
    of_value: u64,
    ttl: Option<Duration>,
    compute_time: Duration,
    nonces: &[Nonce],
) -> Vec<u8> {
    let meta = Meta {
        codec,
        fingerprint: fingerprint(of_value),
        fresh_ttl: ttl,
        stale_window: Duration::ZERO,
        compute_time,
    };
    let nothing = |_: &mut Vec<u8>| Ok::<_, Infallible>(0);
    let nonce = random::nonce_in(process::known());
    let Ok(bytes) = header::encode(key, &nonce, &meta, nonces, &SizeHint::default(), None, nothing);
    bytes
}

/// The nonces of the entry's tags; `None` if it says nothing of the kind.
pub(super) fn tags<'b>(key: &str, bytes: &'b [u8], codec: u8, of_value: u64) -> Option<&'b [Nonce]> {
    match header::decode(key, bytes, codec, fingerprint(of_value)) {
        Ok(KeyState::Value(value)) => {
            Some(value.tags).filter(|tags| bytes.len() == HEADER_LEN + size_of_val(*tags))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_read_as_that_and_as_nothing_else() {
        let nonces = [[7; 16]];
        let entry = encode("key", 1, 7, Some(Duration::from_secs(1)), Duration::ZERO, &nonces);
        assert_eq!(tags("key", &entry, 1, 7), Some(&nonces[..]));
        let is_absence = |key, entry: &[u8], codec, of_value| tags(key, entry, codec, of_value).is_some();
        assert!(is_absence("key", &entry, 1, 7));
        assert!(!is_absence("key", &entry, 1, 8) && !is_absence("key", &entry, 2, 7));
        assert!(!is_absence("other", &entry, 1, 7), "a copy at another key");
        assert!(header::decode("key", &entry, 1, 7).is_err(), "a reader of values must not take it for one");
        let unit = Meta {
            codec: 1,
            fingerprint: 7,
            fresh_ttl: None,
            stale_window: Duration::ZERO,
            compute_time: Duration::ZERO,
        };
        let nothing = |_: &mut Vec<u8>| Ok::<_, Infallible>(0);
        let unit = header::encode("key", &[0; 16], &unit, &[], &SizeHint::default(), None, nothing);
        assert!(
            !is_absence("key", &unit.expect("nothing to encode"), 1, 7),
            "a value without a payload is a value"
        );
    }
}
