//! The door for the fuzzer; only there when the crate is built for it.

use serde::{Serialize, de::DeserializeOwned};

use super::header;
use super::header::{KeyState, Meta, SizeHint};
use crate::codec::compress::{Compression, LIMIT, Payload};
use crate::codec::{Bincode, Codec, Json, MessagePack, Postcard};

/// Where the bytes are said to stand.
const KEY: &str = "user:1";

/// Reads `bytes` in every way in which bytes from a server are read: as an entry, and as a payload of each codec.
///
/// # Panics
///
/// If something that must hold does not; that is what the fuzzer looks for.
pub fn fuzz_decode<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    entry::<T>(bytes);
    payload::<Bincode, T>(bytes);
    payload::<Json, T>(bytes);
    payload::<MessagePack, T>(bytes);
    payload::<Postcard, T>(bytes);
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        resigned(bytes, compression);
    }
    decompressed(bytes);
}

/// Compressed bytes of any kind are read or refused, and never grow beyond their bound.
fn decompressed(bytes: &[u8]) {
    for payload in [1, 2].into_iter().filter_map(|compression| Payload::new(compression, bytes)) {
        let _ = payload.decode(LIMIT, |payload, stored| {
            assert!(stored == bytes.len() && payload.len() <= (stored * 1024 + (1 << 20)).min(LIMIT));
            let _ = Bincode::decode_stored::<Vec<Vec<String>>>(payload, stored);
            Ok(())
        });
    }
}

/// As they are, whatever codec and fingerprint they claim.
fn entry<T: DeserializeOwned>(bytes: &[u8]) {
    let codec = bytes.get(18).copied().unwrap_or(0);
    let fingerprint = bytes.get(30..38).and_then(|bytes| bytes.try_into().ok());
    let fingerprint = u64::from_le_bytes(fingerprint.unwrap_or_default());
    let Ok(KeyState::Value(value)) = header::decode(KEY, bytes, codec, fingerprint) else {
        return;
    };
    let payload = value.payload;
    let _ = match codec {
        Bincode::ID => payload.decode(LIMIT, Bincode::decode_stored::<T>).is_ok(),
        Json::ID => payload.decode(LIMIT, Json::decode_stored::<T>).is_ok(),
        MessagePack::ID => payload.decode(LIMIT, MessagePack::decode_stored::<T>).is_ok(),
        _ => payload.decode(LIMIT, Postcard::decode_stored::<T>).is_ok(),
    };
}

/// What was read can be written, unless it is refused, and is read again.
fn payload<C: Codec, T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    let Ok(value) = C::decode::<T>(bytes) else { return };
    let mut written = Vec::new();
    if C::encode(&value, &mut written).is_ok() {
        assert!(C::decode::<T>(&written).is_ok(), "written and not read");
    }
}

/// The fuzzer does not find checksums, so here is one: any payload comes back from a sound entry, and from no other.
fn resigned(bytes: &[u8], compression: Option<Compression>) {
    let nonce = [7; 16];
    let meta = Meta {
        codec: 1,
        fingerprint: 2,
        fresh_ttl: None,
        stale_window: std::time::Duration::ZERO,
        compute_time: std::time::Duration::ZERO,
    };
    let compression = compression.map(|compression| (compression, LIMIT));
    let written = header::encode(KEY, &nonce, &meta, &[], &SizeHint::default(), compression, |out| {
        out.extend_from_slice(bytes);
        Ok::<_, ()>(0)
    });
    let mut written = written.unwrap_or_default();
    let Ok(KeyState::Value(value)) = header::decode(KEY, &written, 1, 2) else {
        panic!("a sound entry was rejected");
    };
    assert!(header::decode("elsewhere", &written, 1, 2).is_err(), "an entry was read at another key");
    assert!(value.nonce == nonce && value.meta == meta);
    let same = value.payload.decode(LIMIT, |payload, _| Ok(payload == bytes));
    assert!(same.is_ok_and(|same| same), "another payload came back");

    let at = bytes.first().map_or(0, |&byte| usize::from(byte)) % written.len();
    written[at] ^= 1 << (bytes.len() % 8);
    assert!(header::decode(KEY, &written, 1, 2).is_err(), "a flipped bit was not seen");
}
