//! A deserializer that counts, around any other.
//!
//! Why our own and not each codec's limits? They differ or are missing: `serde_json` bounds depth, `rmp-serde` bounds
//! the depth of arrays and maps but not of enums and options, `bincode` and `postcard` bound nothing, and none bounds
//! elements that take no bytes. One wrapper gives every codec the same promise, which is the one that the docs state.
//!
//! What is counted, and how:
//!
//! - **Depth** travels by value with each nested deserializer, so it needs no undoing, also where a type catches an
//!   error and goes on. Options and newtypes have their own, larger allowance: they take no bytes in some codecs, so
//!   `struct L(Option<Box<L>>)` would recurse for ever in JSON, but they are also in every ordinary linked structure.
//! - **Elements** of sequences and maps come out of one budget, which the bytes that are *stored* pay for: of a compressed payload
//!   those before it was decompressed, so that a kilobyte of them does not become a million strings. Tuples and structs are not charged: their length is in
//!   the type. Where the bytes claim a number, it is charged at once, and the codec gives no more; where they do not, as
//!   in JSON, each element is. Scalars are never wrapped, so a byte vector costs what it does without us.
//! - **Size hints** come out of a second one, an element for each payload byte, and at most eight for each stored one, never
//!   given back. Elements nearly
//!   always take a byte, and a collection's own length takes the one that its parent would have counted for it, so
//!   honest data does not meet this bound; a chain of nested collections that each claim a million does.

mod text;
mod watch;

use std::{cell::Cell, marker::PhantomData};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, Visitor};

use self::text::OwnedText;
use self::watch::Watch;

/// Sequences, maps, tuples, structs and enums in one another.
pub(crate) const MAX_CONTAINERS: u8 = 128;
/// Options and newtypes on one path from the root.
pub(crate) const MAX_WRAPPERS: u16 = 256;
/// Elements that a payload may have beyond what its length explains.
const FREE_ELEMENTS: usize = 65_536;
const ELEMENTS_PER_BYTE: usize = 8;

/// How many elements a payload may have that takes so many bytes in the store.
fn most_elements(stored: usize) -> usize {
    stored.saturating_mul(ELEMENTS_PER_BYTE).saturating_add(FREE_ELEMENTS)
}

/// How many bytes have to be stored for so many elements to be read.
pub(crate) fn fewest_stored(elements: usize) -> usize {
    elements.saturating_sub(FREE_ELEMENTS).div_ceil(ELEMENTS_PER_BYTE)
}

/// What one payload may cost, all of its parts together.
pub(crate) struct Budget {
    elements: Cell<usize>,
    reserve: Cell<usize>,
    /// Whether the codec writes a string as it writes bytes.
    strings_are_bytes: bool,
}

impl Budget {
    /// For a payload that takes so many bytes in the store.
    pub(crate) fn new(payload: &[u8], stored: usize) -> Self {
        let reserve = stored.saturating_mul(ELEMENTS_PER_BYTE).min(payload.len());
        Budget {
            elements: Cell::new(most_elements(stored)),
            reserve: Cell::new(reserve),
            strings_are_bytes: false,
        }
    }

    /// Of a codec that writes a string as it writes bytes: see [`OwnedText`].
    #[cfg(any(feature = "bincode", feature = "postcard"))]
    pub(crate) fn with_strings_as_bytes(self) -> Self {
        Self { strings_are_bytes: true, ..self }
    }

    /// The root of a decoding that this budget pays for.
    pub(crate) fn seed<T: DeserializeOwned>(&self) -> Seed<'_, PhantomData<T>> {
        let scope = DecodeScope { containers: MAX_CONTAINERS, wrappers: MAX_WRAPPERS, budget: self };
        Seed { inner: PhantomData, scope }
    }

    #[inline]
    fn charge<E: Error>(&self, elements: usize) -> Result<(), E> {
        match self.elements.get().checked_sub(elements) {
            Some(left) => {
                self.elements.set(left);
                Ok(())
            }
            None => Err(too_many()),
        }
    }

    fn reserve(&self, hint: Option<usize>) -> Option<usize> {
        let granted = hint?.min(self.reserve.get());
        self.reserve.set(self.reserve.get() - granted);
        Some(granted)
    }
}

/// How much deeper this part of the value may go.
#[derive(Clone, Copy)]
struct DecodeScope<'b> {
    containers: u8,
    wrappers: u16,
    budget: &'b Budget,
}

impl DecodeScope<'_> {
    #[inline]
    fn container<E: Error>(mut self) -> Result<Self, E> {
        self.containers = self.containers.checked_sub(1).ok_or_else(too_deep)?;
        Ok(self)
    }

    #[inline]
    fn wrapper<E: Error>(mut self) -> Result<Self, E> {
        self.wrappers = self.wrappers.checked_sub(1).ok_or_else(too_deep)?;
        Ok(self)
    }
}

#[cold]
fn too_many<E: Error>() -> E {
    E::custom("more elements than the payload's length allows")
}

#[cold]
fn too_deep<E: Error>() -> E {
    E::custom("the value is nested too deeply")
}

pub(crate) struct Seed<'b, S> {
    inner: S,
    scope: DecodeScope<'b>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Bounded { inner, scope: self.scope })
    }
}

struct Bounded<'b, D> {
    inner: D,
    scope: DecodeScope<'b>,
}

impl<'b, D> Bounded<'b, D> {
    /// For compounds whose length the bytes decide.
    fn counting<V>(self, visitor: V) -> (D, Watch<'b, V>) {
        self.watch(visitor, true)
    }

    /// For compounds whose length the type decides.
    fn fixed<V>(self, visitor: V) -> (D, Watch<'b, V>) {
        self.watch(visitor, false)
    }

    fn watch<V>(self, visitor: V, counted: bool) -> (D, Watch<'b, V>) {
        let watch = Watch { visitor, scope: self.scope, counted };
        (self.inner, watch)
    }
}

macro_rules! scalars {
    ($($method:ident => $target:ident),* $(,)?) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
                self.inner.$target(visitor)
            }
        )*
    };
}

macro_rules! compounds {
    ($($method:ident($($arg:ident: $ty:ty),*) $watch:ident;)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
                let (inner, watch) = self.$watch(visitor);
                inner.$method($($arg,)* watch)
            }
        )*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    scalars! {
        deserialize_bool => deserialize_bool,
        deserialize_i8 => deserialize_i8,
        deserialize_i16 => deserialize_i16,
        deserialize_i32 => deserialize_i32,
        deserialize_i64 => deserialize_i64,
        deserialize_i128 => deserialize_i128,
        deserialize_u8 => deserialize_u8,
        deserialize_u16 => deserialize_u16,
        deserialize_u32 => deserialize_u32,
        deserialize_u64 => deserialize_u64,
        deserialize_u128 => deserialize_u128,
        deserialize_f32 => deserialize_f32,
        deserialize_f64 => deserialize_f64,
        deserialize_char => deserialize_char,
        deserialize_unit => deserialize_unit,
        deserialize_identifier => deserialize_identifier,
        deserialize_ignored_any => deserialize_ignored_any,
        // The owned forms ask a codec to allocate, and bincode does that by the length prefix alone. The borrowed ones
        // give a slice that is known to be there, which the visitor copies.
        deserialize_str => deserialize_str,
        deserialize_bytes => deserialize_bytes,
        deserialize_byte_buf => deserialize_bytes,
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        match self.scope.budget.strings_are_bytes {
            true => self.inner.deserialize_bytes(OwnedText(visitor)),
            false => self.inner.deserialize_str(visitor),
        }
    }

    compounds! {
        deserialize_any() counting;
        deserialize_seq() counting;
        deserialize_map() counting;
        deserialize_option() fixed;
        deserialize_tuple(len: usize) fixed;
        deserialize_newtype_struct(name: &'static str) fixed;
        deserialize_tuple_struct(name: &'static str, len: usize) fixed;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) fixed;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) fixed;
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
