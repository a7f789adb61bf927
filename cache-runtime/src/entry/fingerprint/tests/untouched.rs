//! Visitors that panic whatever they are told: they are told nothing.

use serde::{
    Deserialize, Deserializer,
    de::{EnumAccess, MapAccess, SeqAccess, Visitor},
};
use std::{collections::HashMap, fmt, marker::PhantomData};

use super::inspect;

/// Generates a visitor by hand whose every method panics, and a type that asks for each thing there is with it.
macro_rules! asks {
    ($($name:ident: $method:ident($($arg:expr),*);)*) => {
        $(
            #[allow(dead_code)]
            struct $name;

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.$method($($arg,)* Touchy(PhantomData))
                }
            }
        )*

        #[test]
        fn no_visitor_is_called() {
            for human_readable in [false, true] {
                $(
                    let seen = inspect::<Everywhere<$name>>(human_readable);
                    assert!(seen.opaque, stringify!($name));
                )*
            }
        }
    };
}

asks! {
    Bool: deserialize_bool();
    I8: deserialize_i8();
    U64: deserialize_u64();
    I128: deserialize_i128();
    F64: deserialize_f64();
    Char: deserialize_char();
    Str: deserialize_str();
    Text: deserialize_string();
    Bytes: deserialize_bytes();
    Buffer: deserialize_byte_buf();
    Optional: deserialize_option();
    Unit: deserialize_unit();
    UnitStruct: deserialize_unit_struct("Unit");
    Newtype: deserialize_newtype_struct("Newtype");
    Seq: deserialize_seq();
    Map: deserialize_map();
    Tuple: deserialize_tuple(2);
    TupleStruct: deserialize_tuple_struct("Tuple", 2);
    Struct: deserialize_struct("Struct", &["a", "b"]);
    Enum: deserialize_enum("Enum", &["A", "B"]);
    Identifier: deserialize_identifier();
    Ignored: deserialize_ignored_any();
    Any: deserialize_any();
}

/// A type at every sort of place.
#[derive(Deserialize)]
#[allow(dead_code)]
pub(super) struct Everywhere<T> {
    plain: T,
    inside: Option<Box<Newtyped<T>>>,
    many: Vec<(u8, T, T)>,
    keyed: HashMap<u8, T>,
    choice: Choice<T>,
    adjacent: Adjacent<T>,
    #[serde(default = "never")]
    last: Last<T>,
}

#[derive(Deserialize)]
struct Newtyped<T>(#[allow(dead_code)] T);

#[derive(Deserialize)]
#[allow(dead_code)]
pub(super) enum Choice<T> {
    Unit,
    One(T),
    Two(u8, T),
    Named { a: T, b: u8 },
}

#[derive(Deserialize)]
#[serde(tag = "t", content = "c")]
#[allow(dead_code)]
enum Adjacent<T> {
    One(T),
    Two(u8, T),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Last<T>((T, u8), [T; 4], Result<T, T>);

fn never<T>() -> T {
    panic!("a default of a struct that is not complete")
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(super) struct Pair {
    a: u8,
    b: u8,
}

struct Touchy<T>(PhantomData<T>);

macro_rules! panics {
    ($($method:ident($ty:ty);)*) => {
        $(fn $method<E>(self, _: $ty) -> Result<T, E> {
            panic!(stringify!($method))
        })*
    };
}

impl<'de, T> Visitor<'de> for Touchy<T> {
    type Value = T;

    fn expecting(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("expecting")
    }

    panics! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E>(self) -> Result<T, E> {
        panic!("visit_none")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        panic!("visit_unit")
    }

    fn visit_some<D: Deserializer<'de>>(self, _: D) -> Result<T, D::Error> {
        panic!("visit_some")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<T, D::Error> {
        panic!("visit_newtype_struct")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        panic!("visit_seq")
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        panic!("visit_map")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        panic!("visit_enum")
    }
}

/// A visitor by hand that has the name of a derived one, and one inside a visitor that is derived.
#[test]
fn names_that_look_alike_are_told_apart() {
    #[allow(dead_code)]
    struct Imitated;
    impl<'de> Deserialize<'de> for Imitated {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct __Visitor;
            impl<'de> Visitor<'de> for __Visitor {
                type Value = Imitated;
                fn expecting(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                    panic!("expecting")
                }
                fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Imitated, A::Error> {
                    panic!("visit_map")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Imitated, A::Error> {
                    panic!("visit_seq")
                }
            }
            deserializer.deserialize_struct("Imitated", &["a"], __Visitor)
        }
    }
    assert!(inspect::<(Imitated, u8)>(false).partial);

    /// Hands a derived type's visitor to the deserializer in one of its own.
    #[allow(dead_code)]
    struct Wrapped;
    struct Around<V>(V);
    impl<'de, V: Visitor<'de>> Visitor<'de> for Around<V> {
        type Value = V::Value;
        fn expecting(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("expecting")
        }
        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<V::Value, A::Error> {
            panic!("visit_map")
        }
    }
    struct Adapter<D>(D);
    impl<'de, D: Deserializer<'de>> Deserializer<'de> for Adapter<D> {
        type Error = D::Error;
        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_struct("Pair", &["a", "b"], Around(visitor))
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }
    impl<'de> Deserialize<'de> for Wrapped {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Pair::deserialize(Adapter(deserializer))?;
            panic!("wrapped")
        }
    }
    assert!(inspect::<(Wrapped, u8)>(false).opaque);
}

mod of_a_trait {
    use super::Pair;
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer};
    use std::marker::PhantomData;

    /// `<IndexMap<…> as Loaded>::load` is where the visitor is named after.
    pub(super) trait Loaded: Sized {
        fn load<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    }

    impl Loaded for IndexMap<String, Pair> {
        fn load<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Own;
            impl<'de> serde::de::Visitor<'de> for Own {
                type Value = IndexMap<String, Pair>;
                fn expecting(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    panic!("expecting")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
                    panic!("visit_map")
                }
            }
            deserializer.deserialize_map(Own)
        }
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    pub(super) struct Holder {
        #[serde(deserialize_with = "Loaded::load")]
        map: IndexMap<String, Pair>,
        marker: PhantomData<u8>,
    }
}

#[test]
fn a_visitor_in_an_impl_for_a_collection_is_its_author_s() {
    let seen = inspect::<of_a_trait::Holder>(true);
    assert!(seen.opaque && !seen.partial);
}
