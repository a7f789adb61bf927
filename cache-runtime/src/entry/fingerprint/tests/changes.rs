use serde::{Deserialize, de::DeserializeOwned};
use std::collections::HashMap;

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
    renamed_field_of_an_untagged_variant:
        { #[serde(untagged)] enum T { A { x: u8, y: u8 }, B(String) } }
        => { #[serde(untagged)] enum T { A { x: u8, z: u8 }, B(String) } }
    changed_field_of_an_untagged_variant:
        { #[serde(untagged)] enum T { A { x: u8, y: u8 }, B(String) } }
        => { #[serde(untagged)] enum T { A { x: u8, y: f64 }, B(String) } }
    changed_content_of_an_untagged_newtype:
        { #[serde(untagged)] enum T { A(u8), B(String) } }
        => { #[serde(untagged)] enum T { A(u8), B(bool) } }
    renamed_field_of_an_internally_tagged_variant:
        { #[serde(tag = "t")] enum T { A { x: u8 }, B { y: u8 }, C } }
        => { #[serde(tag = "t")] enum T { A { x: u8 }, B { z: u8 }, C } }
    changed_field_of_an_internally_tagged_variant:
        { #[serde(tag = "t")] enum T { A { x: u8 }, B { y: u8 }, C } }
        => { #[serde(tag = "t")] enum T { A { x: u8 }, B { y: String }, C } }
    added_variant_of_an_internally_tagged_enum:
        { #[serde(tag = "t")] enum T { A { x: u8 }, B } }
        => { #[serde(tag = "t")] enum T { A { x: u8 }, B, C } }
    renamed_field_of_a_flattened_struct:
        { struct A { x: u8, y: u8 } struct T { a: u8, #[serde(flatten)] b: A } }
        => { struct A { x: u8, z: u8 } struct T { a: u8, #[serde(flatten)] b: A } }
    changed_field_beside_a_flattened_struct:
        { struct A { x: u8 } struct T { a: u8, #[serde(flatten)] b: A } }
        => { struct A { x: u8 } struct T { a: u16, #[serde(flatten)] b: A } }
    changed_field_of_a_flattened_struct:
        { struct A { x: u8 } struct T { a: u8, #[serde(flatten)] b: A } }
        => { struct A { x: String } struct T { a: u8, #[serde(flatten)] b: A } }
    change_behind_a_value_that_must_not_be_zero:
        { struct T { a: std::num::NonZeroU8, b: u8 } } => { struct T { a: std::num::NonZeroU8, b: i8 } }
    change_behind_a_checked_text:
        { struct T { a: Email, b: u8 } } => { struct T { a: Email, b: i8 } }
    change_behind_a_text_that_no_candidate_satisfies:
        { struct T { a: Never, b: u8 } } => { struct T { a: Never, b: i8 } }
    change_behind_a_checked_pair:
        { struct T { a: Range, b: Vec<u8> } } => { struct T { a: Range, b: Vec<i8> } }
    change_behind_a_collection_that_must_not_be_empty:
        { struct T { a: NonEmpty, b: Option<u8>, c: E } enum E { A, B(u8) } }
        => { struct T { a: NonEmpty, b: Option<u8>, c: E } enum E { A, B(i8) } }
}

/// Refuses texts without an `@`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Email;

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.contains('@') { Ok(Email) } else { Err(text) }
    }
}

/// Refuses every text that anybody would think of.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Never;

impl TryFrom<String> for Never {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "xyzzy 17" { Ok(Never) } else { Err(text) }
    }
}

/// Refuses an end that is not behind the start.
#[derive(Deserialize)]
#[serde(try_from = "Ends")]
pub(super) struct Range;

#[derive(Deserialize)]
struct Ends {
    start: u32,
    end: u32,
}

impl TryFrom<Ends> for Range {
    type Error = String;

    fn try_from(ends: Ends) -> Result<Self, String> {
        if ends.start < ends.end { Ok(Range) } else { Err("empty".into()) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Vec<u8>")]
pub(super) struct NonEmpty;

impl TryFrom<Vec<u8>> for NonEmpty {
    type Error = String;

    fn try_from(items: Vec<u8>) -> Result<Self, String> {
        if items.is_empty() { Err("empty".into()) } else { Ok(NonEmpty) }
    }
}

fn is_seen_through<T: DeserializeOwned>() {
    assert!(!inspect::<T>(false).opaque);
    assert!(!inspect::<T>(true).opaque);
}

#[test]
fn checked_types_are_seen_through() {
    is_seen_through::<Email>();
    is_seen_through::<Range>();
    is_seen_through::<NonEmpty>();
    is_seen_through::<Vec<Option<(Email, Range)>>>();
}

#[test]
fn a_type_without_a_value_is_said_to_be_opaque() {
    assert!(inspect::<Never>(false).opaque);
    assert!(inspect::<Vec<(u8, Never)>>(false).opaque);
}

#[test]
fn codecs_that_differ_in_readability_see_different_shapes() {
    assert_ne!(of::<std::net::Ipv4Addr>(true), of::<std::net::Ipv4Addr>(false));
    assert_eq!(of::<String>(true), of::<String>(false));
}
