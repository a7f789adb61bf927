#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::convert::Infallible;
use std::time::Duration;

use super::super::header::{
    CHECKSUM_AT, FINGERPRINT_AT, HEADER_LEN, Meta, Rejected, SizeHint, UNSEALED_VERSION, VERSION, VERSION_AT,
};
use super::super::header::{decode, decode_any, encode, put, seal as put_checksum};
use super::sealing::{NotSealed, open, sealed, sealed_with};
use super::{KEY_ID_LEN, OVERHEAD, sealed_entry};
use crate::seal::{Keyring, Seals};
use crate::store::vocabulary::{Nonce, lease};

const KEY: &str = "user:300";
const META: Meta = Meta {
    codec: 2,
    fingerprint: 0x0123_4567_89ab_cdef,
    fresh_ttl: Some(Duration::from_millis(1_500)),
    stale_window: Duration::from_millis(750),
    compute_time: Duration::from_micros(250),
};

fn plain(key: &str, tags: &[Nonce], payload: &[u8]) -> Vec<u8> {
    let Ok(bytes) = encode(key, &[9; 16], &META, tags, &SizeHint::default(), None, |out| {
        out.extend_from_slice(payload);
        Ok::<_, Infallible>(0)
    });
    bytes
}

fn seals() -> Seals {
    Keyring::new().key("new", [1; 32]).and("old", [2; 32]).build().unwrap()
}

/// Whether a reader gets a value of it, and that value's payload.
fn read(key: &str, bytes: &[u8]) -> Result<Vec<u8>, Rejected> {
    let mut bytes = bytes.to_vec();
    let is_unsealed = open(key, &mut bytes, &seals());
    let read = decode(key, &bytes, META.codec, META.fingerprint).map(|_| ());
    assert_eq!(is_unsealed, read == Err(Rejected::Unsealed));
    read.map(|()| bytes)
}

#[test]
fn a_sealed_entry_comes_back_as_it_was() {
    for payload in [&b""[..], b"x", &[7; 1_000]] {
        for tags in [&[][..], &[[3; 16], [4; 16]]] {
            let plain = plain(KEY, tags, payload);
            let sealed = sealed(KEY, &plain, &seals()).unwrap();
            assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            assert_eq!(sealed[..VERSION_AT], plain[..VERSION_AT], "the mark is what stores compare");
            let seen = sealed_entry(KEY, &sealed).unwrap();
            assert_eq!((seen.key_id, seen.meta, seen.tags), (seals().id(), META, tags));
            assert_eq!(seen.payload_len, payload.len());
            assert!(payload.len() < 4 || !sealed.windows(4).any(|part| part == &payload[..4]));
            assert_eq!(read(KEY, &sealed), Ok(plain));
        }
    }
}

#[test]
fn equal_values_are_sealed_to_different_bytes() {
    let plain = plain(KEY, &[], b"equal");
    let [one, two] = [(); 2].map(|()| sealed(KEY, &plain, &seals()).unwrap());
    assert_ne!(one[HEADER_LEN + KEY_ID_LEN..], two[HEADER_LEN + KEY_ID_LEN..]);
    assert_ne!(one[CHECKSUM_AT..FINGERPRINT_AT], two[CHECKSUM_AT..FINGERPRINT_AT]);
}

/// With the checksum made anew, as whoever changes it would.
#[test]
fn no_bit_of_an_entry_can_be_changed() {
    let whole = sealed(KEY, &plain(KEY, &[[3; 16]], b"the payload"), &seals()).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(KEY, &changed).is_err(), "bit {bit}");
        put_checksum(KEY, &mut changed);
        let is_checksum = (CHECKSUM_AT..FINGERPRINT_AT).contains(&(bit / 8));
        assert_eq!(read(KEY, &changed).is_ok(), is_checksum, "bit {bit}, with a checksum");
    }
    for len in 0..whole.len() {
        let mut short = whole[..len].to_vec();
        if len >= FINGERPRINT_AT {
            put_checksum(KEY, &mut short);
        }
        assert!(read(KEY, &short).is_err(), "{len} bytes");
    }
}

#[test]
fn an_entry_cannot_be_moved_nor_given_to_another_key_of_the_ring() {
    let mut moved = sealed(KEY, &plain(KEY, &[], b"the payload"), &seals()).unwrap();
    for other in ["user:301", "user:30", "user:3000", "shop:user:300"] {
        let mut moved = moved.clone();
        put_checksum(other, &mut moved);
        assert_eq!(read(other, &moved), Err(Rejected::Unsealed), "{other}");
    }
    let old = Keyring::new().key("old", [2; 32]).build().unwrap();
    for id in [old.id(), *b"none"] {
        put(&mut moved, HEADER_LEN, id);
        put_checksum(KEY, &mut moved);
        assert_eq!(read(KEY, &moved), Err(Rejected::Unsealed));
    }
}

#[test]
fn a_value_that_is_not_sealed_is_no_value_where_a_keyring_is_set() {
    let plain = plain(KEY, &[], b"planted");
    assert_eq!(read(KEY, &plain), Err(Rejected::Unsealed));

    let mut downgraded = sealed(KEY, &plain, &seals()).unwrap();
    downgraded[VERSION_AT] = VERSION;
    put_checksum(KEY, &mut downgraded);
    assert!(decode_any(KEY, &downgraded).is_ok(), "it is a sound entry of version 2");
    assert_eq!(read(KEY, &downgraded), Err(Rejected::Unsealed));
}

#[test]
fn a_sealed_value_is_no_value_where_none_is_set() {
    let sealed = sealed(KEY, &plain(KEY, &[], b"sealed"), &seals()).unwrap();
    assert_eq!(decode(KEY, &sealed, META.codec, META.fingerprint), Err(Rejected::Unsealed));
}

#[test]
fn what_is_rejected_keeps_its_mark_and_nothing_else() {
    let mut bytes = plain(KEY, &[], b"planted");
    let mark = bytes[..VERSION_AT].to_vec();
    assert!(open(KEY, &mut bytes, &seals()));
    assert_eq!(bytes, [&mark[..], &[UNSEALED_VERSION]].concat());
}

#[test]
fn leases_and_nonces_of_tags_stay_as_they_are() {
    for bytes in [&lease(&[5; 16])[..], &[b'V'; 16], b"", b"V", b"somebody else's text"] {
        let mut opened = bytes.to_vec();
        assert!(!open(KEY, &mut opened, &seals()));
        assert_eq!(opened, bytes);
    }
}

#[test]
fn what_is_no_entry_is_not_sealed() {
    for bytes in [&b"V"[..], &lease(&[5; 16]), &[b'V'; 200]] {
        assert_eq!(sealed(KEY, bytes, &seals()), Err(NotSealed));
    }
}

/// Other languages read these bytes, and later versions do.
#[test]
fn the_layout_is_as_documented() {
    let seals = Keyring::new().key("2026-11", [1; 32]).build().unwrap();
    let sealed = sealed_with(b"ABCDEFGHIJKLMNOPQRSTUVWX", KEY, &plain(KEY, &[], b"{}"), &seals).unwrap();
    let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        concat!(
            "560909090909090909090909090909090903020048000d0a9c401944c715efcdab8967452301dc05000000000000fa000000000000002e000000000000000000ee02000000000000",
            "05e01bd6",
            "4142434445464748494a4b4c4d4e4f505152535455565758",
            "ed6863c18ec49c1799c3b175a2a6bd6bee09"
        )
    );
}
