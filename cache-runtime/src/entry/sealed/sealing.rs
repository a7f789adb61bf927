//! From an entry of version 2 to a sealed one, and back.

use super::super::header::{
    CHECKSUM_AT, FINGERPRINT_AT, HEADER_LEN, KeyState, PAYLOAD_LEN_AT, SEALED_VERSION, UNSEALED_VERSION,
    VERSION, VERSION_AT,
};
use super::super::header::{checksum, decode_any, header_len, put, seal as put_checksum, take};
use super::{INTRODUCTION, NONCE_LEN, OVERHEAD, SealedParts};
use crate::error::{Error, ErrorKind};
use crate::seal::Seals;
use crate::store::vocabulary::{Sealing, VALUE};

/// The entry could not be sealed, and must not be stored: it is none, or the provider has refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotSealed;

impl Sealing for Seals {
    fn sealed(&self, key: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if !is_value(bytes) {
            return Ok(None);
        }
        let refused = |NotSealed| Error::new(ErrorKind::Encode, "the value could not be sealed");
        sealed(key, bytes, self).map(Some).map_err(refused)
    }

    fn open(&self, key: &str, bytes: &mut Vec<u8>) {
        open(key, bytes, self);
    }
}

/// Whether the bytes are to be sealed before they are stored: all that begin as values do, sound or not.
fn is_value(bytes: &[u8]) -> bool {
    bytes.first() == Some(&VALUE) && bytes.len() > VERSION_AT
}

/// The entry of version 2 at `key`, sealed.
pub(super) fn sealed(key: &str, plain: &[u8], seals: &Seals) -> Result<Vec<u8>, NotSealed> {
    let nonce = seals.nonce().map_err(|_| NotSealed)?;
    sealed_with(&nonce, key, plain, seals)
}

/// With a nonce that the caller has chosen, and must not choose twice. Apart for the tests' golden bytes.
pub(super) fn sealed_with(
    nonce: &[u8; NONCE_LEN],
    key: &str,
    plain: &[u8],
    seals: &Seals,
) -> Result<Vec<u8>, NotSealed> {
    let Ok(KeyState::Value(_)) = decode_any(key, plain) else { return Err(NotSealed) };
    let header_len = header_len(plain.first_chunk::<HEADER_LEN>().ok_or(NotSealed)?);
    let (header, payload) = plain.split_at_checked(header_len).ok_or(NotSealed)?;

    let mut bytes = Vec::with_capacity(plain.len() + OVERHEAD);
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&seals.id());
    bytes.extend_from_slice(nonce);
    bytes.extend_from_slice(payload);
    bytes[VERSION_AT] = SEALED_VERSION;
    put(&mut bytes, PAYLOAD_LEN_AT, ((payload.len() + OVERHEAD) as u64).to_le_bytes());

    let text_at = header_len + INTRODUCTION;
    let bound = bound(key, &bytes[..text_at]);
    let tag = seals.seal(nonce, &bound, &mut bytes[text_at..]).map_err(|_| NotSealed)?;
    bytes.extend_from_slice(&tag);
    put_checksum(key, &mut bytes);
    Ok(bytes)
}

/// What stands at `key` while a keyring is set, as the rest of the library reads it: an entry of version 2 in place of a sealed one. What is no
/// value is left as it is. A value that is not sealed, or not for this key, or under a key that the keyring lacks, is left with a version that every
/// reader rejects, and its payload is gone; its mark is kept, so that it can be replaced. Says whether that became of it.
pub(super) fn open(key: &str, bytes: &mut Vec<u8>, seals: &Seals) -> bool {
    if !is_value(bytes) || opened(key, bytes, seals).is_some() {
        return false;
    }
    bytes.truncate(VERSION_AT);
    bytes.push(UNSEALED_VERSION);
    true
}

fn opened(key: &str, bytes: &mut Vec<u8>, seals: &Seals) -> Option<()> {
    let SealedParts { key_id, nonce, header_len, text_len } = SealedParts::of(bytes)?;
    let text_at = header_len + INTRODUCTION;
    let bound = bound(key, &bytes[..text_at]);
    let stored = u64::from_le_bytes(take(bytes.first_chunk()?, CHECKSUM_AT));
    if stored != checksum(key, bytes) {
        return None;
    }
    seals.open(key_id, &nonce, &bound, &mut bytes[text_at..]).ok()?;

    bytes.copy_within(text_at..text_at + text_len, header_len);
    bytes.truncate(header_len + text_len);
    bytes[VERSION_AT] = VERSION;
    put(bytes, PAYLOAD_LEN_AT, (text_len as u64).to_le_bytes());
    put_checksum(key, bytes);
    Some(())
}

/// The associated data: everything before the ciphertext but the checksum, which is not known before it, and the key.
fn bound(key: &str, before: &[u8]) -> Vec<u8> {
    [&before[..CHECKSUM_AT], &before[FINGERPRINT_AT..], key.as_bytes()].concat()
}
