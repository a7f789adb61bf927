//! Injectivity, over strings made of everything that has a meaning somewhere in a key.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZero;

use proptest::prelude::*;

use super::{KeyBuilder, KeyPart, KeyWriter, Path, Scratch};
use crate::util::function_id::FunctionId;

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
            static SITE: FunctionId = FunctionId::new("shop", "get");
            let mut key =
                KeyBuilder::of("", &Path { site: &SITE, here: "shop::Repo<u8>::get::{{closure}}" });
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
    assert_eq!(rendered(&Ipv4Addr::LOCALHOST), "127.0.0.1");
    assert_eq!(rendered(&std::borrow::Cow::Borrowed("x")), "x");
    assert_eq!(rendered(&BTreeMap::from([(1, "a:b")])), "1%252Ca%25253Ab%252C%2C");
}

/// The table of `docs/keys.md` is what the code gives, and all of it is looked at.
#[test]
fn the_page_on_keys_is_right() {
    const PAGE: &str = include_str!("../../../docs/keys.md");
    macro_rules! row {
        ($shown:expr) => {
            row!($shown, $shown)
        };
        ($shown:expr, $value:expr) => {
            (stringify!($shown).to_owned(), rendered(&$value))
        };
    }
    let rows = [
        row!(42_u64),
        row!(-5_i128),
        row!(NonZero::<u8>::MAX),
        row!(true),
        row!('é'),
        row!("a b/c~d"),
        row!(""),
        row!(Ipv4Addr::LOCALHOST),
        row!(Ipv6Addr::LOCALHOST),
        row!(None, None::<&str>),
        row!(Some("")),
        row!(Some(1)),
        row!(Some("a/b")),
        row!(Some(None), Some(None::<u8>)),
        row!([], [0_u8; 0]),
        row!(()),
        row!([""]),
        row!(["", ""]),
        row!([1, 2]),
        row!((1, 2)),
        row!(["a,b"]),
        row!(["a", "b"]),
        row!((Some(1), ["a", "b"])),
        row!(BTreeMap::from([(1, "a:b")])),
    ];
    let (_, table) = PAGE.split_once("| value | in the key |\n| --- | --- |\n").expect("the table");
    let lines = table.lines().take_while(|line| line.starts_with('|'));
    let of_page = lines.flat_map(|line| {
        let (values, keys) = line.trim_matches(['|', ' ']).split_once(" | ").expect("two columns");
        let keys: Vec<&str> = keys.split(", ").map(|key| key.trim_matches('`')).collect();
        let values: Vec<&str> = values.split("`, `").map(|value| value.trim_matches('`')).collect();
        // One key for all values, or one for each.
        assert!(keys.len() == 1 || keys.len() == values.len(), "{line}");
        let key = move |at: usize| keys[at.min(keys.len() - 1)].replace("(nothing)", "");
        values.into_iter().enumerate().map(move |(at, value)| (value.to_owned(), key(at))).collect::<Vec<_>>()
    });
    assert_eq!(of_page.collect::<Vec<_>>(), rows);
}

/// What the Python of `docs/keys.md` gives: cut at a whole character, and at a whole escape.
#[test]
fn long_keys_are_what_other_programs_make_of_them() {
    for (text, kept, hash) in [
        ("ü".repeat(200), "ü".repeat(108), "cb26b0de5a63c843909f2a32874407b3"),
        (
            format!("{}%%{}", "x".repeat(216), "y".repeat(100)),
            "x".repeat(216),
            "c4a40a35ece37cabd2b3be67e1a12e1c",
        ),
        (
            format!("{}%%é{}", "xy".repeat(107), "y".repeat(100)),
            "xy".repeat(107) + "%",
            "46cb5cc2f01406d9504f08950940a8e7",
        ),
        (
            format!("user:x#{}", "0".repeat(32)),
            format!("user:x#{}", "0".repeat(32)),
            "1c09db0be5000990ce0a8b7143e31ba2",
        ),
    ] {
        assert_eq!(KeyBuilder::template("", &text).finish().to_string(), format!("{kept}#{hash}"));
    }
}

#[cfg(all(feature = "uuid", feature = "time", feature = "chrono"))]
#[test]
fn other_crates_types_render_as_the_page_says() {
    let uuid = uuid::Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    assert_eq!(rendered(&uuid), "67e55044-10b1-426f-9247-bb680e5fe0c8");

    let date = time::Date::from_calendar_date(2026, time::Month::January, 2).expect("a date");
    let time = time::Time::from_hms(3, 4, 5).expect("a time");
    assert_eq!((rendered(&date), rendered(&time)), ("2026-01-02".into(), "3%3A04%3A05.0".into()));
    assert_eq!(rendered(&time::PrimitiveDateTime::new(date, time)), "2026-01-02%203%3A04%3A05.0");
    let instant = time::PrimitiveDateTime::new(date, time).assume_utc();
    let elsewhere = instant.to_offset(time::UtcOffset::from_hms(1, 0, 0).expect("an offset"));
    assert_eq!([rendered(&instant), rendered(&elsewhere)], ["1767323045.000000000"; 2]);

    let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 2).expect("a date");
    let time = chrono::NaiveTime::from_hms_opt(3, 4, 5).expect("a time");
    assert_eq!((rendered(&date), rendered(&time)), ("2026-01-02".into(), "03%3A04%3A05".into()));
    assert_eq!(rendered(&date.and_time(time)), "2026-01-02%2003%3A04%3A05");
    let instant = date.and_time(time).and_utc();
    let elsewhere = instant.with_timezone(&chrono::FixedOffset::east_opt(3600).expect("an offset"));
    assert_eq!([rendered(&instant), rendered(&elsewhere)], ["1767323045.000000000"; 2]);

    let before = [
        rendered(&time::OffsetDateTime::from_unix_timestamp_nanos(-500_000_000).expect("an instant")),
        rendered(&chrono::DateTime::from_timestamp_nanos(-500_000_000)),
    ];
    assert_eq!(before, ["-1.500000000"; 2], "rounded down");
}
