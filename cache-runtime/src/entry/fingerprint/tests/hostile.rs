use serde::{Deserialize, Deserializer};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

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
    assert!(!inspect::<Bottomless>(false).partial);
    assert!(inspect::<Neither>(false).partial, "nothing can be made in front of the `u8`");
    assert!(inspect::<Around>(false).partial);
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
    assert!(!inspect::<Wide>(false).partial);
    eprintln!("{:?}", start.elapsed());
}

#[test]
fn a_type_that_asks_for_something_else_each_time_ends() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Point {
        x: u8,
        y: Option<Box<Whimsical>>,
    }
    #[allow(dead_code)]
    struct Whimsical;
    impl<'de> Deserialize<'de> for Whimsical {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match CALLS.fetch_add(1, Ordering::Relaxed) % 4 {
                0 => Point::deserialize(deserializer).map(drop),
                1 => Vec::<Point>::deserialize(deserializer).map(drop),
                2 => <(Point, Point)>::deserialize(deserializer).map(drop),
                _ => Result::<Point, u8>::deserialize(deserializer).map(drop),
            }?;
            Ok(Whimsical)
        }
    }
    inspect::<(Whimsical, Vec<Whimsical>)>(true);
}

#[test]
fn errors_that_are_swallowed_end() {
    #[allow(dead_code)]
    struct Forgiving(Option<u8>);
    impl<'de> Deserialize<'de> for Forgiving {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Forgiving(u8::deserialize(deserializer).ok()))
        }
    }
    assert!(inspect::<Forgiving>(true).opaque);
    let seen = inspect::<(Vec<Forgiving>, Forgiving, u8)>(true);
    assert!(seen.partial, "what is behind it would get its value");
    assert!(!seen.self_describing);
}

#[test]
fn large_arrays_end() {
    // Nested, because serde implements arrays up to 32 only.
    type Large = [[[u8; 32]; 32]; 8];
    let start = Instant::now();
    assert!(!inspect::<Vec<(Large, u8)>>(false).partial);
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

#[test]
fn arrays_of_arrays_of_nothing_end() {
    type Nothing<T> = [[[[T; 32]; 32]; 32]; 32];
    let start = Instant::now();
    assert!(inspect::<(Nothing<Nothing<()>>, u8)>(false).partial);
    eprintln!("{:?}", start.elapsed());
}
