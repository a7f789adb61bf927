//! The layout of what stands at a key: format version 2, little-endian. Version 3 is the same [sealed](super::sealed).
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | state: `V` value, `L` lease, `T` tombstone |
//! | 1..17 | nonce, new for every write |
//! | 17 | format version, 2 |
//! | 18 | codec: 1 bincode, 2 JSON, 3 MessagePack, 4 postcard |
//! | 19 | compression: 0 none, 1 LZ4 (one block), 2 Zstandard |
//! | 20..22 | length of the header, where the payload begins: 72 + 16 × tags |
//! | 22..30 | checksum: XXH3-64 of bytes 0..22, exclusive or XXH3-64 of bytes 30.. rotated left by 1, exclusive or XXH3-64 of the key rotated left by 2 |
//! | 30..38 | fingerprint of the function: its type's schema, its template, … |
//! | 38..46 | milliseconds for which the value is fresh, all ones: for ever |
//! | 46..54 | microseconds that computing it took |
//! | 54..62 | length of the payload, as it is stored |
//! | 62..64 | number of tags |
//! | 64..72 | milliseconds for which the entry is kept past its freshness |
//! | 72.. | the tags' nonces, 16 bytes each, in the function's order |
//! | then | payload; compressed: 8 bytes, its length before, 8 bytes, its length after, what the compression made of it, and zeros where it is filled up |
//!
//! Leases and tombstones are a state and a nonce, 17 bytes, so the script that stores a value compares one prefix
//! whatever the state is, and no flipped bit makes a lease of a value: the lengths differ. The last four bytes of their nonce are
//! the low half of the XXH3-64 of the 13 before them: others wait for a lease, and nobody is to wait for a text of 17 letters that
//! somebody else has put there.
//!
//! The state is the first byte and the nonce is next because scripts read them with `GETRANGE`; the checksum stands
//! behind what scripts read and covers both sides of itself. It covers the entry's own key too, whole as it stands in Redis:
//! what `COPY` or `RENAME` has put at another key is damaged there. The three parts are hashed apart and rotated against each
//! other, so that equal parts do not cancel out.
//!
//! Everything is checked before the first byte of the payload is looked at. What a reader of version 2 cannot honour, a
//! compression that it was built without, it rejects. Whether the tags' nonces are still the tags' is for the engine to find
//! out, which a function without tags does by rejecting every entry that has some.

use crate::store::vocabulary::{LEASE, Nonce, SLOT_LEN, TOMBSTONE, VALUE, is_slot};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::codec::compress::{Compression, Payload, UNCOMPRESSED, shrunk};

pub(super) const VERSION: u8 = 2;
/// Of a sealed entry.
pub(super) const SEALED_VERSION: u8 = 3;
/// Of no entry that is ever stored: in this process it marks what a keyring has rejected.
pub(super) const UNSEALED_VERSION: u8 = u8::MAX;
const NEVER: u64 = u64::MAX;

/// A header without tags.
pub(crate) const HEADER_LEN: usize = 72;

// Where the fields of a value begin. The checksum covers what is before it and what is behind it.
const NONCE_AT: usize = 1;
pub(super) const VERSION_AT: usize = 17;
pub(super) const CODEC_AT: usize = 18;
pub(super) const COMPRESSION_AT: usize = 19;
const HEADER_LEN_AT: usize = 20;
pub(super) const CHECKSUM_AT: usize = 22;
pub(super) const FINGERPRINT_AT: usize = 30;
const FRESH_TTL_AT: usize = 38;
const COMPUTE_TIME_AT: usize = 46;
pub(super) const PAYLOAD_LEN_AT: usize = 54;
const TAGS_AT: usize = 62;
const STALE_WINDOW_AT: usize = 64;

/// What an entry says about its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) codec: u8,
    pub(crate) fingerprint: u64,
    /// How long the value is fresh from when it was stored; `None`: for ever. Kept in milliseconds.
    pub(crate) fresh_ttl: Option<Duration>,
    /// For how long after that it is kept, to be served stale. Kept in milliseconds; together they are the expiry that
    /// the server was given, so what the server says is left tells the value's age.
    pub(crate) stale_window: Duration,
    /// What it cost, for the decision whether to refresh early. Kept in microseconds.
    pub(crate) compute_time: Duration,
}

/// What stands at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState<'a> {
    Value(Value<'a>),
    Lease(Nonce),
    Tombstone(Nonce),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) nonce: Nonce,
    pub(crate) meta: Meta,
    /// The nonces that the tags had before the value was computed.
    pub(crate) tags: &'a [Nonce],
    pub(crate) payload: Payload<'a>,
}

/// Why bytes are not an entry that this reader may use. All of them are misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// Not ours: no known state, or a lease or tombstone of the wrong length.
    Foreign,
    /// A format version that this reader does not know.
    Version,
    /// Shorter or longer than the header says, or too short for a header.
    Length,
    /// Changed since it was written, or written at another key.
    Checksum,
    /// Written by another codec.
    Codec,
    /// Another function's value, or one of the same function as it was before a change.
    Fingerprint,
    /// Sealed while no keyring is set; or, while one is, not sealed, not for this key, or under a key that it lacks.
    Unsealed,
    /// Sound, but compressed in a way that this build does not read.
    Unsupported,
}

/// How much room a function's entries take: as much as the last one. A large entry that grows as it is written touches
/// its memory twice.
#[derive(Debug, Default)]
pub(crate) struct SizeHint(AtomicUsize);

impl SizeHint {
    /// A buffer with a header's length of zeros in it.
    fn header(&self, header_len: usize) -> Vec<u8> {
        let last = self.0.load(Ordering::Relaxed);
        // An eighth more, for values that differ a little.
        let mut bytes = Vec::with_capacity(last.saturating_add(last / 8).max(2 * header_len));
        bytes.resize(header_len, 0);
        bytes
    }

    fn learn(&self, bytes: &mut Vec<u8>) {
        self.0.store(bytes.len(), Ordering::Relaxed);
        // The last one was much larger. Entries wait for their way to the server, and room is not to wait with them.
        if bytes.capacity() / 4 > bytes.len() {
            bytes.shrink_to_fit();
        }
    }
}

/// How many tags an entry can have: the length of its header is a number of 16 bits.
pub(crate) const MOST_TAGS: usize = (u16::MAX as usize - HEADER_LEN) / size_of::<Nonce>();

/// A value's entry at `key`, which has no more than [`MOST_TAGS`] tags. The payload is written straight behind the header, so a large
/// value is not copied unless it is compressed, with the limit that its readers have. `payload` says how many elements it has.
pub(crate) fn encode<E>(
    key: &str,
    nonce: &Nonce,
    meta: &Meta,
    tags: &[Nonce],
    room: &SizeHint,
    compression: Option<(Compression, usize)>,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>,
) -> Result<Vec<u8>, E> {
    let tags = &tags[..tags.len().min(MOST_TAGS)];
    let mut bytes = room.header(HEADER_LEN + size_of_val(tags));
    let elements = payload(&mut bytes)?;
    room.learn(&mut bytes);
    Ok(completed(key, nonce, meta, tags, (compression, elements), bytes))
}

/// A payload behind room for a header, with the header. Apart from [`encode`], of which there is one for every type.
fn completed(
    key: &str,
    nonce: &Nonce,
    meta: &Meta,
    tags: &[Nonce],
    (compression, elements): (Option<(Compression, usize)>, usize),
    mut bytes: Vec<u8>,
) -> Vec<u8> {
    let header_len = HEADER_LEN + size_of_val(tags);
    let mut compressed = UNCOMPRESSED;
    if let Some((id, smaller)) =
        compression.and_then(|compression| shrunk(&bytes, header_len, elements, compression))
    {
        (compressed, bytes) = (id, smaller);
    }
    let payload_len = bytes.len() - header_len;

    bytes[0] = VALUE;
    bytes[1..SLOT_LEN].copy_from_slice(nonce);
    bytes[VERSION_AT] = VERSION;
    bytes[CODEC_AT] = meta.codec;
    bytes[COMPRESSION_AT] = compressed;
    put(&mut bytes, HEADER_LEN_AT, (header_len as u16).to_le_bytes());
    put(&mut bytes, FINGERPRINT_AT, meta.fingerprint.to_le_bytes());
    put(&mut bytes, FRESH_TTL_AT, fresh_millis(meta.fresh_ttl).to_le_bytes());
    put(&mut bytes, COMPUTE_TIME_AT, micros(meta.compute_time).to_le_bytes());
    put(&mut bytes, PAYLOAD_LEN_AT, (payload_len as u64).to_le_bytes());
    put(&mut bytes, TAGS_AT, (tags.len() as u16).to_le_bytes());
    bytes[HEADER_LEN..header_len].copy_from_slice(tags.as_flattened());
    let stale_millis = u64::try_from(meta.stale_window.as_millis()).unwrap_or(u64::MAX);
    put(&mut bytes, STALE_WINDOW_AT, stale_millis.to_le_bytes());
    seal(key, &mut bytes);
    bytes
}

/// Puts the tags' nonces into an entry that was encoded before they were known, for as many tags.
pub(crate) fn set_tags(key: &str, bytes: &mut [u8], tags: &[Nonce]) {
    let Some(place) = bytes.get_mut(HEADER_LEN..HEADER_LEN + size_of_val(tags)) else { return };
    place.copy_from_slice(tags.as_flattened());
    seal(key, bytes);
}

pub(super) fn seal(key: &str, bytes: &mut [u8]) {
    let checksum = checksum(key, bytes);
    put(bytes, CHECKSUM_AT, checksum.to_le_bytes());
}

/// What stands in `bytes`, if it is ours, whole, and a value written at `key`, by `codec`, by a function of this `fingerprint`.
pub(crate) fn decode<'b>(
    key: &str,
    bytes: &'b [u8],
    codec: u8,
    fingerprint: u64,
) -> Result<KeyState<'b>, Rejected> {
    let Some((state, nonce)) = bytes.split_first().and_then(|(state, rest)| {
        let nonce: &Nonce = rest.first_chunk()?;
        Some((*state, *nonce))
    }) else {
        return Err(Rejected::Foreign);
    };
    match state {
        LEASE if is_slot(bytes) => Ok(KeyState::Lease(nonce)),
        TOMBSTONE if is_slot(bytes) => Ok(KeyState::Tombstone(nonce)),
        VALUE => decode_value(key, bytes, codec, fingerprint).map(KeyState::Value),
        _ => Err(Rejected::Foreign),
    }
}

/// What stands in `bytes`, if it is ours and was written at `key`: by whatever codec and function. For who looks, and decodes nothing.
pub(crate) fn decode_any<'b>(key: &str, bytes: &'b [u8]) -> Result<KeyState<'b>, Rejected> {
    let (codec, fingerprint) = match bytes.first_chunk::<HEADER_LEN>() {
        Some(header) => (header[CODEC_AT], u64::from_le_bytes(take(header, FINGERPRINT_AT))),
        None => (0, 0),
    };
    decode(key, bytes, codec, fingerprint)
}

/// The numbers of the format version and of the compression, where an entry has them.
pub(crate) fn version_and_compression(bytes: &[u8]) -> Option<(u8, u8)> {
    Some((*bytes.get(VERSION_AT)?, *bytes.get(COMPRESSION_AT)?))
}

/// How long an entry is, its payload as it was before it was compressed: about what the value takes in memory. Of an entry that
/// was read before; of anything else it is no more than a number.
pub(crate) fn decoded_len(bytes: &[u8]) -> usize {
    let Some(header) = bytes.first_chunk::<HEADER_LEN>() else { return bytes.len() };
    payload(bytes).map_or(bytes.len(), |payload| header_len(header).saturating_add(payload.len()))
}

/// The payload of a value that [`decode`] has let pass.
#[inline]
pub(crate) fn payload(bytes: &[u8]) -> Option<Payload<'_>> {
    let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
    let header_len = header_len(header);
    Payload::new(header[COMPRESSION_AT], bytes.get(header_len..)?)
}

/// A value's payload as it is stored, compressed or not. Of anything else some part of it.
pub(crate) fn stored_payload(bytes: &[u8]) -> &[u8] {
    let header_len = bytes.first_chunk::<HEADER_LEN>().map_or(0, header_len);
    bytes.get(header_len..).unwrap_or(bytes)
}

/// A value that [`decode`] has let pass, once more: nothing of it is checked again.
#[inline]
pub(crate) fn checked(bytes: &[u8]) -> Option<Value<'_>> {
    let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
    let (meta, tags) = meta_and_tags(bytes)?;
    Some(Value { nonce: take(header, NONCE_AT), meta, tags, payload: payload(bytes)? })
}

/// What a header says of the payload, and the tags' nonces. Nothing of it is checked.
#[inline]
pub(super) fn meta_and_tags(bytes: &[u8]) -> Option<(Meta, &[Nonce])> {
    let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
    let (tags, _) = bytes.get(HEADER_LEN..header_len(header))?.as_chunks();
    let fresh_ttl = match u64::from_le_bytes(take(header, FRESH_TTL_AT)) {
        NEVER => None,
        millis => Some(Duration::from_millis(millis)),
    };
    let meta = Meta {
        codec: header[CODEC_AT],
        fingerprint: u64::from_le_bytes(take(header, FINGERPRINT_AT)),
        fresh_ttl,
        stale_window: Duration::from_millis(u64::from_le_bytes(take(header, STALE_WINDOW_AT))),
        compute_time: Duration::from_micros(u64::from_le_bytes(take(header, COMPUTE_TIME_AT))),
    };
    Some((meta, tags))
}

#[inline]
fn decode_value<'b>(key: &str, bytes: &'b [u8], codec: u8, fingerprint: u64) -> Result<Value<'b>, Rejected> {
    // Before anything else: another version may place the rest elsewhere.
    if let Some(version) = bytes.get(VERSION_AT).filter(|version| **version != VERSION) {
        return Err(match *version {
            SEALED_VERSION | UNSEALED_VERSION => Rejected::Unsealed,
            _ => Rejected::Version,
        });
    }
    let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(Rejected::Length)?;
    let header_len = header_len(header);
    let tags = usize::from(u16::from_le_bytes(take(header, TAGS_AT)));
    let payload_len = u64::from_le_bytes(take(header, PAYLOAD_LEN_AT));
    let payload = bytes.get(header_len..).ok_or(Rejected::Length)?;
    if header_len != HEADER_LEN + tags * size_of::<Nonce>() || payload.len() as u64 != payload_len {
        return Err(Rejected::Length);
    }
    // Only of whole entries, so that the time it takes is in proportion to what was claimed.
    if u64::from_le_bytes(take(header, CHECKSUM_AT)) != checksum(key, bytes) {
        return Err(Rejected::Checksum);
    }
    if header[CODEC_AT] != codec {
        return Err(Rejected::Codec);
    }
    if u64::from_le_bytes(take(header, FINGERPRINT_AT)) != fingerprint {
        return Err(Rejected::Fingerprint);
    }
    checked(bytes).ok_or(Rejected::Unsupported)
}

/// Calls of the one-shot hash, which is faster than the streaming one for the short parts.
pub(super) fn checksum(key: &str, bytes: &[u8]) -> u64 {
    let (before, behind) = (&bytes[..CHECKSUM_AT], &bytes[FINGERPRINT_AT..]);
    xxh3_64(before) ^ xxh3_64(behind).rotate_left(1) ^ xxh3_64(key.as_bytes()).rotate_left(2)
}

/// Rounds down, so that a value is not called fresh for longer than asked, but a TTL that is there stays above zero.
fn fresh_millis(ttl: Option<Duration>) -> u64 {
    match ttl {
        None => NEVER,
        Some(Duration::ZERO) => 0,
        Some(ttl) => u64::try_from(ttl.as_millis()).unwrap_or(NEVER).clamp(1, NEVER - 1),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn put<const N: usize>(bytes: &mut [u8], at: usize, field: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&field);
}

pub(super) fn header_len(header: &[u8; HEADER_LEN]) -> usize {
    usize::from(u16::from_le_bytes(take(header, HEADER_LEN_AT)))
}

pub(super) fn take<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&header[at..at + N]);
    field
}

#[cfg(test)]
mod tests;
