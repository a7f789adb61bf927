use proptest::{
    collection::{btree_map, hash_map, vec},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::Duration,
};

use super::{Codec, encode, round_trip};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    small: (u8, i8, u16, i16),
    large: (u64, i64, u128, i128),
    float: (f32, f64),
    text: String,
    letter: char,
    yes: bool,
    nothing: (),
    maybe: Option<Vec<Option<u32>>>,
    pairs: BTreeMap<String, Vec<u8>>,
    numbered: HashMap<u16, String>,
    choice: Vec<Choice>,
    result: Result<u8, String>,
    address: IpAddr,
    time: Duration,
    array: [u16; 3],
    wrapped: Wrapped,
    marker: Marker,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    Newtype(Box<Choice>),
    Tuple(u8, Option<String>),
    Struct { a: Option<u8>, b: f64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Marker;

fn choices() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Unit),
        (any::<u8>(), any::<Option<String>>()).prop_map(|(a, b)| Choice::Tuple(a, b)),
        (any::<Option<u8>>(), finite()).prop_map(|(a, b)| Choice::Struct { a, b }),
    ];
    leaf.prop_recursive(8, 16, 1, |inner| inner.prop_map(|inner| Choice::Newtype(Box::new(inner))))
}

/// All that every codec can hold: JSON has no NaN.
fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |float| float.is_finite())
}

prop_compose! {
    fn everything()(
        small: (u8, i8, u16, i16),
        large: (u64, i64, u128, i128),
        single in any::<f32>().prop_filter("finite", |float| float.is_finite()),
        double in finite(),
        (text, letter, yes) in any::<(String, char, bool)>(),
        maybe in prop::option::of(vec(any::<Option<u32>>(), 0..4)),
        pairs in btree_map(any::<String>(), vec(any::<u8>(), 0..8), 0..4),
        numbered in hash_map(any::<u16>(), any::<String>(), 0..4),
        choice in vec(choices(), 0..4),
        (result, address) in any::<(Result<u8, String>, IpAddr)>(),
        time in any::<(u32, u32)>(),
        array: [u16; 3],
    ) -> Everything {
        Everything {
            small,
            large,
            float: (single, double),
            wrapped: Wrapped(text.clone()),
            text,
            letter,
            yes,
            nothing: (),
            maybe,
            pairs,
            numbered,
            choice,
            result,
            address,
            time: Duration::new(time.0.into(), time.1 % 1_000_000_000),
            array,
            marker: Marker,
        }
    }
}

fn holds_everything<C: Codec>() {
    proptest!(|(value in everything())| {
        prop_assert_eq!(round_trip::<C, _>(&value), value);
    });
}

/// A float that comes back one unit in the last place off is a wrong value.
fn keeps_floats_exactly<C: Codec>() {
    proptest!(|(double in finite(), single in any::<f32>())| {
        prop_assert_eq!(round_trip::<C, f64>(&double).to_bits(), double.to_bits());
        if single.is_finite() {
            prop_assert_eq!(round_trip::<C, f32>(&single).to_bits(), single.to_bits());
        }
    });
}

fn appends_to_what_is_there<C: Codec>() {
    let mut out = b"header".to_vec();
    C::encode(&(1u8, "two"), &mut out).unwrap();
    assert_eq!(out[..6], *b"header");
    assert_eq!(out[6..], encode::<C, _>(&(1u8, "two")).unwrap());
}

fn encodes_what_has_no_size<C: Codec>() {
    assert_eq!(encode::<C, str>("text").unwrap(), encode::<C, _>(&"text".to_owned()).unwrap());
    assert_eq!(encode::<C, [u8]>(&[1, 2]).unwrap(), encode::<C, _>(&vec![1u8, 2]).unwrap());
}

fn keeps_large_values<C: Codec>() {
    let value: Vec<(u32, String)> = (0..20_000).map(|n| (n, n.to_string())).collect();
    assert_eq!(round_trip::<C, _>(&value), value);
    let units = vec![(); 65_000];
    assert_eq!(round_trip::<C, _>(&units), units);
}

for_each_codec! {
    holds_everything;
    keeps_floats_exactly;
    appends_to_what_is_there;
    encodes_what_has_no_size;
    keeps_large_values;
}

/// What needs a self-describing codec.
#[cfg(any(feature = "json", feature = "messagepack"))]
mod self_describing {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u64),
        Text(String),
        Both { number: u64, text: Option<String> },
        List(Vec<Untagged>),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type")]
    enum Internal {
        Empty,
        Full { a: u8, b: Untagged },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Empty,
        One(u8),
        Two(u8, u8),
        Named { a: u8 },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        rest: BTreeMap<String, Untagged>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Inner {
        x: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        y: Option<u8>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        z: Vec<u8>,
    }

    fn holds<C: Codec, T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
        assert_eq!(round_trip::<C, T>(value), *value);
    }

    fn holds_loose_types<C: Codec>() {
        let both = Untagged::Both { number: 1, text: Some("a".into()) };
        let list = Untagged::List(vec![Untagged::Number(7), Untagged::Text("x".into()), both.clone()]);
        holds::<C, _>(&list);
        holds::<C, _>(&vec![Internal::Empty, Internal::Full { a: 1, b: list.clone() }]);
        holds::<C, _>(&[Adjacent::Empty, Adjacent::One(1), Adjacent::Two(1, 2), Adjacent::Named { a: 3 }]);
        for y in [None, Some(5)] {
            let inner = Inner { x: "x".into(), y, z: y.into_iter().collect() };
            holds::<C, _>(&inner);
            let rest =
                BTreeMap::from([("more".to_owned(), both.clone()), ("other".to_owned(), list.clone())]);
            holds::<C, _>(&Flat { id: 9, inner, rest });
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_holds_loose_types() {
        holds_loose_types::<crate::codec::Json>();
        let value = serde_json::json!({ "a": [1, 2.5, null, { "b": "c" }], "d": -1 });
        holds::<crate::codec::Json, _>(&value);
    }

    #[cfg(feature = "messagepack")]
    #[test]
    fn message_pack_holds_loose_types() {
        holds_loose_types::<crate::codec::MessagePack>();
    }
}

/// Positional codecs cannot; what matters is that they say so and return no wrong value.
#[cfg(any(feature = "bincode", feature = "postcard"))]
mod positional {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        One(u8),
        Two(u16),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }

    fn refuses_loose_types<C: Codec>() {
        let payload = encode::<C, _>(&Untagged::Number(1)).unwrap();
        C::decode::<Untagged>(&payload).unwrap_err();
        let payload = encode::<C, _>(&Adjacent::Two(1)).unwrap();
        C::decode::<Adjacent>(&payload).unwrap_err();
        encode::<C, _>(&Flat { rest: BTreeMap::new() }).unwrap_err();
    }

    #[cfg(feature = "bincode")]
    #[test]
    fn bincode_refuses_loose_types() {
        refuses_loose_types::<crate::codec::Bincode>();
    }

    #[cfg(feature = "postcard")]
    #[test]
    fn postcard_refuses_loose_types() {
        refuses_loose_types::<crate::codec::Postcard>();
    }
}
