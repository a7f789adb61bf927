//! Entries whose payload is encrypted: format version 3. Every build knows what they look like; sealing and opening them takes the cargo feature
//! `seal`.
//!
//! | bytes | what |
//! | --- | --- |
//! | before the payload | as in version 2, but for the version, 3; the length is that of all that follows the header |
//! | 4 | under which key: the first bytes of SHA-256 of its name |
//! | 24 | nonce of XAES-256-GCM, random |
//! | then | the payload, compressed or not, encrypted: as many bytes as it had |
//! | 16 | tag of XAES-256-GCM |
//!
//! The associated data are all bytes before the ciphertext but the checksum, and behind them the key whole as it stands in Redis. The length of the
//! header is among the first of them, so no two entries have the same data with other boundaries. The checksum is made of what is stored, so it tells
//! nothing of the payload, and whoever changes an entry can make it anew: it finds accidents, the tag finds intent.

#[cfg(feature = "sealing")]
mod sealing;

use super::header::{
    CHECKSUM_AT, COMPRESSION_AT, HEADER_LEN, Meta, PAYLOAD_LEN_AT, SEALED_VERSION, VERSION_AT,
};
use super::header::{checksum, header_len, meta_and_tags, take};
use crate::store::vocabulary::{Nonce, VALUE};

const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Between the header and the ciphertext.
const INTRODUCTION: usize = KEY_ID_LEN + NONCE_LEN;
/// By how much a sealed entry is longer.
pub(crate) const OVERHEAD: usize = INTRODUCTION + TAG_LEN;

/// What anybody can read of a sealed entry. Whether its tag fits, only a keyring tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealedEntry<'b> {
    /// The first four bytes of SHA-256 of the key's name.
    pub(crate) key_id: [u8; KEY_ID_LEN],
    pub(crate) meta: Meta,
    pub(crate) tags: &'b [Nonce],
    /// The number of the payload's compression.
    pub(crate) compression: u8,
    /// Of the payload, compressed or not.
    pub(crate) payload_len: usize,
}

/// A sealed entry at `key` that no accident has changed. Nothing is opened.
pub(crate) fn sealed_entry<'b>(key: &str, bytes: &'b [u8]) -> Option<SealedEntry<'b>> {
    let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
    let parts = SealedParts::of(bytes)?;
    let is_whole = u64::from_le_bytes(take(header, CHECKSUM_AT)) == checksum(key, bytes);
    let (meta, tags) = meta_and_tags(bytes).filter(|_| is_whole)?;
    let compression = header[COMPRESSION_AT];
    Some(SealedEntry { key_id: parts.key_id, meta, tags, compression, payload_len: parts.text_len })
}

/// Whether the bytes have room for a header, and say that they are a sealed entry.
pub(crate) fn is_like(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_LEN && bytes[0] == VALUE && bytes[VERSION_AT] == SEALED_VERSION
}

/// Where the parts of a sealed entry are. Only lengths and the version are checked.
struct SealedParts {
    key_id: [u8; KEY_ID_LEN],
    #[cfg_attr(not(feature = "sealing"), allow(dead_code, reason = "for who opens it"))]
    nonce: [u8; NONCE_LEN],
    #[cfg_attr(not(feature = "sealing"), allow(dead_code, reason = "for who opens it"))]
    header_len: usize,
    text_len: usize,
}

impl SealedParts {
    fn of(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        let header_len = header_len(header);
        if header[0] != VALUE || header[VERSION_AT] != SEALED_VERSION || header_len < HEADER_LEN {
            return None;
        }
        let behind = bytes.get(header_len..)?;
        let claimed = u64::from_le_bytes(take(header, PAYLOAD_LEN_AT));
        let text_len = behind.len().checked_sub(OVERHEAD).filter(|_| behind.len() as u64 == claimed)?;
        let (key_id, rest) = behind.split_first_chunk()?;
        Some(Self { key_id: *key_id, nonce: *rest.first_chunk()?, header_len, text_len })
    }
}

#[cfg(all(test, feature = "sealing"))]
mod tests;
