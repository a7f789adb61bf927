//! Code behind a `Deserialize` that panics whatever it gets: it gets nothing but an error.

use serde::{Deserialize, Deserializer};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use super::inspect;
use super::untouched::{Choice, Everywhere, Pair};

/// Reads another type, then panics.
macro_rules! reads {
    ($($name:ident: $ty:ty;)*) => {
        $(
            #[allow(dead_code)]
            struct $name;

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let _ = <$ty>::deserialize(deserializer)?;
                    panic!(stringify!($name))
                }
            }
        )*

        #[test]
        fn nothing_that_was_read_comes_back() {
            for human_readable in [false, true] {
                $(
                    assert!(inspect::<Everywhere<$name>>(human_readable).opaque, stringify!($name));
                )*
            }
        }
    };
}

reads! {
    FromText: String;
    FromBool: bool;
    FromOption: Option<u8>;
    FromOptionOfItself: Option<Box<FromOptionOfItself>>;
    FromUnit: ();
    FromPair: (u8, Pair);
    FromList: Vec<Pair>;
    FromMap: BTreeMap<String, u8>;
    FromStruct: Pair;
    FromEnum: Choice<u8>;
    FromNumber: std::num::NonZeroU8;
    FromDuration: std::time::Duration;
    FromNothing: PhantomData<u8>;
    FromUuid: uuid::Uuid;
    FromTime: chrono::DateTime<chrono::Utc>;
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Attributes {
    #[serde(deserialize_with = "with")]
    with: u8,
    from: From,
    into: Into,
    transparent: Transparent,
    pair: (Transparent, u8),
    checked: Remote,
    checked_pair: (Remote, u8),
    #[serde(with = "OtherDef")]
    other: Other,
    variants: Vec<With>,
    tuple: WithTuple,
}

fn with<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let _ = T::deserialize(deserializer)?;
    panic!("with")
}

#[derive(Deserialize)]
#[serde(from = "Pair")]
struct From;

impl std::convert::From<Pair> for From {
    fn from(_: Pair) -> Self {
        panic!("from")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Into;

impl TryFrom<u8> for Into {
    type Error = String;

    fn try_from(_: u8) -> Result<Self, String> {
        panic!("try_from")
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
#[allow(dead_code)]
struct Transparent {
    #[serde(deserialize_with = "with")]
    inner: u8,
}

/// Checks what its own derive has read.
#[derive(Deserialize)]
#[serde(remote = "Self")]
#[allow(dead_code)]
struct Remote {
    a: u8,
}

impl<'de> Deserialize<'de> for Remote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = Remote::deserialize(deserializer)?;
        panic!("remote")
    }
}

/// Made by a function out of what a derive has read.
#[allow(dead_code)]
struct Other(u8);

impl Other {
    fn a(&self) -> u8 {
        self.0
    }
}

#[derive(Deserialize)]
#[serde(remote = "Other")]
struct OtherDef {
    #[serde(getter = "Other::a")]
    a: u8,
}

impl std::convert::From<OtherDef> for Other {
    fn from(_: OtherDef) -> Self {
        let _ = Other::a;
        panic!("getter")
    }
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum With {
    #[serde(deserialize_with = "with")]
    One(u8),
    Two(u8, #[serde(deserialize_with = "with")] u8, u8),
    Named {
        #[serde(deserialize_with = "with")]
        a: u8,
    },
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct WithTuple(#[serde(deserialize_with = "with")] u8, Pair);

#[test]
fn no_attribute_s_code_is_called() {
    for human_readable in [false, true] {
        assert!(inspect::<Attributes>(human_readable).opaque);
    }
}

/// Panics when it is compared, hashed or dropped, and is a key.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Element(u8);

impl PartialEq for Element {
    fn eq(&self, _: &Self) -> bool {
        panic!("eq")
    }
}

impl Eq for Element {}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Element {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        panic!("cmp")
    }
}

impl Hash for Element {
    fn hash<H: Hasher>(&self, _: &mut H) {
        panic!("hash")
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        panic!("drop")
    }
}

#[test]
fn collections_are_made_empty() {
    type Keyed = (HashMap<Element, Element>, BTreeMap<Element, u8>, HashSet<Element>, BTreeSet<Element>, u8);
    assert!(!inspect::<(Keyed, Option<Element>, Vec<Element>, u8)>(false).partial);
}
