#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::{Compression, FREE, GROWTH, LENGTHS, LIMIT, Payload, SMALL, UNCOMPRESSED, longest, shrunk};
use crate::codec::{Codec, CodecError};
use crate::entry::header;
use crate::entry::header::{KeyState, Meta, SizeHint, decoded_len};

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
    let compression = compression.map(|compression| (compression, LIMIT));
    header::encode("key", &[3; 16], &meta, &[], &SizeHint::default(), compression, |out| {
        C::encode_counted(value, out)
    })
    .unwrap()
}

fn read<C: Codec, T: DeserializeOwned>(entry: &[u8]) -> T {
    let Ok(KeyState::Value(value)) = header::decode("key", entry, C::ID, 7) else {
        panic!("rejected");
    };
    value.payload.decode(LIMIT, C::decode_stored).unwrap()
}

/// The stored form of a payload without elements by itself.
fn stored(payload: &[u8], compression: Compression) -> Option<Vec<u8>> {
    shrunk(payload, 0, 0, (compression, LIMIT)).map(|(id, stored)| {
        assert_eq!(id, compression.id());
        stored
    })
}

fn payload_of(compression: Compression, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
    Payload::new(compression.id(), stored).unwrap().decode(LIMIT, |payload, _| Ok(payload.to_vec()))
}

/// What somebody stores who has compressed something by hand.
fn claimed(len: usize, compressed: &[u8]) -> Vec<u8> {
    let lengths = [(len as u64).to_le_bytes(), (compressed.len() as u64).to_le_bytes()];
    [lengths.as_flattened(), compressed].concat()
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
        $(
            #[cfg(feature = $feature)]
            #[test]
            fn $name() {
                every_compression_holds::<crate::codec::$codec>();
                nothing_is_written_for_nothing::<crate::codec::$codec>();
            }
        )*
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
        let (_, bytes) = shrunk(&[9; SMALL + 3], 2, 0, (compression, LIMIT)).unwrap();
        assert_eq!(bytes[..2], [9, 9]);
        assert_eq!(payload_of(compression, &bytes[2..]).unwrap(), [9; SMALL + 1]);
        assert_eq!(shrunk(&[9; SMALL + 2], 2, 0, (compression, LIMIT)), None);
    }
}

/// A bound that ordinary entries met would make misses of them.
#[test]
fn what_compresses_best_is_within_the_bound() {
    for &compression in ALL {
        for len in [SMALL + 1, FREE, FREE + 1, FREE + 200 * GROWTH, 20 * FREE] {
            let payload = vec![0; len];
            let stored = stored(&payload, compression).unwrap();
            assert!(longest(stored.len(), LIMIT) >= len && stored.len() < 100 + len / 200, "{len}");
            assert!(payload_of(compression, &stored).unwrap() == payload, "{compression:?}, {len}");
        }
    }
}

#[test]
fn a_length_that_cannot_be_is_not_believed() {
    for &compression in ALL {
        let sound = stored(&[7; 5_000], compression).unwrap();
        let claiming = |len: u64| [&len.to_le_bytes(), &sound[8..]].concat();
        assert_eq!(payload_of(compression, &claiming(5_000)).unwrap(), [7; 5_000]);
        // Were one of the last four believed, the process would end here.
        for len in [0, 1, 4_999, 5_001, 1 << 20, 1 << 40, 1 << 60, i64::MAX as u64, u64::MAX] {
            assert!(payload_of(compression, &claiming(len)).is_err(), "{compression:?}, {len}");
        }
        for len in 0..=LENGTHS {
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
    let bomb = claimed(payload.len(), &frame);
    assert!(payload_of(Compression::Zstd, &bomb).is_err());
}

/// Counts how often it is made, and takes no byte.
#[derive(Serialize)]
struct Counted;

static MADE: AtomicUsize = AtomicUsize::new(0);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MADE.fetch_add(1, Ordering::Relaxed);
        Option::<()>::deserialize(deserializer).map(|_| Counted)
    }
}

#[cfg(all(feature = "bincode", feature = "zstd"))]
#[test]
fn what_is_read_is_bounded_by_what_is_stored() {
    use crate::codec::Bincode;
    // 60,000 lists of a hundred; no claim by itself is beyond any bound.
    for (stored, len) in [(141, 1 << 20), (8 << 10, 8 << 20)] {
        let list = [&[100][..], &[0; 100]].concat();
        let mut payload = [&[251, 0x60, 0xea][..], &list.repeat(len / list.len())].concat();
        payload.resize(len, 0);
        let mut bytes = claimed(len, &::zstd::bulk::compress(&payload, 1).unwrap());
        bytes.resize(bytes.len().max(stored), 0);
        let entry = Payload::new(Compression::Zstd.id(), &bytes).unwrap();
        assert!(entry.decode(LIMIT, |payload, _| Ok(payload.len())).unwrap() == len, "within its bound");
        MADE.store(0, Ordering::Relaxed);
        assert!(entry.decode(LIMIT, Bincode::decode_stored::<Vec<Vec<Counted>>>).is_err());
        let made = MADE.load(Ordering::Relaxed);
        assert!(made <= 65_536 + 8 * bytes.len(), "{made} of {} bytes", bytes.len());
        // Stored as it is, it may have as many as its bytes say.
        let _ = Bincode::decode::<Vec<Vec<Counted>>>(&payload);
        assert!(MADE.load(Ordering::Relaxed) > 5 * made, "the budget is what stopped it");
    }
}

#[test]
fn what_is_over_a_function_s_limit_is_neither_written_nor_read() {
    for &compression in ALL {
        let payload = vec![7; 10_000];
        assert!(shrunk(&payload, 0, 0, (compression, 9_999)).is_none());
        let (id, sound) = shrunk(&payload, 0, 0, (compression, 10_000)).unwrap();
        let read = |limit| Payload::new(id, &sound).unwrap().decode(limit, |payload, _| Ok(payload.len()));
        assert_eq!(read(10_000).unwrap(), 10_000);
        assert!(read(9_999).is_err());
        // More than any function's: not even looked at.
        let claim = claimed(LIMIT + 1, &vec![0; LIMIT / GROWTH]);
        assert!(payload_of(compression, &claim).is_err());
    }
}

/// What compresses best is stored in more bytes, or as it is, and always read back.
fn nothing_is_written_for_nothing<C: Codec>() {
    fn holds<C: Codec, T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
        let plain = entry::<C, _>(value, None);
        for &compression in ALL {
            let bytes = entry::<C, _>(value, Some(compression));
            assert!(bytes.len() <= plain.len());
            assert!(read::<C, T>(&bytes) == *value, "{compression:?}, {}", bytes.len());
        }
    }
    #[derive(Clone, PartialEq, Serialize, Deserialize)]
    struct Row {
        a: Option<u8>,
        b: String,
    }
    #[derive(Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Point,
        Pair(u8, u8),
        One(u8),
        Named { a: u8 },
    }
    let shapes = [Shape::Point, Shape::Pair(0, 0), Shape::One(0), Shape::Named { a: 0 }];
    holds::<C, _>(&vec![0u8; 150_000]);
    holds::<C, _>(&vec![Vec::<u8>::new(); 80_000]);
    holds::<C, _>(&vec![vec![None::<u64>; 3]; 30_000]);
    holds::<C, _>(&vec![Row { a: None, b: String::new() }; 70_000]);
    holds::<C, _>(&vec![shapes; 20_000]);
    holds::<C, _>(&(0..70_000).map(|n| (n, String::new())).collect::<BTreeMap<u32, _>>());
    if C::SELF_DESCRIBING {
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Loose {
            Row { row: Row, shapes: [Shape; 4] },
            Text(String),
        }
        let row = Row { a: None, b: String::new() };
        let shapes = [Shape::Point, Shape::Pair(0, 0), Shape::One(0), Shape::Named { a: 0 }];
        holds::<C, _>(&vec![Loose::Row { row, shapes }; 8_000]);
    }
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
            let claiming = claimed(len as usize, &bytes);
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
        let read = Payload::new(number, &bytes).unwrap().decode(LIMIT, Bincode::decode_stored::<Vec<String>>);
        assert_eq!(read.unwrap(), value);
    }

    #[cfg(feature = "lz4")]
    #[test]
    fn lz4() {
        check(
            Compression::Lz4,
            1,
            "dd050000000000002c00000000000000fa01640e76616c7565206e756d62657220300f001a310f001a320f000f2d00ffffffffff8d606d6265722030",
        );
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn zstandard() {
        check(
            Compression::Zstd,
            2,
            "dd05000000000000500000000000000028b52ffd60dd0435020032070d0fd0670d508bee6d0ec058a24e1101026ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66d\
             dbb66dc53001718a62ce001c440863a411e0efbf01e0e70b806e48aa02",
        );
    }
}
