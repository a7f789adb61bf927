use serde::{Deserialize, Deserializer};
use std::{
    collections::HashMap,
    marker::PhantomData,
    net::IpAddr,
    num::NonZeroU8,
    ops::Range,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use super::inspect;
use crate::entry::fingerprint::of;

/// Defines `Old` and `New` as given and asserts that their fingerprints differ, read by position and by name.
macro_rules! differ {
    ($($name:ident: { $($old:item)* } => { $($new:item)* })*) => {
        $(
            #[test]
            fn $name() {
                mod old {
                    #[allow(unused_imports)]
                    use super::*;
                    $(#[derive(Deserialize)] #[allow(dead_code)] $old)*
                    pub(super) fn of(human_readable: bool) -> u64 {
                        super::of::<T>(human_readable)
                    }
                }
                mod new {
                    #[allow(unused_imports)]
                    use super::*;
                    $(#[derive(Deserialize)] #[allow(dead_code)] $new)*
                    pub(super) fn of(human_readable: bool) -> u64 {
                        super::of::<T>(human_readable)
                    }
                }
                assert_ne!(old::of(false), new::of(false));
                assert_ne!(old::of(true), new::of(true));
            }
        )*
    };
}

differ! {
    swapped_fields_of_one_type:
        { struct T { first: String, last: String } } => { struct T { last: String, first: String } }
    added_field:
        { struct T { a: u32 } } => { struct T { a: u32, b: u32 } }
    removed_optional_field:
        { struct T { a: u32, b: Option<u32> } } => { struct T { a: u32 } }
    renamed_field:
        { struct T { a: u32 } } => { struct T { b: u32 } }
    field_renamed_for_serde:
        { struct T { a: u32 } } => { struct T { #[serde(rename = "x")] a: u32 } }
    changed_integer:
        { struct T { a: u32 } } => { struct T { a: u64 } }
    changed_sign:
        { struct T { a: u32 } } => { struct T { a: i32 } }
    optional_field:
        { struct T { a: u32 } } => { struct T { a: Option<u32> } }
    list_to_pair:
        { struct T { a: Vec<u32> } } => { struct T { a: (u32, u32) } }
    list_to_map:
        { struct T { a: Vec<(u8, u8)> } } => { struct T { a: HashMap<u8, u8> } }
    changed_key:
        { struct T { a: HashMap<u8, u8> } } => { struct T { a: HashMap<u16, u8> } }
    changed_map_value:
        { struct T { a: HashMap<u8, u8> } } => { struct T { a: HashMap<u8, String> } }
    longer_array:
        { struct T { a: [u8; 4] } } => { struct T { a: [u8; 5] } }
    text_to_bytes:
        { struct T { a: String } } => { struct T { a: Vec<u8> } }
    renamed_struct:
        { struct A(u8); struct T { a: A } } => { struct B(u8); struct T { a: B } }
    nested_change:
        { struct A { x: u8 } struct T { a: Vec<Option<A>> } }
        => { struct A { x: u16 } struct T { a: Vec<Option<A>> } }
    deeply_nested_change:
        { struct A { x: u8 } struct B(HashMap<String, Vec<A>>); struct T { a: Option<Box<B>> } }
        => { struct A { x: i8 } struct B(HashMap<String, Vec<A>>); struct T { a: Option<Box<B>> } }
    added_variant:
        { enum T { A, B } } => { enum T { A, B, C } }
    renamed_variant:
        { enum T { A, B } } => { enum T { A, C } }
    reordered_variants:
        { enum T { A, B } } => { enum T { B, A } }
    changed_content_of_the_last_variant:
        { enum T { A, B(u8), C { x: u32 } } } => { enum T { A, B(u8), C { x: f32 } } }
    newtype_variant_to_tuple_variant:
        { enum T { A(u8) } } => { enum T { A(u8, u8) } }
    tuple_variant_to_struct_variant:
        { enum T { A(u8, u8) } } => { enum T { A { a: u8, b: u8 } } }
    change_behind_the_second_variant_of_a_nested_enum:
        { enum E { X, Y(Option<u8>) } struct T { a: u8, e: Vec<E> } }
        => { enum E { X, Y(Option<i8>) } struct T { a: u8, e: Vec<E> } }
    change_behind_options_in_different_variants:
        { enum E { X(Option<u8>), Y(Option<Vec<u8>>), Z } enum T { P, Q(Box<E>), R(Option<E>) } }
        => { enum E { X(Option<u8>), Y(Option<Vec<i8>>), Z } enum T { P, Q(Box<E>), R(Option<E>) } }
    change_in_a_recursive_struct:
        { struct T { next: Option<Box<T>>, x: u8 } } => { struct T { next: Option<Box<T>>, x: i8 } }
    change_behind_recursion:
        { enum T { Many(Vec<T>), Pair(Box<T>, Box<T>), Leaf { x: u8 } } }
        => { enum T { Many(Vec<T>), Pair(Box<T>, Box<T>), Leaf { x: i8 } } }
    change_between_two_recursive_types:
        { struct A { b: Option<Box<T>>, x: u8 } enum T { End, A(A) } }
        => { struct A { b: Option<Box<T>>, x: i8 } enum T { End, A(A) } }
    one_type_for_another_of_one_shape_with_another_name:
        { struct Meters(f64); struct T { a: Meters } } => { struct Feet(f64); struct T { a: Feet } }
    generic_argument_inside_the_same_generic:
        { struct Page<I> { items: Vec<I> } struct T { a: Page<Page<u32>> } }
        => { struct Page<I> { items: Vec<I> } struct T { a: Page<Page<u64>> } }
    change_of_an_adjacently_tagged_content:
        { #[serde(tag = "t", content = "c")] enum T { A(u8), B(Vec<u8>), C(u8) } }
        => { #[serde(tag = "t", content = "c")] enum T { A(u8), B(Vec<i8>), C(u8) } }
    change_of_an_enum_in_an_adjacently_tagged_content:
        { enum E { X, Y(u8) } #[serde(tag = "t", content = "c")] enum T { A(u8), B(E), C(u8) } }
        => { enum E { X, Y(i8) } #[serde(tag = "t", content = "c")] enum T { A(u8), B(E), C(u8) } }
    change_behind_a_value_that_must_not_be_zero:
        { struct T { a: NonZeroU8, b: u8 } } => { struct T { a: NonZeroU8, b: i8 } }
    change_behind_a_checked_text:
        { struct T { a: Email, b: u8 } } => { struct T { a: Email, b: i8 } }
    change_beside_a_checked_text_by_position:
        { struct T(u8, Option<i8>, Email); } => { struct T(u8, Option<u8>, Email); }
    change_of_what_a_checked_type_reads:
        { struct R { x: u8 } struct T { a: Vec<Checked<R>> } }
        => { struct R { x: i8 } struct T { a: Vec<Checked<R>> } }
    one_checked_text_for_another:
        { struct T { a: Email } } => { struct T { a: Never } }
    checked_text_to_text:
        { struct T { a: Email } } => { struct T { a: String } }
    change_behind_a_wrapper:
        { #[serde(transparent)] struct A { x: u8 } struct T { a: A } }
        => { #[serde(transparent)] struct A { x: i8 } struct T { a: A } }
    change_behind_a_struct_in_a_pair:
        { struct A { x: u8, y: Vec<E> } enum E { P(Box<A>), Q } struct B { z: u8 } struct T(A, E, B); }
        => { struct A { x: u8, y: Vec<E> } enum E { P(Box<A>), Q } struct B { z: i8 } struct T(A, E, B); }
    change_behind_many_things_in_a_tuple:
        { struct T(NonZeroU8, char, IpAddr, Duration, Range<u8>, SystemTime, Box<str>, HashMap<u8, Email>, Uuid, u8); }
        => { struct T(NonZeroU8, char, IpAddr, Duration, Range<u8>, SystemTime, Box<str>, HashMap<u8, Email>, Uuid, i8); }
    change_of_the_second_of_two_variants_of_one_form:
        { enum T { A(u8, u8), B(u8, u8), C { x: u8 }, D { x: u8 } } }
        => { enum T { A(u8, u8), B(u8, i8), C { x: u8 }, D { x: u8 } } }
    change_of_the_second_of_two_variants_of_one_form_with_names:
        { enum T { A(u8, u8), B(u8, u8), C { x: u8 }, D { x: u8 } } }
        => { enum T { A(u8, u8), B(u8, u8), C { x: u8 }, D { x: i8 } } }
    another_type_behind_a_checked_text_in_a_pair:
        { struct A { x: u8 } struct T { a: Vec<(Email, A)> } } => { struct B { x: u8 } struct T { a: Vec<(Email, B)> } }
    changed_key_behind_text:
        { struct T { a: HashMap<Email, u8> } } => { struct T { a: HashMap<Email, i8> } }
    variant_of_an_adjacently_tagged_enum_with_fields:
        { #[serde(tag = "t", content = "c")] enum T { A(S), B } struct S { x: u8, y: Option<u8> } }
        => { #[serde(tag = "t", content = "c")] enum T { A(S), B } struct S { x: u8, z: Option<u8> } }
    renamed_type_that_asks_the_bytes:
        { #[serde(untagged)] enum A { X(u8) } struct T { a: A } } => { #[serde(untagged)] enum B { X(u8) } struct T { a: B } }
    renamed_type_with_a_flattened_part:
        { struct F { x: u8 } struct A { #[serde(flatten)] f: F } struct T { a: Vec<A> } }
        => { struct F { x: u8 } struct B { #[serde(flatten)] f: F } struct T { a: Vec<B> } }
    change_behind_a_checked_pair:
        { struct T { a: Ends, b: Vec<u8> } } => { struct T { a: Ends, b: Vec<i8> } }
    change_behind_a_collection_that_must_not_be_empty:
        { struct T { a: NonEmpty, b: Option<u8>, c: E } enum E { A, B(u8) } }
        => { struct T { a: NonEmpty, b: Option<u8>, c: E } enum E { A, B(i8) } }
}

/// A type that is made of another, by code that is never to be called.
macro_rules! checked {
    ($($name:ident from $raw:literal $ty:ty;)*) => {
        $(
            #[derive(Deserialize, PartialEq, Eq, Hash)]
            #[serde(try_from = $raw)]
            pub(super) struct $name;

            impl TryFrom<$ty> for $name {
                type Error = String;

                fn try_from(_: $ty) -> Result<Self, String> {
                    panic!("an invented value")
                }
            }
        )*
    };
}

checked! {
    Email from "String" String;
    Never from "String" String;
    Ends from "RawEnds" RawEnds;
    NonEmpty from "Vec<u8>" Vec<u8>;
}

/// The same for any type.
pub(super) struct Checked<R>(PhantomData<R>);

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = R::deserialize(deserializer)?;
        panic!("an invented value")
    }
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct RawEnds {
    start: u32,
    end: u32,
}

#[test]
fn what_a_checked_type_reads_is_seen_and_the_type_is_named() {
    for human_readable in [false, true] {
        let seen = inspect::<Vec<Option<Ends>>>(human_readable);
        assert!(seen.opaque && !seen.partial);
        assert_ne!(seen.hash, of::<Vec<Option<RawEnds>>>(human_readable));
        // Only elements come one after the other.
        assert!(!inspect::<HashMap<Email, Ends>>(human_readable).partial);
        assert!(inspect::<(Email, u8)>(human_readable).partial);
        assert!(!inspect::<(u8, Email)>(human_readable).partial);
        assert!(!inspect::<(Option<Email>, Vec<Email>, u8)>(human_readable).partial);
    }
}

#[test]
fn codecs_that_differ_in_readability_see_different_shapes() {
    assert_ne!(of::<IpAddr>(true), of::<IpAddr>(false));
    assert_eq!(of::<String>(true), of::<String>(false));
}
