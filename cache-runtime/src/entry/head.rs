//! Of an entry whose value is in parts: its head, which is stored beside them.
//!
//! A head is an entry itself. Its payload is the prologue of the parts, so its checksum covers all that tells whose entry this is and at which key,
//! and whoever reads one part checks a head as any entry is checked. The parts check themselves.

use xxhash_rust::xxh3::xxh3_128;

use super::header::{
    CHECKSUM_AT, CODEC_AT, FINGERPRINT_AT, HEADER_LEN, PAYLOAD_LEN_AT, VERSION, VERSION_AT, checksum,
    header_len, meta_and_tags, put, seal, take,
};
use crate::store::vocabulary::parts::{Heads, PROLOGUE_LEN, PartsPayload};
use crate::store::vocabulary::{Nonce, SLOT_LEN, VALUE};

/// How heads are made.
#[derive(Debug)]
pub(crate) struct EntryHeads;

impl Heads for EntryHeads {
    fn head<'b>(&self, key: &str, entry: &'b [u8]) -> Option<(Vec<u8>, &'b [u8])> {
        if entry.first() != Some(&VALUE) || entry.get(VERSION_AT) != Some(&VERSION) {
            return None;
        }
        let header_len = header_len(entry.first_chunk()?);
        let (head, parts) = entry.split_at_checked(header_len + PROLOGUE_LEN)?;
        Some((with_payload_len(key, head.to_vec(), PROLOGUE_LEN), parts))
    }

    fn whole(&self, key: &str, head: &[u8], parts: &[u8]) -> Vec<u8> {
        let is_sound = head.get(VERSION_AT) == Some(&VERSION)
            && head.first_chunk::<HEADER_LEN>().is_some_and(|header| {
                u64::from_le_bytes(take(header, CHECKSUM_AT)) == checksum(key, head)
                    && header_len(header) + PROLOGUE_LEN == head.len()
            });
        // As it is it has no parts, which is damaged too.
        if is_sound {
            with_payload_len(key, [head, parts].concat(), PROLOGUE_LEN + parts.len())
        } else {
            head.to_vec()
        }
    }

    fn known(&self, key: &str, head: &[u8]) -> [u8; 16] {
        let Some(header) = head.first_chunk::<HEADER_LEN>() else { return [0; 16] };
        let tags = meta_and_tags(head).map(|(_, tags)| tags).unwrap_or_default();
        let parts = head.get(header_len(header)..).and_then(PartsPayload::of);
        let fingerprint = u64::from_le_bytes(take(header, FINGERPRINT_AT));
        known(key, header[CODEC_AT], fingerprint, tags, parts.is_some_and(|parts| parts.is_none()))
    }
}

/// What a set has as a member whose head says this: a reader who asks for members names it too, since it cannot find the head among them.
pub(crate) fn known(key: &str, codec: u8, fingerprint: u64, tags: &[Nonce], is_none: bool) -> [u8; 16] {
    let of_type = [VERSION, codec, u8::from(is_none)];
    let (fingerprint, count) = (fingerprint.to_le_bytes(), (tags.len() as u64).to_le_bytes());
    xxh3_128(&[&of_type, &fingerprint[..], &count, tags.as_flattened(), key.as_bytes()].concat())
        .to_le_bytes()
}

/// The head at `key` under another nonce, for a value of which a part is replaced.
pub(crate) fn renewed(key: &str, head: &[u8], nonce: &Nonce) -> Vec<u8> {
    let mut bytes = head.to_vec();
    if let Some(place) = bytes.get_mut(1..SLOT_LEN) {
        place.copy_from_slice(nonce);
        seal(key, &mut bytes);
    }
    bytes
}

fn with_payload_len(key: &str, mut bytes: Vec<u8>, len: usize) -> Vec<u8> {
    put(&mut bytes, PAYLOAD_LEN_AT, (len as u64).to_le_bytes());
    seal(key, &mut bytes);
    bytes
}
