//! A serializer around any other that refuses what would not be read back as it is.
//!
//! Why on the way in? A value that is lost in writing costs a computation each time; one that comes back changed is a
//! wrong answer. Three of serde's freedoms change values silently in some format: positional formats cannot see that
//! `skip_serializing_if` left a field out, formats without a tag for options write `Some(None)` like `None`, and JSON
//! writes NaN like `None`. And what is nested deeper than `bounded` reads would be written for nothing.

mod compound;

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
};

use serde::ser::{Error, Serialize, Serializer};

use self::compound::CheckedParts;
use super::CodecError;
use super::decode_limits::{MAX_CONTAINERS, MAX_WRAPPERS};
use super::null::is_null;

/// What a format cannot express.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// Fields are found by position, so none may be left out.
    pub(crate) positional: bool,
    /// `Some(x)` is written as `x`, so `x` must not look like `None`.
    pub(crate) untagged_options: bool,
    /// There is no notation for NaN and the infinities.
    pub(crate) finite: bool,
}

/// What was noticed of a value as a whole.
#[derive(Default)]
struct Notes {
    /// Why it was refused. Kept beside the codec's own error, since not every one of those carries a text.
    reason: RefCell<Option<String>>,
    elements: Cell<usize>,
}

/// Runs `write` with the value, checked, and says how many elements a reader will count at most: those of sequences and maps, the
/// end of each, and where a type may ask the bytes what they are, structs and enums, which are maps to it.
pub(crate) fn checked<T: ?Sized, R, E: Display>(
    value: &T,
    rules: Rules,
    write: impl FnOnce(Checked<'_, T>) -> Result<R, E>,
) -> Result<usize, CodecError> {
    let notes = Notes::default();
    let scope = EncodeScope {
        rules,
        notes: &notes,
        // One less than reading allows: `serde_json` stops there by itself, and an entry is one thing in any codec.
        containers: MAX_CONTAINERS - 1,
        wrappers: MAX_WRAPPERS,
    };
    match write(scope.wrap(value)) {
        Ok(_) => Ok(notes.elements.get()),
        Err(error) => Err(match notes.reason.take() {
            Some(reason) => CodecError::new(reason),
            None => CodecError::new(error),
        }),
    }
}

#[derive(Clone, Copy)]
struct EncodeScope<'v> {
    rules: Rules,
    notes: &'v Notes,
    containers: u8,
    wrappers: u16,
}

impl<'v> EncodeScope<'v> {
    #[inline]
    fn container<E: Error>(mut self) -> Result<Self, E> {
        self.containers = self.containers.checked_sub(1).ok_or_else(|| self.too_deep())?;
        Ok(self)
    }

    #[inline]
    fn wrapper<E: Error>(mut self) -> Result<Self, E> {
        self.wrappers = self.wrappers.checked_sub(1).ok_or_else(|| self.too_deep())?;
        Ok(self)
    }

    #[inline]
    fn count(self, elements: usize) {
        let all = &self.notes.elements;
        all.set(all.get().saturating_add(elements));
    }

    /// Parts that are elements only to a type that asks the bytes what they are.
    #[inline]
    fn count_fixed(self, parts: usize) {
        if !self.rules.positional {
            self.count(parts.saturating_add(1));
        }
    }

    fn finite<E: Error>(self, is_finite: bool) -> Result<(), E> {
        if self.rules.finite && !is_finite {
            return Err(self.refuse("a float that is not finite is written as null and not read back"));
        }
        Ok(())
    }

    #[inline]
    fn wrap<T: ?Sized>(self, value: &'v T) -> Checked<'v, T> {
        Checked { value, scope: self }
    }

    #[cold]
    fn too_deep<E: Error>(self) -> E {
        self.refuse("the value is nested more deeply than it could be read back")
    }

    #[cold]
    fn refuse<E: Error>(self, reason: impl Display) -> E {
        let error = E::custom(&reason);
        self.notes.reason.replace(Some(reason.to_string()));
        error
    }
}

/// A value whose serialization is checked.
pub(crate) struct Checked<'v, T: ?Sized> {
    value: &'v T,
    scope: EncodeScope<'v>,
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Checking { inner, scope: self.scope })
    }
}

struct Checking<'v, S> {
    inner: S,
    scope: EncodeScope<'v>,
}

macro_rules! pass_on {
    ($($method:ident($($arg:ident: $ty:ty),*);)*) => {
        $(
            #[inline]
            fn $method(self, $($arg: $ty),*) -> Result<S::Ok, S::Error> {
                self.inner.$method($($arg),*)
            }
        )*
    };
}

/// Compounds whose number of parts is in their type. The last argument is that number.
macro_rules! compounds {
    ($($method:ident($($name:ident)?) -> $parts:ident;)*) => {
        $(
            #[inline]
            fn $method(self, $($name: &'static str,)? len: usize) -> Result<Self::$parts, S::Error> {
                let scope = self.scope.container()?;
                scope.count_fixed(len);
                let inner = self.inner.$method($($name,)? len)?;
                Ok(CheckedParts { inner, scope, counted: false })
            }
        )*
    };
}

/// Compounds whose number of parts is in the bytes.
macro_rules! collections {
    ($($method:ident -> $parts:ident;)*) => {
        $(
            #[inline]
            fn $method(self, len: Option<usize>) -> Result<Self::$parts, S::Error> {
                let scope = self.scope.container()?;
                scope.count(len.unwrap_or(0).saturating_add(1));
                let inner = self.inner.$method(len)?;
                Ok(CheckedParts { inner, scope, counted: len.is_none() })
            }
        )*
    };
}

impl<'v, S: Serializer> Serializer for Checking<'v, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = CheckedParts<'v, S::SerializeSeq>;
    type SerializeTuple = CheckedParts<'v, S::SerializeTuple>;
    type SerializeTupleStruct = CheckedParts<'v, S::SerializeTupleStruct>;
    type SerializeTupleVariant = CheckedParts<'v, S::SerializeTupleVariant>;
    type SerializeMap = CheckedParts<'v, S::SerializeMap>;
    type SerializeStruct = CheckedParts<'v, S::SerializeStruct>;
    type SerializeStructVariant = CheckedParts<'v, S::SerializeStructVariant>;

    pass_on! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    compounds! {
        serialize_tuple() -> SerializeTuple;
        serialize_tuple_struct(name) -> SerializeTupleStruct;
        serialize_struct(name) -> SerializeStruct;
    }

    collections! {
        serialize_seq -> SerializeSeq;
        serialize_map -> SerializeMap;
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.scope.finite(value.is_finite())?;
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.scope.finite(value.is_finite())?;
        self.inner.serialize_f64(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let scope = self.scope.wrapper()?;
        if scope.rules.untagged_options && is_null(value) {
            return Err(scope.refuse("`Some` of a value that is written as null would be read as `None`"));
        }
        self.inner.serialize_some(&scope.wrap(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let scope = self.scope.wrapper()?;
        self.inner.serialize_newtype_struct(name, &scope.wrap(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let scope = self.scope.container()?;
        scope.count_fixed(1);
        let value = scope.wrap(value);
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        // Two levels, as reading counts them: the enum, and what is in it.
        let scope = self.scope.container()?.container()?;
        scope.count_fixed(1);
        scope.count_fixed(len);
        let inner = self.inner.serialize_tuple_variant(name, index, variant, len)?;
        Ok(CheckedParts { inner, scope, counted: false })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let scope = self.scope.container()?.container()?;
        scope.count_fixed(1);
        scope.count_fixed(len);
        let inner = self.inner.serialize_struct_variant(name, index, variant, len)?;
        Ok(CheckedParts { inner, scope, counted: false })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
