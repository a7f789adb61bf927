#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::{Compression, FREE, GROWTH, LEN, Payload, SMALL, UNCOMPRESSED, longest, shrunk};
use crate::codec::{Codec, CodecError};
use crate::entry::header::{self, Meta, Room, Slot, decoded_len};

const ALL: &[Compression] = &[
    #[cfg(feature = "lz4")]
    Compression::Lz4,
    #[cfg(feature = "zstd")]
    Compression::Zstd,
];

fn entry<C: Codec, T: Serialize>(value: &T, compression: Option<Compression>) -> Vec<u8> {
    let meta = Meta {
        codec: C::ID,
        fingerprint: 7,
        fresh_ttl: None,
        stale_window: Duration::ZERO,
        compute_time: Duration::ZERO,
    };
    header::encode("key", &[3; 16], &meta, &[], &Room::default(), compression, |out| C::encode(value, out))
        .unwrap()
}

fn read<C: Codec, T: DeserializeOwned>(entry: &[u8]) -> T {
    let Ok(Slot::Value(value)) = header::decode("key", entry, C::ID, 7) else {
        panic!("rejected");
    };
    value.payload.decode(C::decode).unwrap()
}

/// The stored form of a payload by itself.
fn stored(payload: &[u8], compression: Compression) -> Option<Vec<u8>> {
    shrunk(payload, 0, compression).map(|(id, stored)| {
        assert_eq!(id, compression.id());
        stored
    })
}

fn payload_of(compression: Compression, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
    Payload::new(compression.id(), stored).unwrap().decode(|payload| Ok(payload.to_vec()))
}

fn rows(count: u32) -> Vec<(u32, String)> {
    (0..count).map(|n| (n, format!("row number {n}"))).collect()
}

/// Bytes without any order, always the same.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn every_compression_holds<C: Codec>() {
    let value = rows(2_000);
    let plain = entry::<C, _>(&value, None);
    assert_eq!(plain[19], UNCOMPRESSED);
    assert_eq!(decoded_len(&plain), plain.len());
    for &compression in ALL {
        let bytes = entry::<C, _>(&value, Some(compression));
        assert_eq!(bytes[19], compression.id());
        assert!(bytes.len() < plain.len() / 2, "{compression:?}: {} of {}", bytes.len(), plain.len());
        assert!(bytes.capacity() < plain.len(), "the room for the worst case is given back");
        assert_eq!(read::<C, Vec<(u32, String)>>(&bytes), value);
        assert_eq!(decoded_len(&bytes), plain.len());
        // Empty and small values, with the option on.
        assert_eq!(read::<C, Vec<(u32, String)>>(&entry::<C, _>(&rows(0), Some(compression))), rows(0));
        assert_eq!(read::<C, Vec<(u32, String)>>(&entry::<C, _>(&rows(3), Some(compression))), rows(3));
    }
}

macro_rules! for_each_codec {
    ($($feature:literal $name:ident $codec:ident;)*) => {
        $(#[cfg(feature = $feature)] #[test] fn $name() { every_compression_holds::<crate::codec::$codec>(); })*
    };
}

for_each_codec! {
    "bincode" bincode_holds Bincode;
    "json" json_holds Json;
    "messagepack" message_pack_holds MessagePack;
    "postcard" postcard_holds Postcard;
}

#[test]
fn what_is_small_or_does_not_get_smaller_stays_as_it_is() {
    for &compression in ALL {
        assert_eq!(stored(&[7; SMALL], compression), None);
        assert!(stored(&[7; SMALL + 1], compression).is_some());
        assert_eq!(stored(&noise(100_000), compression), None);
        // The bytes before the payload are kept, and are not compressed.
        let (_, bytes) = shrunk(&[9; SMALL + 3], 2, compression).unwrap();
        assert_eq!(bytes[..2], [9, 9]);
        assert_eq!(payload_of(compression, &bytes[2..]).unwrap(), [9; SMALL + 1]);
        assert_eq!(shrunk(&[9; SMALL + 2], 2, compression), None);
    }
}

/// A bound that ordinary entries met would make misses of them.
#[test]
fn what_compresses_best_is_within_the_bound() {
    for &compression in ALL {
        for len in [SMALL + 1, FREE, FREE + 1, FREE + 200 * GROWTH, 20 * FREE] {
            let payload = vec![0; len];
            let stored = stored(&payload, compression).unwrap();
            assert!(longest(stored.len() - LEN) >= len && stored.len() < 100 + len / 200, "{len}");
            assert!(payload_of(compression, &stored).unwrap() == payload, "{compression:?}, {len}");
        }
    }
}

#[test]
fn a_length_that_cannot_be_is_not_believed() {
    for &compression in ALL {
        let sound = stored(&[7; 5_000], compression).unwrap();
        let claiming = |len: u64| [&len.to_le_bytes(), &sound[LEN..]].concat();
        assert_eq!(payload_of(compression, &claiming(5_000)).unwrap(), [7; 5_000]);
        // Were one of the last four believed, the process would end here.
        for len in [0, 1, 4_999, 5_001, 1 << 20, 1 << 40, 1 << 60, i64::MAX as u64, u64::MAX] {
            assert!(payload_of(compression, &claiming(len)).is_err(), "{compression:?}, {len}");
        }
        for len in 0..=LEN {
            assert!(payload_of(compression, &sound[..len]).is_err());
        }
    }
}

#[cfg(feature = "zstd")]
#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let payload = vec![0; 200 << 20];
    let frame = ::zstd::bulk::compress(&payload, 1).unwrap();
    assert!(super::zstd::decompress(&frame, payload.len()).is_some(), "sound in itself");
    let bomb = [&(payload.len() as u64).to_le_bytes(), &frame[..]].concat();
    assert!(payload_of(Compression::Zstd, &bomb).is_err());
}

#[test]
fn what_was_cut_or_mixed_up_is_refused() {
    let payload: Vec<u8> = rows(100).into_iter().flat_map(|(_, row)| row.into_bytes()).collect();
    for &compression in ALL {
        let sound = stored(&payload, compression).unwrap();
        for len in 0..sound.len() {
            assert!(payload_of(compression, &sound[..len]).is_err(), "{compression:?}, {len}");
        }
        for &other in ALL {
            assert_eq!(payload_of(other, &sound).is_ok(), other == compression);
        }
        assert!(payload_of(compression, &payload).is_err(), "not compressed at all");
    }
}

proptest! {
    #[test]
    fn bytes_of_others_are_refused(bytes: Vec<u8>, len in 0u64..10_000, at: prop::sample::Index, byte: u8) {
        for &compression in ALL {
            let claiming = [&len.to_le_bytes(), &bytes[..]].concat();
            if let Ok(payload) = payload_of(compression, &claiming) {
                prop_assert_eq!(payload.len() as u64, len);
            }
            let mut changed = stored(&b"the same again, ".repeat(100), compression).unwrap();
            let at = at.index(changed.len());
            changed[at] = byte;
            if let Ok(payload) = payload_of(compression, &changed) {
                prop_assert_eq!(payload.len(), 1_600);
            }
        }
    }
}

/// Frozen, as something to read: what is written may change with the libraries, but what was written must stay a hit.
/// Length before; compressed bytes.
#[cfg(all(feature = "bincode", any(feature = "lz4", feature = "zstd")))]
mod golden {
    use super::*;
    use crate::codec::Bincode;

    fn check(compression: Compression, number: u8, golden: &str) {
        let bytes: Vec<u8> = (0..golden.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&golden[at..at + 2], 16).unwrap())
            .collect();
        let value: Vec<String> = (0..100).map(|n| format!("value number {}", n % 3)).collect();
        assert_eq!(compression.id(), number);
        let read = Payload::new(number, &bytes).unwrap().decode(Bincode::decode::<Vec<String>>);
        assert_eq!(read.unwrap(), value);
    }

    #[cfg(feature = "lz4")]
    #[test]
    fn lz4() {
        check(
            Compression::Lz4,
            1,
            "dd05000000000000fa01640e76616c7565206e756d62657220300f001a310f001a320f000f2d00ffffffffff8d606d6265722030",
        );
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn zstandard() {
        check(
            Compression::Zstd,
            2,
            "dd0500000000000028b52ffd60dd0435020032070d0fd0670d508bee6d0ec058a24e1101026ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66d\
             dbb66dc53001718a62ce001c440863a411e0efbf01e0e70b806e48aa02",
        );
    }
}
