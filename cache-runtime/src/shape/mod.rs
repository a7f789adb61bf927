//! Values in parts: how a value becomes a hash, a set, a sorted set or a list of Redis, and what a type must do for that.
//!
//! A function with the option `shape` stores its value in one of these types, so that [`ShapedEntry`](crate::ShapedEntry) can ask for a part of it
//! without the rest. The guide's page [Shapes](https://github.com/redis-cached/redis-cached/blob/main/docs/shapes.md) says when that pays.
//!
//! | shape | values |
//! | --- | --- |
//! | [`Hash`](struct@Hash) | structs with `#[derive(Fields)]`; `HashMap` and `BTreeMap` |
//! | [`Set`] | `HashSet` and `BTreeSet` |
//! | [`SortedSet`] | `Vec<(M, f64)>`; `HashMap` and `BTreeMap` to `f64` |
//! | [`List`] | `Vec` and `VecDeque` |
//!
//! Also an `Option` of each, and a `Box` or an `Arc` around it.

mod fields;
mod members;
mod values;

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{Codec, CodecError};
use crate::store::vocabulary::parts::{
    PartBytes, PartsBuffer, PartsPayload, ShapeKind, checked, score_name, with_check,
};

pub use fields::{Field, FieldSet, HoldsFields};
pub use members::{Element, HasElements, HasEntries, HasMembers, HasScores};

/// `shape = Hash`: each field of the value, or each entry of a map, is a field of a hash.
#[derive(Debug, Clone, Copy)]
pub struct Hash;

/// `shape = Set`: each element of the value is a member of a set.
#[derive(Debug, Clone, Copy)]
pub struct Set;

/// `shape = SortedSet`: each element of the value is a member of a sorted set, with its score.
#[derive(Debug, Clone, Copy)]
pub struct SortedSet;

/// `shape = List`: each element of the value is an element of a list.
#[derive(Debug, Clone, Copy)]
pub struct List;

/// One of the four shapes.
pub trait Shape: sealed::HasKind + Send + Sync + 'static {}

mod sealed {
    use crate::store::vocabulary::parts::ShapeKind;

    pub trait HasKind {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "the trait is sealed")]
        const KIND: ShapeKind;
    }
}

macro_rules! shapes {
    ($($shape:ident)*) => {
        $(
            impl sealed::HasKind for $shape {
                #[allow(private_interfaces, reason = "the trait is sealed")]
                const KIND: ShapeKind = ShapeKind::$shape;
            }

            impl Shape for $shape {}
        )*
    };
}
shapes!(Hash Set SortedSet List);

/// A type whose values can be stored in a shape, part by part. `#[derive(Fields)]` implements it for [`Hash`](struct@Hash).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored with `shape = {S}`",
    label = "this value has no such parts",
    note = "`Hash` takes structs with `#[derive(redis_cached::Fields)]` and maps; `Set` takes `HashSet` and `BTreeSet`",
    note = "`SortedSet` takes `Vec<(M, f64)>` and maps to `f64`; `List` takes `Vec` and `VecDeque`; each takes an `Option` of these"
)]
pub trait InShape<S: Shape>: Sized {
    /// Writes each part of the value.
    ///
    /// # Errors
    /// If a part cannot be encoded. The value is then returned without being stored, and counted as `unstorable`.
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError>;

    /// Reads the value from its parts.
    ///
    /// # Errors
    /// If a part is missing or damaged. The look-up is then a miss.
    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError>;
}

/// Where a value writes its parts.
#[allow(missing_debug_implementations, reason = "lives within one call")]
pub struct PartsWriter<'o, C> {
    parts: PartsBuffer<'o>,
    elements: usize,
    codec: PhantomData<fn() -> C>,
}

impl<C: Codec> PartsWriter<'_, C> {
    /// Writes a field of a hash.
    ///
    /// # Errors
    /// If its value cannot be encoded.
    pub fn field<F: Serialize + ?Sized>(&mut self, name: &str, value: &F) -> Result<(), CodecError> {
        self.named(name.as_bytes(), value)
    }

    fn named<F: Serialize + ?Sized>(&mut self, name: &[u8], value: &F) -> Result<(), CodecError> {
        self.elements += self.parts.part(name, name, |out| C::encode_counted(value, out))?;
        Ok(())
    }

    /// Writes an element of a list.
    fn element<F: Serialize + ?Sized>(&mut self, value: &F) -> Result<(), CodecError> {
        self.elements += self.parts.part(&[], &[], |out| C::encode_counted(value, out))?;
        Ok(())
    }

    /// The value is `None`.
    fn none(&mut self) {
        self.parts.none();
    }
}

/// Where a value reads its parts.
#[allow(missing_debug_implementations, reason = "lives within one call")]
pub struct PartsReader<'b, C> {
    parts: PartsPayload<'b>,
    all: Vec<PartBytes<'b>>,
    /// Of a hash.
    by_name: HashMap<&'b [u8], &'b [u8]>,
    codec: PhantomData<fn() -> C>,
}

impl<'b, C: Codec> PartsReader<'b, C> {
    fn new(payload: &'b [u8], kind: ShapeKind) -> Option<Self> {
        let parts = PartsPayload::of(payload).filter(|parts| parts.kind == kind)?;
        let all = parts.all()?;
        let by_name = match kind {
            ShapeKind::Hash => all.iter().copied().collect(),
            _ => HashMap::new(),
        };
        Some(Self { parts, all, by_name, codec: PhantomData })
    }

    /// Reads a field of a hash.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub fn field<F: DeserializeOwned>(&mut self, name: &str) -> Result<F, CodecError> {
        let part = self.by_name.get(name.as_bytes()).ok_or_else(|| missing(name))?;
        decode::<C, F>(name.as_bytes(), part)
    }
}

fn missing(name: &str) -> CodecError {
    CodecError::new(format_args!("there is no field `{name}`"))
}

fn damaged() -> CodecError {
    CodecError::new("the parts of the value are damaged")
}

/// The value of a part, if it is as it was written.
pub(crate) fn decode<C: Codec, F: DeserializeOwned>(name: &[u8], part: &[u8]) -> Result<F, CodecError> {
    let payload = checked(name, part).ok_or_else(damaged)?;
    C::decode_stored(payload, payload.len())
}

/// A part as it is stored.
pub(crate) fn encode<C: Codec, F: Serialize + ?Sized>(name: &[u8], value: &F) -> Result<Vec<u8>, CodecError> {
    let mut payload = Vec::new();
    C::encode(value, &mut payload)?;
    Ok(with_check(name, &payload))
}

/// A value as the payload of an entry.
pub(crate) fn encode_whole<T: InShape<S>, C: Codec, S: Shape>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<usize, CodecError> {
    let mut writer =
        PartsWriter::<C> { parts: PartsBuffer::new(S::KIND, out), elements: 0, codec: PhantomData };
    value.write_parts(&mut writer)?;
    let PartsWriter { parts, elements, .. } = writer;
    parts.finish();
    Ok(elements)
}

/// The value that a payload is.
pub(crate) fn decode_whole<T: InShape<S>, C: Codec, S: Shape>(
    payload: &[u8],
    _: usize,
) -> Result<T, CodecError> {
    T::read_parts(&mut PartsReader::<C>::new(payload, S::KIND).ok_or_else(damaged)?)
}

/// Which shape.
pub(crate) const fn kind<S: Shape>() -> ShapeKind {
    S::KIND
}

/// How a map's key is called in a hash: no field of a struct begins so.
pub(crate) fn key_name<C: Codec, K: Serialize + ?Sized>(key: &K) -> Result<Vec<u8>, CodecError> {
    let mut name = vec![b':'];
    C::encode(key, &mut name)?;
    Ok(name)
}

fn scored_part(score: f64) -> Result<[u8; 8], CodecError> {
    if score.is_nan() || score == f64::NEG_INFINITY {
        return Err(CodecError::new(
            "a score is not a number, or is negative infinity, at which Redis has what belongs to the entry",
        ));
    }
    Ok(score_name(score))
}

#[cfg(test)]
mod tests;
