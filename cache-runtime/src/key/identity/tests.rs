//! An identity stands for one key; that not every key has one is no harm.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::key::{Arg, Each, KeyBuilder, KeyPart, Path, Pieces, Template};
use crate::util::function_id::FunctionId;

const SEED: [u8; 16] = *b"an unlikely seed";

fn of(function: u64, pieces: &impl Pieces) -> Option<CallIdentity> {
    IdentitySeed::new(function, SEED).identity(|identity| pieces.identify(identity))
}

/// What a call with this argument is, and its key.
fn call<P: KeyPart + ?Sized>(part: &P) -> (Option<CallIdentity>, String) {
    let pieces = Arg::new(Template("user:"), part);
    (of(7, &pieces), KeyBuilder::key("", &pieces).to_string())
}

fn words(part: &(impl KeyPart + ?Sized)) -> Option<[u64; WORDS]> {
    call(part).0.map(|identity| identity.words)
}

/// Of whatever types: a function's instantiations may be one to the linker.
fn calls() -> Vec<(Option<CallIdentity>, String)> {
    let mut calls = vec![call(&()), call(&true), call(&false), call(&'1'), call(&-1_i8), call(&i64::MIN)];
    calls.extend([0, 1, 10, u64::MAX].iter().map(call));
    calls.extend([0, u128::from(u64::MAX) + 1, u128::MAX].iter().map(call));
    calls.extend([i128::MIN, -1, 1].iter().map(call));
    calls.extend(["", "1", "-1", "true", "\0", "a,b", "1234567", "12345678", "123456781234567"].map(call));
    calls.extend([&[][..], &[""], &["", ""], &["a"], &["a", "b"], &["ab"], &["a,b"]].map(call));
    calls.extend([None, Some(None), Some(Some(1)), Some(Some(-1))].iter().map(call));
    calls.extend([(1_u64, 10_u64), (11, 0), (0, 1)].iter().map(call));
    calls.extend([((1, 2), 3), ((1, 23), 0)].iter().map(call));
    calls.extend([(1, (2, 3)), (12, (3, 0))].iter().map(call));
    #[cfg(feature = "uuid")]
    calls.extend([0, 1, 1 << 64, u128::MAX].map(uuid::Uuid::from_u128).iter().map(call));
    calls
}

#[test]
fn calls_of_one_identity_have_one_key() {
    let mut keys: HashMap<[u64; WORDS], String> = HashMap::new();
    for (identity, key) in calls() {
        let identity = identity.unwrap_or_else(|| panic!("{key} has no identity"));
        let known = keys.entry(identity.words).or_insert_with(|| key.clone());
        assert_eq!(*known, key);
    }
    // Not one for all.
    assert!(keys.len() > 30, "{}", keys.len());
}

#[test]
fn each_byte_and_the_length_of_a_text_tell() {
    let text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut seen = HashMap::new();
    for len in 0..=48 {
        let text = &text[..len];
        let changed = (0..len).map(|at| format!("{}_{}", &text[..at], &text[at + 1..]));
        for text in changed.chain([text.to_owned()]) {
            assert_eq!(seen.insert(words(text.as_str()).expect("it fits"), text), None);
        }
    }
}

#[test]
fn what_does_not_fit_has_none() {
    let long = "x".repeat(49);
    for part in [long.as_str(), &"x".repeat(72), &"x".repeat(10_000)] {
        assert_eq!(words(part), None);
    }
    assert_eq!(words(&[0_u8; 8]), None, "too many words");
    assert_eq!(words(&vec![(); 8]), None, "too many kinds");
    assert!(words(&vec![(); 7]).is_some() && words(&[0_u8; 4]).is_some());
    assert_eq!(of(7, &Each(Template("user:"))), None);
}

#[test]
fn functions_are_told_apart_and_paths() {
    let pieces = Arg::new(Template("user:"), &1);
    assert_ne!(of(1, &pieces), of(2, &pieces));
    static SITE: FunctionId = FunctionId::new("shop", "get");
    let path = |here| of(1, &Path { site: &SITE, here });
    assert_eq!(path("shop::get<u8>::{{closure}}"), path("shop::get<u8>::{{closure}}"));
    assert_ne!(path("shop::get<u8>::{{closure}}"), path("shop::get<u16>::{{closure}}"));
}

#[test]
fn hashes_depend_on_the_seed() {
    let pieces = Arg::new(Template("user:"), &1);
    let hash = |random| {
        IdentitySeed::new(1, random)
            .identity(|identity| pieces.identify(identity))
            .map(|identity| identity.hash)
    };
    assert_eq!(hash(SEED), hash(SEED));
    assert_ne!(hash(SEED), hash(*b"another one....."));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equal_arguments_and_only_equal_arguments_are_identical(
        a in (any::<Option<u8>>(), "[a%,é]{0,3}", proptest::collection::vec(0_u8..2, 0..2)),
        b in (any::<Option<u8>>(), "[a%,é]{0,3}", proptest::collection::vec(0_u8..2, 0..2)),
    ) {
        for part in [&a, &b] {
            prop_assert_eq!(words(part), words(part));
        }
        if let (Some(one), Some(other)) = (words(&a), words(&b)) {
            prop_assert_eq!(one == other, a == b);
        }
    }
}
