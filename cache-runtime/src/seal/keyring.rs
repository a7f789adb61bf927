//! Keys that have names, and which of them seals.

use std::fmt;

use hmac_sha256::Hash;
use zeroize::Zeroizing;

use super::provider::{Refused, TAG_LEN};
use super::xaes::{NONCE_LEN, Unopened, Xaes};
use crate::error::{Error, ErrorKind};

/// How long the keys are: AES-256.
const KEY_LEN: usize = 32;

pub(crate) const KEY_ID_LEN: usize = 4;

/// Which key has sealed an entry: the first four bytes of SHA-256 of the key's name.
pub(crate) type KeyId = [u8; KEY_ID_LEN];

/// The keys that seal what a cache stores.
///
/// What is stored is sealed under the key that [`key`](Self::key) names; what was sealed under one of the others is still read. A key is 32 random
/// bytes, and its name is no secret: an entry tells four bytes that are derived from it. The keys are erased from memory with the keyring,
/// and `Debug` shows their names alone.
///
/// ```
/// use redis_cached::Keyring;
///
/// # let (november, may) = ([1; 32], [2; 32]);
/// let keyring = Keyring::new().key("2026-11", november).and("2026-05", may);
/// assert_eq!(format!("{keyring:?}"), r#"Keyring { key: Some("2026-11"), and: ["2026-05"], names: false }"#);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Keyring {
    first: Option<NamedKey>,
    others: Vec<NamedKey>,
    names: Option<NamedKey>,
}

#[derive(Clone)]
struct NamedKey {
    name: String,
    key: Zeroizing<Vec<u8>>,
}

impl NamedKey {
    fn new(name: impl Into<String>, key: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), key: Zeroizing::new(key.as_ref().to_vec()) }
    }

    fn bytes(&self) -> Result<&[u8; KEY_LEN], Error> {
        self.key.as_slice().try_into().map_err(|_| {
            invalid(format!("the key `{}` has {} bytes in place of {KEY_LEN}", self.name, self.key.len()))
        })
    }
}

impl Keyring {
    /// A keyring without keys. A cache cannot be built with it before it has one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key under which is sealed from now on; the last one counts that is named here. 32 bytes: where it has another length, building the cache
    /// fails with [`ErrorKind::InvalidOption`].
    pub fn key(mut self, name: impl Into<String>, key: impl AsRef<[u8]>) -> Self {
        self.first = Some(NamedKey::new(name, key));
        self
    }

    /// A key under which entries were sealed before, and are still read. Building the cache fails with [`ErrorKind::InvalidOption`] where it has
    /// not 32 bytes, or where its name or what is derived from it is another key's too.
    pub fn and(mut self, name: impl Into<String>, key: impl AsRef<[u8]>) -> Self {
        self.others.push(NamedKey::new(name, key));
        self
    }

    /// The key under which secret arguments are hashed, `key = "user:<email:secret>"`: the last one counts. 32 bytes of its own: where it has another length, or is one of the
    /// others, building the cache fails with [`ErrorKind::InvalidOption`].
    ///
    /// It does not rotate. Under another key every entry has another name: calls compute, and invalidations miss what programs with the old key have stored. Change it
    /// together with the [prefix](crate::CacheBuilder::prefix), in all programs at once.
    pub fn names(mut self, key: impl AsRef<[u8]>) -> Self {
        self.names = Some(NamedKey::new("names", key));
        self
    }

    /// What a cache seals with. Fails if there is no key to seal under, if a key has a wrong length, or if two have one id.
    pub(crate) fn build(&self) -> Result<Seals, Error> {
        let first = self
            .first
            .as_ref()
            .ok_or_else(|| invalid("the keyring has no key to seal under: name one with `key`"))?;
        let mut keys: Vec<RingKey> = Vec::with_capacity(1 + self.others.len());
        for named in std::iter::once(first).chain(&self.others) {
            let key = RingKey::new(named)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(invalid(format!(
                    "two keys of the keyring have one id: give `{}` another name",
                    named.name
                )));
            }
            keys.push(key);
        }
        let names = self.names.as_ref().map(|names| {
            let is_sealing = |other: &NamedKey| *other.key == *names.key;
            match self.first.iter().chain(&self.others).any(is_sealing) {
                true => Err(invalid("the key for names seals values as well: make one of its own")),
                false => names.bytes().map(|key| Zeroizing::new(*key)),
            }
        });
        Ok(Seals { keys, names: names.transpose()? })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<&str> = self.others.iter().map(|named| &*named.name).collect();
        f.debug_struct("Keyring")
            .field("key", &self.first.as_ref().map(|named| &*named.name))
            .field("and", &others)
            .field("names", &self.names.is_some())
            .finish()
    }
}

/// A keyring that is ready for use: the first key seals, all of them open.
pub(crate) struct Seals {
    keys: Vec<RingKey>,
    /// Under which secret arguments are hashed.
    names: Option<Zeroizing<[u8; KEY_LEN]>>,
}

struct RingKey {
    id: KeyId,
    xaes: Xaes,
}

impl RingKey {
    fn new(named: &NamedKey) -> Result<Self, Error> {
        let xaes = Xaes::new(named.bytes()?).map_err(|Refused| {
            invalid(format!("the key `{}` was refused by the cryptographic library", named.name))
        })?;
        Ok(Self { id: key_id(&named.name), xaes })
    }
}

/// By name and not by key, so that nothing of the key leaves the process.
pub(crate) fn key_id(name: &str) -> KeyId {
    let [a, b, c, d, ..] = Hash::hash(name.as_bytes());
    [a, b, c, d]
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOption, message)
}

impl Seals {
    /// Under which key is sealed.
    pub(crate) fn id(&self) -> KeyId {
        self.keys[0].id
    }

    /// The key for names, if there is one.
    pub(crate) fn names(&self) -> Option<&[u8; KEY_LEN]> {
        self.names.as_deref()
    }

    pub(crate) fn nonce(&self) -> Result<[u8; NONCE_LEN], Refused> {
        Xaes::nonce()
    }

    /// Encrypts in place under the first key; gives the tag.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        bound: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        self.keys[0].xaes.seal(nonce, bound, text)
    }

    /// Decrypts in place what stands before the tag, under the key of this id and no other.
    pub(crate) fn open(
        &self,
        id: KeyId,
        nonce: &[u8; NONCE_LEN],
        bound: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), Unopened> {
        let key = self.keys.iter().find(|key| key.id == id).ok_or(Unopened)?;
        key.xaes.open(nonce, bound, text_and_tag)
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seals").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(keyring: &Keyring) -> String {
        let error = keyring.build().expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        error.to_string()
    }

    #[test]
    fn a_keyring_that_cannot_seal_is_refused() {
        assert!(refused(&Keyring::new().and("old", [1; 32])).contains("no key to seal under"));
        assert!(refused(&Keyring::new().key("short", [1; 31])).contains("`short` has 31 bytes"));
        assert!(
            refused(&Keyring::new().key("new", [1; 32]).and("long", [1; 33])).contains("`long` has 33 bytes")
        );
        assert!(
            refused(&Keyring::new().key("same", [1; 32]).and("same", [2; 32]))
                .contains("`same` another name")
        );
    }

    #[test]
    fn no_key_is_shown() {
        let keyring = Keyring::new().key("new", [0xAB; 32]).and("old", [0xCD; 32]);
        let shown = format!("{keyring:?} {:#?} {:?}", keyring, keyring.build());
        assert!(shown.contains("new") && shown.contains("old"));
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, "), "{shown}");
    }

    #[test]
    fn the_first_key_seals_and_all_of_them_open() {
        let bytes = |seals: &Seals| {
            let (mut text, nonce) = (b"secret".to_vec(), seals.nonce().expect("a nonce"));
            let tag = seals.seal(&nonce, b"bound", &mut text).expect("sealed");
            text.extend_from_slice(&tag);
            (seals.id(), nonce, text)
        };
        let old = Keyring::new().key("old", [1; 32]).build().expect("a keyring");
        let both = Keyring::new().key("new", [2; 32]).and("old", [1; 32]).build().expect("a keyring");
        let (id, nonce, mut text) = bytes(&old);
        assert_eq!(both.open(id, &nonce, b"bound", &mut text.clone()), Ok(()));
        let of_another = both.open(both.id(), &nonce, b"bound", &mut text);
        assert_eq!(of_another, Err(Unopened), "another key's id");

        let (id, nonce, mut text) = bytes(&both);
        assert_eq!(id, key_id("new"));
        assert_eq!(old.open(id, &nonce, b"bound", &mut text), Err(Unopened), "an unknown id");
    }
}
