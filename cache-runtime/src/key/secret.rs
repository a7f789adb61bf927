//! Arguments that are secret, `<email:secret>`: in place of one stands a keyed hash of it.
//!
//! HMAC-SHA256 of the argument as it is rendered in the name of a tag, of which 128 bits are written in hexadecimal, as at the end of a long key. Under one key one
//! argument has one hash, wherever it stands, so whoever invalidates finds it; whoever lacks the key can neither read it nor try arguments.
//!
//! A cache without such a key has one that this process has drawn, which nothing outside knows: then nothing is stored under the name, but it is a name all the
//! same, and different arguments have different ones.

use std::fmt;
use std::sync::{Arc, LazyLock};

use hmac_sha256::HMAC;

use super::{KeyPart, KeyWriter, Scratch};
use crate::util::random;

/// How many bytes of a hash are written.
const BYTES: usize = 16;

/// 32 bytes, which are erased where the crate for that is there.
#[cfg(feature = "sealing")]
type KeyBytes = zeroize::Zeroizing<[u8; 32]>;
#[cfg(not(feature = "sealing"))]
type KeyBytes = [u8; 32];

/// What secret arguments are called.
#[derive(Clone)]
pub(crate) struct SecretNames {
    key: Arc<KeyBytes>,
    /// Whether others with the same keyring call them the same.
    pub(crate) are_shared: bool,
}

impl SecretNames {
    /// Under the key of a keyring.
    #[cfg(feature = "sealing")]
    pub(crate) fn under(key: &[u8; 32]) -> Self {
        Self { key: Arc::new(KeyBytes::new(*key)), are_shared: true }
    }

    /// Under a key that only this process has.
    pub(crate) fn of_this_process() -> Self {
        static KEY: LazyLock<Arc<KeyBytes>> = LazyLock::new(|| {
            let mut key = KeyBytes::default();
            let (first, second) = key.split_at_mut(16);
            first.copy_from_slice(&random::nonce());
            second.copy_from_slice(&random::nonce());
            Arc::new(key)
        });
        Self { key: Arc::clone(&KEY), are_shared: false }
    }

    /// The name of an argument.
    pub(crate) fn name<P: KeyPart + ?Sized>(&self, part: &P) -> String {
        let mut plain = Scratch::new();
        part.write(&mut KeyWriter::plain(&mut plain));
        self.hash(plain.as_bytes())
    }

    #[inline(never)]
    fn hash(&self, plain: &[u8]) -> String {
        hexadecimal(&HMAC::mac(plain, &self.key[..])[..BYTES])
    }
}

impl fmt::Debug for SecretNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretNames").field("are_shared", &self.are_shared).finish_non_exhaustive()
    }
}

/// Two characters for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from_digit(u32::from(nibble), 16).unwrap_or('0')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(key: [u8; 32]) -> SecretNames {
        #[cfg(feature = "sealing")]
        return SecretNames::under(&key);
        #[cfg(not(feature = "sealing"))]
        SecretNames { key: Arc::new(key), are_shared: true }
    }

    /// Frozen: programs of different builds find each other's entries. `printf %s ann@example.com | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…`
    #[test]
    fn golden() {
        assert_eq!(names([7; 32]).name("ann@example.com"), "61b55fab9c26d32d104ec34ed67a68f9");
        assert_eq!(names([7; 32]).name(&42_u64), "c375c508be09c2d7595d823c17883391");
    }

    #[test]
    fn equal_arguments_have_one_name_and_others_others() {
        let names = names([7; 32]);
        assert_eq!(names.name("a"), names.name(&"a".to_owned()));
        let of_options = [names.name(&None::<&str>), names.name(&Some("")), names.name(&Some("a"))];
        let of_lists = [names.name(&["a", "b"][..]), names.name(&["a,b"][..]), names.name(&["ab"][..])];
        for all in [of_options, of_lists] {
            assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
        }
        assert_ne!(names.name("a"), SecretNames::of_this_process().name("a"));
        assert_eq!(SecretNames::of_this_process().name("a"), SecretNames::of_this_process().name("a"));
    }

    #[test]
    fn the_key_is_not_shown() {
        let shown = format!("{:?}", names([0xAB; 32]));
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab,"), "{shown}");
    }
}
