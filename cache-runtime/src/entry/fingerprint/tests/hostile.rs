use serde::{Deserialize, Deserializer, de::Error};
use std::{sync::LazyLock, time::Instant};

use super::inspect;
use crate::entry::fingerprint::of;

#[test]
fn the_bottomless_box_ends() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Bottomless(Box<Bottomless>);
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Neither {
        A(Box<Neither>),
        B(Box<Neither>, u8),
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Around {
        a: Option<Bottomless>,
        b: Vec<Neither>,
        c: u8,
    }
    assert!(inspect::<Bottomless>(false).opaque);
    assert!(inspect::<Neither>(false).opaque);
    assert!(inspect::<Around>(false).opaque);
}

macro_rules! wide {
    ($name:ident: $($digit:ident)*) => {
        wide!(@ $name [] $([$digit])*);
    };
    (@ $name:ident [$($variant:ident)*]) => {
        #[derive(Deserialize)]
        #[allow(dead_code)]
        enum $name { $($variant(Box<$name>),)* End(u8) }
    };
    (@ $name:ident [$($variant:ident)*] [$next:ident] $($rest:tt)*) => {
        wide!(@ $name [$($variant)* $next] $($rest)*);
    };
}

wide! { Wide:
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
    D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9
    G0 G1 G2 G3 G4 G5 G6 G7 G8 G9 H0 H1 H2 H3 H4 H5 H6 H7 H8 H9 I0 I1 I2 I3 I4 I5 I6 I7 I8 I9
}

#[test]
fn a_wide_recursive_enum_is_seen_through() {
    let start = Instant::now();
    assert!(!inspect::<Wide>(false).opaque);
    eprintln!("{:?}", start.elapsed());
}

/// As a derived enum of a thousand variants would read, without the minute that the compiler takes for it.
#[allow(dead_code)]
struct Thousand;

impl<'de> Deserialize<'de> for Thousand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{EnumAccess, VariantAccess, Visitor};
        struct Index;
        impl<'de> Visitor<'de> for Index {
            type Value = Thousand;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }
            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Thousand, A::Error> {
                let (name, variant): (String, _) = access.variant()?;
                if name.ends_with('7') {
                    variant.newtype_variant::<Option<Box<Thousand>>>()?;
                } else {
                    variant.unit_variant()?;
                }
                Ok(Thousand)
            }
        }
        static NAMES: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| (0..1000).map(|n| &*format!("V{n}").leak()).collect());
        deserializer.deserialize_enum("Thousand", &NAMES, Index)
    }
}

#[test]
fn a_thousand_variants_are_seen_through() {
    let start = Instant::now();
    assert!(!inspect::<(u8, Vec<Thousand>)>(false).opaque);
    eprintln!("{:?}", start.elapsed());
}

/// Never the same, and never satisfied.
struct Whimsical;

impl<'de> Deserialize<'de> for Whimsical {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(D::Error::custom(format!("{:p}", &text)))
    }
}

/// Catches what its fields refuse.
#[allow(dead_code)]
struct Forgiving(u8);

impl<'de> Deserialize<'de> for Forgiving {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whim = Whimsical::deserialize(deserializer);
        Ok(Forgiving(whim.is_ok().into()))
    }
}

/// Panics when it gets an empty text.
#[allow(dead_code)]
struct Panicking(char);

impl<'de> Deserialize<'de> for Panicking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Panicking(text.chars().next().unwrap()))
    }
}

#[test]
fn refusals_of_every_sort_end() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct All {
        a: Vec<Whimsical>,
        b: Forgiving,
        c: Option<Panicking>,
        d: (Whimsical, u8),
        e: Result<Whimsical, Forgiving>,
    }
    let first = of::<All>(true);
    assert_eq!(first, of::<All>(true));
    assert!(inspect::<All>(true).opaque);
    assert!(!inspect::<Panicking>(true).opaque);
    // Whatever the type makes of it, a place was refused.
    assert!(!inspect::<(u8, Forgiving)>(true).self_describing);
}

#[test]
fn a_panic_with_every_value_ends() {
    struct Always;
    impl<'de> Deserialize<'de> for Always {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let _ = u8::deserialize(deserializer)?;
            panic!("always")
        }
    }
    assert!(inspect::<Always>(false).opaque);
}

#[test]
fn many_checked_parts_end() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Raw(String, String, String, String, [i32; 32], Vec<String>, Option<u8>);
    #[derive(Deserialize)]
    #[serde(try_from = "Raw")]
    struct Checked;
    impl TryFrom<Raw> for Checked {
        type Error = &'static str;
        fn try_from(_: Raw) -> Result<Self, &'static str> {
            Err("no")
        }
    }
    let start = Instant::now();
    assert!(inspect::<Vec<(Checked, Checked)>>(false).opaque);
    eprintln!("{:?}", start.elapsed());
}

#[test]
fn large_arrays_end() {
    // Nested, because serde implements arrays up to 32 only.
    type Large = [[[u8; 32]; 32]; 8];
    let start = Instant::now();
    assert!(!inspect::<Vec<Large>>(false).opaque);
    eprintln!("{:?}", start.elapsed());
}

#[test]
fn deep_types_end_on_a_small_stack() {
    type Ten<T> = Option<Option<Option<Option<Option<Vec<Vec<Vec<Vec<Vec<T>>>>>>>>>>;
    #[allow(clippy::type_complexity)]
    type Hundred<T> = Ten<Ten<Ten<Ten<Ten<Ten<Ten<Ten<T>>>>>>>>;
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let outcome = thread.spawn(|| (of::<Hundred<u8>>(false), of::<Hundred<u16>>(false), of::<Wide>(false)));
    let (a, b, _) = outcome.unwrap().join().unwrap();
    assert_ne!(a, b);
}
