//! What would not come back as it was is an error on the way in.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt::Debug};

use super::{Codec, encode, round_trip};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype<T>(T);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Skipping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    b: u64,
    c: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum SkippingVariant {
    V {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
        b: u64,
    },
}

/// Either it is an error, or it comes back.
fn faithful<C: Codec, T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> bool {
    let Ok(payload) = encode::<C, T>(value) else {
        return false;
    };
    assert_eq!(C::decode::<T>(&payload).unwrap(), *value);
    true
}

fn options_in_options_are_kept_or_refused<C: Codec>() {
    assert!(faithful::<C, Option<Option<u8>>>(&Some(Some(1))));
    assert!(faithful::<C, Option<Option<u8>>>(&None));
    let tagged = faithful::<C, Option<Option<u8>>>(&Some(None));
    assert_eq!(faithful::<C, Option<()>>(&Some(())), tagged);
    assert_eq!(faithful::<C, Vec<Option<Newtype<Option<u8>>>>>(&vec![Some(Newtype(None))]), tagged);
    assert_eq!(faithful::<C, Option<Option<Option<u8>>>>(&Some(Some(None))), tagged);
    assert_eq!(tagged, matches!(C::ID, 1 | 4));
}

fn skipped_fields_are_kept_or_refused<C: Codec>() {
    // By position this reads as `a: Some(251), b: 44, c: 1`, to the last byte.
    let value = Skipping { a: None, b: 1, c: 300 };
    let named = faithful::<C, _>(&value);
    assert_eq!(named, matches!(C::ID, 2 | 3));
    assert_eq!(faithful::<C, _>(&vec![SkippingVariant::V { a: None, b: 1 }]), named);
    assert!(faithful::<C, _>(&Skipping { a: Some(7), b: 1, c: 300 }));
}

fn floats_that_are_not_finite_are_kept_or_refused<C: Codec>() {
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        match encode::<C, _>(&Some(float)) {
            Ok(payload) => {
                let back: Option<f64> = C::decode(&payload).unwrap();
                assert_eq!(back.map(f64::to_bits), Some(float.to_bits()));
            }
            Err(_) => assert_eq!(C::ID, 2),
        }
        assert_eq!(encode::<C, _>(&vec![float as f32]).is_ok(), C::ID != 2);
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct List {
    next: Option<Box<List>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nest(Vec<Nest>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Table(BTreeMap<String, Table>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Newtype(Box<Chain>),
    Tuple(u8, Box<Chain>),
    Struct { next: Box<Chain> },
    Optional(Option<Box<Chain>>),
    Pair(Box<(Chain, u8)>),
}

fn nested<T>(depth: usize, leaf: T, wrap: impl Fn(T) -> T) -> T {
    (0..depth).fold(leaf, |inner, _| wrap(inner))
}

/// The deepest that is written is read, and it is deep enough for use.
fn depth_is_the_same_in_both_directions<C: Codec>() {
    fn deepest<C: Codec, T>(make: impl Fn(usize) -> T) -> usize
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let deep = (1..400).take_while(|&depth| faithful::<C, T>(&make(depth)));
        deep.last().unwrap_or(0)
    }
    let ends = [
        deepest::<C, _>(|depth| {
            nested(depth, List { next: None }, |list| List { next: Some(Box::new(list)) })
        }),
        deepest::<C, _>(|depth| nested(depth, Nest(Vec::new()), |nest| Nest(vec![nest]))),
        deepest::<C, _>(|depth| {
            nested(depth, Table(BTreeMap::new()), |table| Table(BTreeMap::from([(String::new(), table)])))
        }),
        deepest::<C, _>(|depth| nested(depth, Chain::End, |chain| Chain::Newtype(Box::new(chain)))),
        deepest::<C, _>(|depth| nested(depth, Chain::End, |chain| Chain::Tuple(0, Box::new(chain)))),
        deepest::<C, _>(|depth| nested(depth, Chain::End, |next| Chain::Struct { next: Box::new(next) })),
        deepest::<C, _>(|depth| nested(depth, Chain::End, |chain| Chain::Optional(Some(Box::new(chain))))),
        deepest::<C, _>(|depth| nested(depth, Chain::End, |chain| Chain::Pair(Box::new((chain, 0))))),
    ];
    assert_eq!(ends, [126, 126, 126, 127, 63, 63, 127, 63]);
}

fn a_value_that_was_refused_says_why<C: Codec>() {
    let list = nested(200, List { next: None }, |list| List { next: Some(Box::new(list)) });
    let error = encode::<C, _>(&list).unwrap_err();
    assert!(error.to_string().contains("nested"), "{error}");
    // The limit is of one path, not of the whole.
    let many: Vec<Nest> = (0..1_000).map(|_| Nest(vec![Nest(Vec::new())])).collect();
    assert_eq!(round_trip::<C, _>(&many), many);
}

for_each_codec! {
    options_in_options_are_kept_or_refused;
    skipped_fields_are_kept_or_refused;
    floats_that_are_not_finite_are_kept_or_refused;
    depth_is_the_same_in_both_directions;
    a_value_that_was_refused_says_why;
}
