use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    borrow::Cow,
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    ffi::CString,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::{NonZeroI128, NonZeroU8, Saturating, Wrapping},
    ops::{Bound, Range},
    path::PathBuf,
    rc::Rc,
    sync::{Arc, Mutex, atomic::AtomicU8},
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use super::{Fingerprint, inspect};
use crate::entry::fingerprint::of;

#[test]
fn what_serde_does_not_see_changes_nothing() {
    fn same<A: DeserializeOwned, B: DeserializeOwned>() {
        assert_eq!(of::<A>(false), of::<B>(false));
        assert_eq!(of::<A>(true), of::<B>(true));
    }
    same::<u32, Box<u32>>();
    same::<u32, Arc<u32>>();
    same::<u32, Rc<Mutex<u32>>>();
    same::<String, Box<str>>();
    same::<String, Arc<str>>();
    same::<String, Cow<'static, str>>();
    same::<Vec<String>, Box<[String]>>();
    same::<Vec<u8>, VecDeque<u8>>();
    same::<Vec<u8>, HashSet<u8>>();
    same::<HashMap<String, u8>, BTreeMap<String, u8>>();
    same::<usize, u64>();
    same::<(u8, u8), [u8; 2]>();
    same::<Option<Box<Vec<Arc<u8>>>>, Option<Vec<u8>>>();
}

#[test]
fn moving_a_type_to_another_module_changes_nothing() {
    mod a {
        #[derive(serde::Deserialize)]
        pub(super) struct Point {
            _x: u8,
            _y: Option<Box<Point>>,
        }
    }
    mod b {
        #[derive(serde::Deserialize)]
        pub(super) struct Point {
            _x: u8,
            _y: Option<Box<Point>>,
        }
    }
    assert_eq!(of::<a::Point>(false), of::<b::Point>(false));
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct List {
    value: u32,
    next: Option<Box<List>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Tree(Vec<Tree>, BTreeMap<String, Tree>);

#[derive(Deserialize)]
#[allow(dead_code)]
enum Expr {
    Number(f64),
    Negate(Box<Expr>),
    Add(Box<Expr>, Box<Expr>),
    Call { name: String, arguments: Vec<Expr> },
    If(Box<(Expr, Expr, Option<Expr>)>),
    Unit,
}

/// The only variant with an end is neither first nor last.
#[derive(Deserialize)]
#[allow(dead_code)]
enum Knot {
    A(Box<Knot>),
    B(Box<Other>),
    End,
    C(Box<Knot>, Box<Knot>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Other {
    P(Box<Knot>),
    Q(Box<Other>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Aliased {
    #[serde(alias = "an_old_name", alias = "z_older_name")]
    name: String,
    #[serde(default)]
    other: u8,
}

#[derive(Deserialize)]
#[serde(tag = "kind", content = "what")]
#[allow(dead_code)]
enum Adjacent {
    A(u8),
    B(u8, String),
    C(Vec<Adjacent>),
}

macro_rules! forty {
    ($($variant:ident)*) => {
        #[derive(Deserialize)]
        #[allow(dead_code)]
        enum Forty {
            $($variant { x: u8, y: Option<String> },)*
        }
    };
}

forty! {
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9
    C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 D0 D1 D2 D3 D4 D5 D6 D7 D8 D9
}

macro_rules! table {
    ($($ty:ty,)*) => {
        [$((stringify!($ty), inspect::<$ty> as fn(bool) -> Fingerprint)),*]
    };
}

#[test]
fn ordinary_types_are_seen_through_and_all_differ() {
    let table = table! {
        Adjacent, (Expr, u8), (Tree, List, u8), (Option<Knot>, Knot, i8),
        (), bool, u8, i16, u32, i64, u128, i128, f32, f64, char, String,
        Option<u8>, Option<Option<u8>>, Option<()>, Result<u8, String>, Vec<()>, Vec<Vec<u8>>,
        (u8,), (u8, u16), (u16, u8), [u8; 32], [[u8; 4]; 4],
        HashMap<String, Vec<u8>>, HashMap<u8, ()>, BTreeMap<(u8, char), String>, HashMap<String, HashSet<u16>>,
        Duration, SystemTime, Range<u8>, Bound<u8>, std::marker::PhantomData<u8>,
        IpAddr, Ipv6Addr, SocketAddr,
        List, Tree, Expr, Knot, Forty, Aliased, Vec<Option<Forty>>, Option<Box<Expr>>,
        (List, Expr), Result<List, Forty>,
    };
    for human_readable in [false, true] {
        let mut seen: HashMap<u64, &str> = HashMap::new();
        for (name, inspect) in table {
            let fingerprint = inspect(human_readable);
            assert!(!fingerprint.opaque && !fingerprint.partial, "{name}");
            assert!(!fingerprint.self_describing, "{name}");
            assert_eq!(fingerprint, inspect(human_readable), "{name}");
            // Texts to people: addresses are one shape with `String` there.
            if !human_readable {
                assert_eq!(seen.insert(fingerprint.hash, name), None, "{name}");
            }
        }
    }
}

#[test]
fn types_that_refuse_some_values_are_seen_through() {
    let table = table! {
        NonZeroU8, NonZeroI128, PathBuf, Vec<(NonZeroU8, Option<NonZeroI128>)>, CString, BTreeSet<NonZeroU8>,
        HashMap<NonZeroU8, SocketAddr>, Saturating<i8>, (NonZeroU8, PathBuf, CString, SocketAddr, u8),
        ((IpAddr, Bound<u8>, Range<u8>), Result<Expr, u8>, Wrapping<Cell<u8>>, AtomicU8, Duration, SystemTime, u8),
    };
    for (name, inspect) in table {
        for human_readable in [false, true] {
            let fingerprint = inspect(human_readable);
            assert!(!fingerprint.opaque && !fingerprint.partial, "{name}");
        }
    }
}

#[test]
fn types_of_other_crates_do_not_hide_what_is_behind_them() {
    let table = table! {
        (Uuid, u8), (DateTime<Utc>, NaiveDate, NaiveDateTime, u8), HashMap<Uuid, Vec<(Arc<Uuid>, u8)>>,
        (IndexMap<Uuid, DateTime<Utc>>, IndexSet<u8>, u8),
    };
    for (name, inspect) in table {
        for human_readable in [false, true] {
            let fingerprint = inspect(human_readable);
            assert!(fingerprint.opaque && !fingerprint.partial, "{name}");
        }
    }
    assert_eq!(of::<IndexMap<u8, Vec<u8>>>(false), of::<HashMap<u8, Vec<u8>>>(false));
    assert_ne!(of::<IndexMap<u8, Vec<u8>>>(false), of::<IndexMap<u8, Vec<i8>>>(false));
    assert_ne!(of::<Uuid>(true), of::<String>(true));
    assert_eq!(of::<Uuid>(true), of::<Box<Uuid>>(true));
}

#[test]
fn types_that_ask_the_bytes_say_so() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Untagged {
        A(u8),
        B { x: Vec<u8> },
    }
    #[derive(Deserialize)]
    #[serde(tag = "t")]
    #[allow(dead_code)]
    enum Tagged {
        A { x: u8 },
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: HashMap<String, u8>,
    }
    assert!(inspect::<Vec<Untagged>>(true).self_describing);
    assert!(inspect::<(u8, Tagged)>(true).self_describing);
    assert!(inspect::<Flat>(true).self_describing);
    assert!(inspect::<Option<serde_json::Value>>(true).self_describing);
    assert!(inspect::<serde_json::Map<String, serde_json::Value>>(true).self_describing);
    assert!(!inspect::<HashMap<String, u8>>(true).self_describing);
}
