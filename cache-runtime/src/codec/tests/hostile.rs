//! Bytes that no encoder of ours wrote.

use proptest::prelude::*;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    marker::PhantomData,
    time::{Duration, Instant},
};

use super::{Codec, encode};

#[derive(Debug, Serialize, Deserialize)]
enum Chain {
    Next(Box<Chain>),
    End,
}

#[derive(Debug, Serialize, Deserialize)]
struct Options(Option<Box<Options>>);

#[derive(Debug, Serialize, Deserialize)]
struct Nest(Vec<Nest>);

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    tags: Vec<String>,
    more: Option<Box<Record>>,
    map: BTreeMap<String, (char, f64)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    A { x: u8, y: Vec<Loose> },
    B(HashMap<String, Loose>),
    C(String),
    D(Option<u64>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Bytes(#[serde(deserialize_with = "byte_buf", serialize_with = "as_bytes")] Vec<u8>);

fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn byte_buf<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Buffer;
    impl Visitor<'_> for Buffer {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
        fn visit_byte_buf<E>(self, _: Vec<u8>) -> Result<Vec<u8>, E> {
            panic!("a codec has allocated by itself");
        }
    }
    deserializer.deserialize_byte_buf(Buffer)
}

/// What each codec writes for one level of nesting and for a huge length, again and again.
fn towers() -> Vec<Vec<u8>> {
    let units: [&[u8]; 16] = [
        &[0],
        &[1],
        &[2],
        &[5],
        &[0x80],
        &[0x81],
        &[0x91],
        &[0xc0],
        &[0xff],
        b"\x81\xa4Next",
        b"[",
        b"{\"Next\":",
        b"{\"\":",
        &[253, 255, 255, 255, 255, 255, 255, 255, 127],
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0x7f, 0xff, 0xff, 0xff, 0xc0],
    ];
    let tower = |unit: &&[u8]| unit.repeat(30_000 / unit.len());
    let short = |unit: &&[u8]| unit.to_vec();
    units.iter().map(tower).chain(units.iter().map(short)).collect()
}

fn survives_towers<C: Codec>() {
    // Where the stack is no larger than that of a runtime's worker.
    let decode = || {
        for tower in towers() {
            let _ = C::decode::<Chain>(&tower);
            let _ = C::decode::<Options>(&tower);
            let _ = C::decode::<Nest>(&tower);
            let _ = C::decode::<Record>(&tower);
            let _ = C::decode::<Loose>(&tower);
            let _ = C::decode::<Bytes>(&tower);
            let _ = C::decode::<Vec<()>>(&tower);
            let _ = C::decode::<HashMap<(), ()>>(&tower);
            let _ = C::decode::<Vec<String>>(&tower);
            let _ = C::decode::<Vec<[u64; 32]>>(&tower);
            let _ = C::decode::<serde::de::IgnoredAny>(&tower);
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(decode).unwrap().join().unwrap();
}

fn never_panics<C: Codec>() {
    fn all<C: Codec>(payload: &[u8]) {
        let _ = C::decode::<Record>(payload);
        let _ = C::decode::<Loose>(payload);
        let _ = C::decode::<Chain>(payload);
        let _ = C::decode::<Nest>(payload);
        let _ = C::decode::<Bytes>(payload);
        let _ = C::decode::<Vec<Option<(i128, char, bool)>>>(payload);
        let _ = C::decode::<HashMap<String, Result<f32, std::net::IpAddr>>>(payload);
        let _ = C::decode::<Vec<()>>(payload);
        let _ = C::decode::<(String, Duration, std::path::PathBuf)>(payload);
    }
    let record = Record {
        id: 300,
        name: "name".into(),
        tags: vec!["a".into(), "b".into()],
        more: Some(Box::new(Record {
            id: 1,
            name: String::new(),
            tags: Vec::new(),
            more: None,
            map: BTreeMap::new(),
        })),
        map: BTreeMap::from([("k".into(), ('é', 0.5))]),
    };
    let sound = encode::<C, _>(&record).unwrap();
    proptest!(|(payload: Vec<u8>, at in 0..sound.len(), byte: u8, cut in 0..sound.len())| {
        all::<C>(&payload);
        let mut changed = sound.clone();
        changed[at] = byte;
        all::<C>(&changed);
        changed.truncate(cut);
        all::<C>(&changed);
    });
}

fn bytes_left_over_are_an_error<C: Codec>() {
    fn check<C: Codec, T: Serialize + DeserializeOwned>(value: &T) {
        let sound = encode::<C, T>(value).unwrap();
        for byte in 0..=255 {
            let mut longer = sound.clone();
            longer.push(byte);
            // One more digit makes another JSON number of the whole.
            let grows = byte.is_ascii_digit() && sound.last().is_some_and(u8::is_ascii_digit);
            assert!(grows || C::decode::<T>(&longer).is_err(), "{sound:?} and {byte}");
        }
        let twice = sound.repeat(2);
        assert!(sound.is_empty() || sound[0].is_ascii_digit() || C::decode::<T>(&twice).is_err());
    }
    check::<C, _>(&7u8);
    check::<C, _>(&"text".to_owned());
    check::<C, _>(&());
    check::<C, _>(&Some(1u8));
    check::<C, _>(&None::<u8>);
    check::<C, _>(&vec![1u8, 2]);
    check::<C, _>(&Chain::Next(Box::new(Chain::End)));
    check::<C, _>(&BTreeMap::from([(1u8, 2u8)]));
}

fn truncated_bytes_are_an_error<C: Codec>() {
    let sound = encode::<C, _>(&("text", vec![1u8, 2], Some(3u8), Chain::End)).unwrap();
    for cut in 0..sound.len() {
        C::decode::<(String, Vec<u8>, Option<u8>, Chain)>(&sound[..cut]).unwrap_err();
    }
}

/// A collection of nothing, which reserves whatever it is told that there will be.
struct Trusting<T>(usize, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Trusting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = Trusting<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Trusting<T>, A::Error> {
                let hint = seq.size_hint().unwrap_or(0);
                assert!(hint <= 1_000, "the payload has no room for {hint}");
                while seq.next_element::<T>()?.is_some() {}
                Ok(Trusting(hint, PhantomData))
            }
        }
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}

fn no_length_is_believed<C: Codec>() {
    for tower in towers() {
        let start = &tower[..tower.len().min(1_000)];
        let _ = C::decode::<Trusting<u8>>(start);
        let _ = C::decode::<Trusting<()>>(start);
        let _ = C::decode::<Trusting<Trusting<Trusting<u64>>>>(start);
        let _ = C::decode::<Option<Trusting<u8>>>(start);
    }
    // An honest one is.
    let payload = encode::<C, _>(&vec![1u8; 100]).unwrap();
    let hint = C::decode::<Trusting<u8>>(&payload).unwrap().0;
    assert!(hint == 100 || C::ID == 2, "JSON has no lengths");
}

fn elements_without_bytes_are_counted<C: Codec>() {
    // A length of 2,000,000,000 in bincode, postcard and MessagePack.
    let claims: [&[u8]; 3] =
        [&[252, 0x00, 0x94, 0x35, 0x77], &[0x80, 0xa8, 0xd6, 0xb9, 0x07], &[0xdd, 0x77, 0x35, 0x94, 0x00]];
    let start = Instant::now();
    for claim in claims {
        assert!(C::decode::<Vec<()>>(claim).is_err());
        assert!(C::decode::<HashMap<(), ()>>(claim).is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

fn text_is_text<C: Codec>() {
    for text in ["a\u{e4}", &"\u{e4}".repeat(100)] {
        let mut payload = encode::<C, String>(&text.to_owned()).unwrap();
        assert_eq!(C::decode::<String>(&payload).unwrap(), text);
        let at = payload.iter().rposition(|byte| *byte == 0xc3).unwrap();
        payload[at] = 0xff;
        assert!(C::decode::<String>(&payload).is_err(), "{payload:?}");
        assert!(C::decode::<Box<str>>(&payload).is_err(), "{payload:?}");
    }
}

for_each_codec! {
    text_is_text;
    survives_towers;
    never_panics;
    bytes_left_over_are_an_error;
    truncated_bytes_are_an_error;
    no_length_is_believed;
    elements_without_bytes_are_counted;
}
