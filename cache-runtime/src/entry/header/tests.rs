#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, time::Duration};

use super::{KeyState, MOST_TAGS, Meta, Rejected, SizeHint, Value, decode, encode, set_tags};
use crate::codec::Codec;
use crate::codec::compress::{Payload, UNCOMPRESSED};
use crate::entry::fingerprint;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::{lease, tombstone};

const KEY: &str = "user:300";
const NONCE: Nonce = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const META: Meta = Meta {
    codec: 2,
    fingerprint: 0x0123_4567_89ab_cdef,
    fresh_ttl: Some(Duration::from_millis(1_500)),
    stale_window: Duration::from_millis(750),
    compute_time: Duration::from_micros(250),
};

fn entry(meta: &Meta, payload: &[u8]) -> Vec<u8> {
    let Ok(bytes) = encode(KEY, &NONCE, meta, &[], &SizeHint::default(), None, |out| {
        out.extend_from_slice(payload);
        Ok::<_, Infallible>(0)
    });
    bytes
}

fn read(bytes: &[u8]) -> Result<KeyState<'_>, Rejected> {
    decode(KEY, bytes, META.codec, META.fingerprint)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_value_comes_back() {
    for payload in [&b""[..], b"x", &[7; 1_000]] {
        let bytes = entry(&META, payload);
        let payload = Payload::new(UNCOMPRESSED, payload).unwrap();
        let value = Value { nonce: NONCE, meta: META, tags: &[], payload };
        assert_eq!(read(&bytes), Ok(KeyState::Value(value)));
    }
}

#[test]
fn an_entry_at_another_key_is_rejected() {
    let bytes = entry(&META, b"the payload");
    for other in ["", "user:301", "user:30", "user:3000", "shop:user:300"] {
        let read = decode(other, &bytes, META.codec, META.fingerprint);
        assert_eq!(read, Err(Rejected::Checksum), "{other}");
    }
    // Nobody's value is in them.
    assert!(
        decode("other", &lease(&NONCE), 1, 2).is_ok() && decode("other", &tombstone(&NONCE), 1, 2).is_ok()
    );
}

#[test]
fn leases_and_tombstones_come_back() {
    let (lease, tombstone) = (lease(&NONCE), tombstone(&NONCE));
    assert!(matches!(read(&lease), Ok(KeyState::Lease(nonce)) if nonce[..] == lease[1..]));
    assert!(matches!(read(&tombstone), Ok(KeyState::Tombstone(nonce)) if nonce[..] == tombstone[1..]));
    assert_eq!((lease[0], tombstone[0]), (b'L', b'T'));
    assert_eq!((&lease[1..13], &tombstone[1..13]), (&NONCE[..12], &NONCE[..12]));
    assert_ne!(lease[13..], tombstone[13..]);
}

/// Any of their bytes changed, and any text that begins like them, is nobody's lease.
#[test]
fn what_looks_like_a_lease_is_none() {
    for slot in [lease(&NONCE), tombstone(&NONCE)] {
        for at in 0..slot.len() {
            let mut other = slot;
            other[at] ^= 1;
            assert!(read(&other).is_err(), "byte {at}");
        }
    }
    for text in ["Lorem ipsum dolor", "Tempora mutantur!", "LLLLLLLLLLLLLLLLL", "Lorem ipsum dolor sit amet"]
    {
        assert_eq!(read(text.as_bytes()), Err(Rejected::Foreign), "{text}");
    }
}

#[test]
fn an_error_of_the_payload_is_the_result() {
    assert_eq!(encode(KEY, &NONCE, &META, &[], &SizeHint::default(), None, |_| Err("no")), Err("no"));
}

#[test]
fn there_is_room_for_as_much_as_the_last_entry_took() {
    let room = SizeHint::default();
    let entry = |len: usize| {
        let mut found = 0;
        let Ok(bytes) = encode(KEY, &NONCE, &META, &[], &room, None, |out| {
            found = out.capacity();
            out.resize(out.len() + len, 1);
            Ok::<_, Infallible>(0)
        });
        assert!(read(&bytes).is_ok());
        (bytes, found)
    };
    assert!(entry(1_000_000).1 < 1_000);
    assert!(entry(1_100_000).1 > 1_100_000, "a little more than last time");
    // A small one does not keep it, nor does it leave it to the next.
    let (small, found) = entry(10);
    assert!(found > 1_000_000 && small.capacity() < 1_000);
    assert!(entry(10).1 < 1_000);
}

#[test]
fn times_are_kept_within_their_range() {
    let ttl = |ttl| {
        let bytes = entry(&Meta { fresh_ttl: ttl, ..META }, b"");
        let Ok(KeyState::Value(value)) = read(&bytes) else {
            panic!("rejected");
        };
        value.meta.fresh_ttl
    };
    assert_eq!(ttl(None), None);
    assert_eq!(ttl(Some(Duration::ZERO)), Some(Duration::ZERO));
    assert_eq!(ttl(Some(Duration::from_nanos(1))), Some(Duration::from_millis(1)));
    assert_eq!(ttl(Some(Duration::from_micros(1_999))), Some(Duration::from_millis(1)));
    // Longer than there are numbers for, and still not for ever.
    assert_eq!(ttl(Some(Duration::MAX)), Some(Duration::from_millis(u64::MAX - 1)));

    let long = Meta { compute_time: Duration::MAX, ..META };
    let bytes = entry(&long, b"");
    let Ok(KeyState::Value(value)) = read(&bytes) else {
        panic!("rejected");
    };
    assert_eq!(value.meta.compute_time, Duration::from_micros(u64::MAX));
}

#[test]
fn every_flipped_bit_is_rejected() {
    let sound = entry(&META, b"the payload");
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&bytes).is_err(), "bit {bit}");
        // Also where the reader expects what the flipped bit says.
        let fingerprint = u64::from_le_bytes(bytes[30..38].try_into().unwrap());
        assert!(decode(KEY, &bytes, bytes[18], fingerprint).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_is_rejected() {
    let sound = entry(&META, b"the payload");
    for len in 0..sound.len() {
        assert!(read(&sound[..len]).is_err(), "{len}");
    }
    for slot in [lease(&NONCE), tombstone(&NONCE)] {
        for len in 0..slot.len() {
            assert_eq!(read(&slot[..len]), Err(Rejected::Foreign));
        }
    }
}

#[test]
fn whatever_is_appended_is_rejected() {
    let sound = entry(&META, b"the payload");
    for byte in 0..=255 {
        let longer = [&sound[..], &[byte]].concat();
        assert_eq!(read(&longer), Err(Rejected::Length));
        let longer = [&lease(&NONCE)[..], &[byte]].concat();
        assert_eq!(read(&longer), Err(Rejected::Foreign));
    }
    assert_eq!(read(&sound.repeat(2)), Err(Rejected::Length));
}

#[test]
fn rejections_say_what_is_wrong() {
    let sound = entry(&META, b"{}");
    assert_eq!(read(b""), Err(Rejected::Foreign));
    assert_eq!(read(b"hello, this was somebody else's"), Err(Rejected::Foreign));
    assert_eq!(read(b"V"), Err(Rejected::Foreign));
    assert_eq!(read(&sound[..40]), Err(Rejected::Length));
    assert_eq!(read(&sound[..72]), Err(Rejected::Length));
    assert_eq!(decode(KEY, &sound, 1, META.fingerprint), Err(Rejected::Codec));
    assert_eq!(decode(KEY, &sound, 2, 1), Err(Rejected::Fingerprint));

    let change = |at: usize, byte: u8| {
        let mut bytes = sound.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(read(&change(17, 1)), Err(Rejected::Version));
    assert_eq!(read(&change(72, b'[')), Err(Rejected::Checksum));
    // Sound in itself, from a build that compresses in another way.
    let resign = |mut bytes: Vec<u8>| {
        let checksum = super::checksum(KEY, &bytes);
        bytes[22..30].copy_from_slice(&checksum.to_le_bytes());
        bytes
    };
    assert_eq!(read(&resign(change(19, 3))), Err(Rejected::Unsupported));
    let is_read = |compression| read(&resign(change(19, compression))) != Err(Rejected::Unsupported);
    assert_eq!((is_read(1), is_read(2)), (cfg!(feature = "lz4"), cfg!(feature = "zstd")));
    assert_eq!(read(&resign(change(20, 71))), Err(Rejected::Length));
    // A tag that is counted and not there.
    assert_eq!(read(&resign(change(62, 1))), Err(Rejected::Length));
}

#[test]
fn the_nonces_of_tags_come_back() {
    let tagged = |tags: &[Nonce]| {
        let Ok(bytes) = encode(KEY, &NONCE, &META, tags, &SizeHint::default(), None, |out| {
            out.extend_from_slice(b"payload");
            Ok::<_, Infallible>(0)
        });
        bytes
    };
    let tags = [[1; 16], [2; 16], [1; 16]];
    let mut bytes = tagged(&tags);
    let value = |bytes: &[u8]| match read(bytes) {
        Ok(KeyState::Value(value)) => {
            (value.tags.to_vec(), value.payload.decode(0, |payload, _| Ok(payload.to_vec())).ok())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(value(&bytes), (tags.to_vec(), Some(b"payload".to_vec())));
    // They can be put in later, and nothing but them changes.
    set_tags(KEY, &mut bytes, &[[7; 16], [8; 16], [9; 16]]);
    assert_eq!(bytes, tagged(&[[7; 16], [8; 16], [9; 16]]));
    assert_eq!(value(&tagged(&vec![[3; 16]; MOST_TAGS + 1])).0.len(), MOST_TAGS);
}

#[test]
fn equal_parts_do_not_cancel_out() {
    let mut bytes = vec![0; 60];
    let zeros = super::checksum(KEY, &bytes);
    bytes.fill(1);
    assert_ne!(super::checksum(KEY, &bytes), zeros);
    assert_ne!(zeros, 0);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_rejected(bytes: Vec<u8>, codec: u8, fingerprint: u64) {
        if let Ok(slot) = decode(KEY, &bytes, codec, fingerprint) {
            prop_assert!(matches!(slot, KeyState::Lease(_) | KeyState::Tombstone(_)) && bytes.len() == 17);
        }
    }

    #[test]
    fn changed_entries_are_rejected(payload: Vec<u8>, at: prop::sample::Index, bytes: Vec<u8>) {
        let sound = entry(&META, &payload);
        let mut changed = sound.clone();
        let at = at.index(sound.len());
        let end = (at + bytes.len()).min(sound.len());
        changed.splice(at..end, bytes);
        if changed != sound {
            prop_assert!(read(&changed).is_err());
        }
    }
}

/// Frozen: a change of any of these bytes is another format version. One line each: state and nonce; version, codec,
/// compression and header length; checksum; fingerprint; fresh TTL and compute time; payload length, tags and
/// stale window; payload.
#[derive(Serialize, Deserialize)]
struct Golden {
    id: u64,
    name: String,
    tags: Vec<Option<bool>>,
    kind: Kind,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[allow(dead_code)]
    Guest,
    Member {
        level: i16,
    },
}

fn golden<C: Codec>() -> String {
    let value =
        Golden {
            id: 300, name: "né".into(), tags: vec![None, Some(true)], kind: Kind::Member { level: -2 }
        };
    let meta = Meta { codec: C::ID, fingerprint: fingerprint::of::<Golden>(C::HUMAN_READABLE), ..META };
    let bytes =
        encode(KEY, &NONCE, &meta, &[], &SizeHint::default(), None, |out| C::encode_counted(&value, out))
            .unwrap();
    hex(&bytes)
}

macro_rules! golden {
    ($($feature:literal $test:ident $codec:ident: $($part:literal)*;)*) => {
        $(
            #[cfg(feature = $feature)]
            #[test]
            fn $test() {
                assert_eq!(golden::<crate::codec::$codec>(), concat!($($part),*));
            }
        )*
    };
}

golden! {
    "bincode" golden_bincode Bincode:
        "56" "000102030405060708090a0b0c0d0e0f"
        "02" "01" "00" "4800"
        "ee1bed1dcc5afa0a"
        "be54bfbee470dacd"
        "dc05000000000000" "fa00000000000000"
        "0d00000000000000" "0000" "ee02000000000000"
        "fb2c01036ec3a9020001010103";
    "json" golden_json Json:
        "56" "000102030405060708090a0b0c0d0e0f"
        "02" "02" "00" "4800"
        "09b545973f4cc62d"
        "be54bfbee470dacd"
        "dc05000000000000" "fa00000000000000"
        "4900000000000000" "0000" "ee02000000000000"
        "7b226964223a3330302c226e616d65223a226ec3a9222c2274616773223a5b6e"
        "756c6c2c747275655d2c226b696e64223a7b224d656d626572223a7b226c6576"
        "656c223a2d327d7d7d";
    "messagepack" golden_message_pack MessagePack:
        "56" "000102030405060708090a0b0c0d0e0f"
        "02" "03" "00" "4800"
        "4e29614c3c366fae"
        "be54bfbee470dacd"
        "dc05000000000000" "fa00000000000000"
        "2d00000000000000" "0000" "ee02000000000000"
        "84a26964cd012ca46e616d65a36ec3a9a47461677392c0c3a46b696e6481a64d"
        "656d62657281a56c6576656cfe";
    "postcard" golden_postcard Postcard:
        "56" "000102030405060708090a0b0c0d0e0f"
        "02" "04" "00" "4800"
        "70b3e068020de228"
        "be54bfbee470dacd"
        "dc05000000000000" "fa00000000000000"
        "0c00000000000000" "0000" "ee02000000000000"
        "ac02036ec3a9020001010103";
}

#[test]
fn golden_slots() {
    assert_eq!(hex(&lease(&NONCE)), "4c000102030405060708090a0b8d7f9867");
    assert_eq!(hex(&tombstone(&NONCE)), "54000102030405060708090a0b5535c328");
}
