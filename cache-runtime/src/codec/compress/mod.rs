//! Payloads made smaller, for functions that ask for it with `compress = Lz4 | Zstd`.
//!
//! What is stored is two lengths, eight bytes each, little-endian: of the payload, and of what the compression made of it; then that;
//! then zeros, if there have to be more bytes. Which compression it was is in the entry's header, so a reader needs no option: it
//! reads what it was compiled to read, and the option may be switched at any time. The checksum is of the bytes as they are
//! stored.
//!
//! The bytes are a server's, so a claimed length is believed only within [`longest`], and the elements of the payload are
//! counted against the stored bytes. What compresses better than that is filled up on the way in.

#[cfg(feature = "lz4")]
mod lz4;
#[cfg(all(test, any(feature = "lz4", feature = "zstd")))]
mod tests;
#[cfg(feature = "zstd")]
mod zstd;

use super::CodecError;
use super::decode_limits::fewest_stored;

/// A compression that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named by expansions only")]
pub enum Compression {
    #[cfg(feature = "lz4")]
    Lz4,
    #[cfg(feature = "zstd")]
    Zstd,
}

/// Numbers of compressions in the header of an entry; part of format version 1.
pub(crate) const UNCOMPRESSED: u8 = 0;
#[cfg(feature = "lz4")]
const LZ4: u8 = 1;
#[cfg(feature = "zstd")]
const ZSTD: u8 = 2;

/// The compression of a number that is compiled in, as an attribute names it.
pub(crate) fn name_of(id: u8) -> Option<&'static str> {
    match Compression::of(id)? {
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Some("Lz4"),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Some("Zstd"),
    }
}

/// Payloads up to this are not worth the time: they fit one packet as they are.
const SMALL: usize = 1024;
/// Before the compressed bytes.
const LENGTHS: usize = 2 * size_of::<u64>();

/// What a payload is decompressed to at most, unless a function says otherwise. Checked before anything is allocated.
pub(crate) const LIMIT: usize = 64 << 20;
/// What any entry may grow to.
const FREE: usize = 1 << 20;
const GROWTH: usize = 1024;

/// The longest payload that so many stored bytes may claim to be.
fn longest(stored: usize, limit: usize) -> usize {
    stored.saturating_mul(GROWTH).saturating_add(FREE).min(limit)
}

/// The fewest bytes that a payload of this length, with so many elements, is stored in.
fn fewest(payload: usize, elements: usize) -> usize {
    payload.saturating_sub(FREE).div_ceil(GROWTH).max(fewest_stored(elements))
}

impl Compression {
    fn id(self) -> u8 {
        match self {
            #[cfg(feature = "lz4")]
            Self::Lz4 => LZ4,
            #[cfg(feature = "zstd")]
            Self::Zstd => ZSTD,
        }
    }

    fn of(id: u8) -> Option<Self> {
        match id {
            #[cfg(feature = "lz4")]
            LZ4 => Some(Self::Lz4),
            #[cfg(feature = "zstd")]
            ZSTD => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The most bytes that `compress` writes.
    #[allow(unused_variables, reason = "without compressions there is nothing to ask")]
    fn bound(self, len: usize) -> usize {
        match self {
            #[cfg(feature = "lz4")]
            Self::Lz4 => lz4::bound(len),
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::bound(len),
        }
    }

    /// Writes to the beginning of `out`, and says how much.
    #[allow(unused_variables, reason = "without compressions there is nothing to write")]
    fn compress(self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            #[cfg(feature = "lz4")]
            Self::Lz4 => lz4::compress(payload, out),
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::compress(payload, out),
        }
    }

    /// The payload, of exactly `len` bytes.
    #[allow(unused_variables, reason = "without compressions there is nothing to read")]
    fn decompress(self, compressed: &[u8], len: usize) -> Option<Vec<u8>> {
        match self {
            #[cfg(feature = "lz4")]
            Self::Lz4 => lz4::decompress(compressed, len),
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::decompress(compressed, len),
        }
    }
}

/// Compresses what stands in `bytes` from `begin` on, if that makes it smaller and it can be read back within the limit. The
/// compression's number, and the bytes in place of the old ones unless they stay.
pub(crate) fn shrunk(
    bytes: &[u8],
    begin: usize,
    elements: usize,
    (compression, limit): (Compression, usize),
) -> Option<(u8, Vec<u8>)> {
    let (before, payload) = bytes.split_at(begin);
    let fewest = fewest(payload.len(), elements);
    if payload.len() <= SMALL || payload.len() > limit || fewest >= payload.len() {
        return None;
    }
    let start = begin + LENGTHS;
    let mut out = vec![0; start + compression.bound(payload.len())];
    out[..begin].copy_from_slice(before);
    let len = compression.compress(payload, &mut out[start..])?;
    for (at, len) in [(begin, payload.len()), (begin + size_of::<u64>(), len)] {
        out[at..at + size_of::<u64>()].copy_from_slice(&(len as u64).to_le_bytes());
    }
    out.truncate(start + len);
    if len < fewest {
        out.resize(start + fewest, 0);
    }
    if out.len() >= bytes.len() {
        return None;
    }
    out.shrink_to_fit();
    Some((compression.id(), out))
}

/// The payload of an entry as it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload<'a> {
    compression: Option<Compression>,
    stored: &'a [u8],
}

impl<'a> Payload<'a> {
    /// `None` if the compression is not compiled in.
    pub(crate) fn new(compression: u8, stored: &'a [u8]) -> Option<Self> {
        let compression = match compression {
            UNCOMPRESSED => None,
            other => Some(Compression::of(other)?),
        };
        Some(Self { compression, stored })
    }

    /// How long it is, or says that it was before it was compressed.
    pub(crate) fn len(&self) -> usize {
        let claimed = self.compression.and_then(|_| self.stored.first_chunk().copied());
        let claimed = claimed.and_then(|len| usize::try_from(u64::from_le_bytes(len)).ok());
        claimed.unwrap_or(self.stored.len())
    }

    /// What `decode` reads out of the payload, which is decompressed only if it is within `limit`. It is told how many bytes the payload
    /// takes where it is stored.
    pub(crate) fn decode<T>(
        &self,
        limit: usize,
        decode: impl FnOnce(&[u8], usize) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        let Some(compression) = self.compression else { return decode(self.stored, self.stored.len()) };
        let wrong = || CodecError::new("the payload is not what its compression makes");
        let (len, compressed) = self.parts().ok_or_else(wrong)?;
        if len > longest(self.stored.len(), limit) {
            return Err(CodecError::new("the payload is larger than what may be decompressed"));
        }
        let payload = compression.decompress(compressed, len).ok_or_else(wrong)?;
        decode(&payload, self.stored.len())
    }

    /// The claimed length, and what the compression made.
    fn parts(&self) -> Option<(usize, &'a [u8])> {
        let (len, rest) = self.stored.split_first_chunk()?;
        let (compressed, rest) = rest.split_first_chunk()?;
        let length = |bytes: [u8; 8]| usize::try_from(u64::from_le_bytes(bytes)).ok();
        Some((length(*len)?, rest.get(..length(*compressed)?)?))
    }
}
