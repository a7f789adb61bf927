//! Injectivity, over strings made of everything that has a meaning somewhere in a key.

use std::collections::BTreeMap;
use std::collections::HashMap;

use proptest::prelude::*;

use super::{KeyBuilder, KeyPart, KeyWriter, Path, Scratch};

fn rendered<P: KeyPart + ?Sized>(part: &P) -> String {
    let mut out = Scratch::new();
    part.write(&mut KeyWriter::new(&mut out));
    out.text().into_owned()
}

/// Short strings over few characters, so that two of them are often nearly alike.
fn nasty() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        Just(':'),
        Just('%'),
        Just('{'),
        Just('}'),
        Just('<'),
        Just('>'),
        Just('*'),
        Just('?'),
        Just(','),
        Just('#'),
        Just('('),
        Just(')'),
        Just('~'),
        Just('-'),
        Just('2'),
        Just('C'),
        Just('\0'),
        Just('\n'),
        Just('é'),
        Just('🦀'),
        Just('a'),
    ];
    proptest::collection::vec(character, 0..5).prop_map(|characters| characters.into_iter().collect())
}

type Composite = (Option<String>, Vec<String>, (String, Option<Option<u8>>));

fn composite() -> impl Strategy<Value = Composite> {
    let inner = (nasty(), proptest::option::of(proptest::option::of(0_u8..3)));
    (proptest::option::of(nasty()), proptest::collection::vec(nasty(), 0..3), inner)
}

#[derive(Debug, Clone, PartialEq)]
enum Tree {
    Leaf(String),
    Node(Vec<Tree>),
}

impl KeyPart for Tree {
    fn write(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::Leaf(text) => {
                key.item("Leaf");
                key.item(text);
            }
            Self::Node(trees) => {
                key.item("Node");
                key.item(trees);
            }
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    nasty()
        .prop_map(Tree::Leaf)
        .prop_recursive(3, 8, 3, |inner| proptest::collection::vec(inner, 0..3).prop_map(Tree::Node))
}

/// The alphabet that lets a template's delimiters stand out.
fn assert_alphabet(part: &str) {
    assert!(
        part.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        "{part}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equal_parts_and_only_equal_parts_render_alike(a in composite(), b in composite()) {
        assert_alphabet(&rendered(&a));
        prop_assert_eq!(rendered(&a) == rendered(&b), a == b);
    }

    #[test]
    fn recursive_parts_stay_apart(a in tree(), b in tree()) {
        assert_alphabet(&rendered(&a));
        prop_assert_eq!(rendered(&a) == rendered(&b), a == b);
    }

    #[test]
    fn one_delimiter_keeps_two_arguments_apart(a in (nasty(), nasty()), b in (nasty(), nasty())) {
        let key = |(one, two): &(String, String)| {
            let mut key = KeyBuilder::template("p", "user");
            key.arg(one);
            key.text("x:1");
            key.arg(two);
            key.finish()
        };
        prop_assert_eq!(key(&a) == key(&b), a == b);
    }

    #[test]
    fn default_keys_keep_arguments_apart(a in (nasty(), nasty()), b in (nasty(), nasty())) {
        let key = |(one, two): &(String, String)| {
            let mut key = KeyBuilder::of("", &Path { closure: "shop::Repo<u8>::get::{{closure}}", name: "get" });
            key.arg(one);
            key.arg(two);
            key.close();
            key.finish()
        };
        prop_assert_eq!(key(&a) == key(&b), a == b);
    }

    #[test]
    fn long_keys_stay_apart_and_within_the_limit(a in "[a%:é]{200,300}", b in "[a%:é]{200,300}") {
        let key = |text: &String| {
            let mut key = KeyBuilder::template("", "user:");
            key.arg(text);
            key.finish()
        };
        prop_assert!(key(&a).len() <= super::LONGEST);
        prop_assert_eq!(key(&a) == key(&b), a == b);
    }
}

#[test]
fn every_short_string_over_the_meaningful_characters_is_its_own_key() {
    let alphabet = [":", "%", ",", "2", "C", ""];
    let mut seen: HashMap<String, Vec<&str>> = HashMap::new();
    for a in alphabet {
        for b in alphabet {
            for c in alphabet {
                // Lists and not their concatenation: ["", ":"] and [":", ""] differ.
                let list = vec![a, b, c];
                assert_eq!(seen.insert(rendered(&list), list.clone()), None, "{list:?}");
            }
        }
    }
}

#[test]
fn empty_things_differ() {
    let texts = [
        rendered(&Vec::<Option<&str>>::new()),
        rendered(&vec![None::<&str>]),
        rendered(&vec![Some("")]),
        rendered(&vec![None, Some("")]),
        rendered(&vec![Some(""), None]),
    ];
    for (at, one) in texts.iter().enumerate() {
        assert!(texts[at + 1..].iter().all(|other| other != one), "{texts:?}");
    }
    assert_eq!(rendered(&None::<u8>), "");
    assert_eq!(rendered(&Some(1)), "1%2C");
}

#[test]
fn scalars_render_as_their_text() {
    assert_eq!(rendered(&-5_i128), "-5");
    assert_eq!(rendered(&true), "true");
    assert_eq!(rendered(&'é'), "%C3%A9");
    assert_eq!(rendered("a b/c~d"), "a%20b%2Fc~d");
    assert_eq!(rendered(&std::net::Ipv4Addr::LOCALHOST), "127.0.0.1");
    assert_eq!(rendered(&std::borrow::Cow::Borrowed("x")), "x");
    assert_eq!(rendered(&BTreeMap::from([(1, "a:b")])), "1%252Ca%25253Ab%252C%2C");
}
