//! Values and their parts, without a server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::*;
use crate::codec::Bincode;

fn written<S: Shape, T: InShape<S>>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    encode_whole::<T, Bincode, S>(value, &mut out).map(|_| out)
}

fn read<S: Shape, T: InShape<S>>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_whole::<T, Bincode, S>(bytes, bytes.len())
}

fn comes_back<S: Shape, T: InShape<S> + PartialEq + Debug>(value: &T) {
    let bytes = written::<S, T>(value).expect("parts");
    assert_eq!(read::<S, T>(&bytes).expect("the value"), *value);
    // Whatever is cut off is found out.
    for len in 0..bytes.len() {
        assert!(read::<S, T>(&bytes[..len]).is_err(), "{len}");
    }
}

#[test]
fn values_come_back_from_their_parts() {
    comes_back::<Hash, _>(&BTreeMap::from([(1u8, "one".to_owned()), (2, String::new())]));
    comes_back::<Hash, _>(&Some(BTreeMap::<u8, u8>::new()));
    comes_back::<Hash, _>(&None::<BTreeMap<u8, u8>>);
    comes_back::<Set, _>(&BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    comes_back::<List, _>(&vec![3u64, 1, 3]);
    comes_back::<List, _>(&Box::new(Vec::<u64>::new()));
    comes_back::<SortedSet, _>(&BTreeMap::from([("a".to_owned(), 2.0), ("b".to_owned(), -1.0)]));
}

/// Also in an order that no server keeps, with equal scores.
#[test]
fn a_vector_with_scores_comes_back_in_its_order() {
    for value in [
        vec![(1u8, 1.0), (2, 5.0), (3, 1.0)],
        vec![(3, 1.0), (1, 1.0), (2, 1.0)],
        vec![(2, 5.0), (3, 1.0)],
        vec![],
    ] {
        comes_back::<SortedSet, _>(&value);
    }
    let sorted = written::<SortedSet, _>(&vec![(2u8, 5.0), (3, 1.0)]).expect("parts");
    assert!(
        !PartsPayload::of(&sorted).expect("parts").is_ordered(),
        "nothing is written where it is not needed"
    );
}

#[test]
fn what_a_server_would_not_keep_is_refused() {
    for score in [f64::NAN, f64::NEG_INFINITY] {
        assert!(written::<SortedSet, _>(&vec![(1u8, score)]).is_err());
    }
    assert!(written::<SortedSet, _>(&vec![(1u8, 1.0), (1, 2.0)]).is_err());
    assert!(written::<SortedSet, _>(&vec![(1u8, f64::INFINITY), (2, -0.0)]).is_ok());
}

#[test]
fn another_shape_is_none() {
    let list = written::<List, _>(&vec![1u64]).expect("parts");
    assert!(read::<Set, BTreeSet<u64>>(&list).is_err());
}
