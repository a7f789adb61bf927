//! Questions about a value that its first call to a serializer answers, so that nothing of it is walked.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// What is not a value like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// There is none.
    None,
    /// The `Err` of a `Result`.
    Err,
}

/// What the value is, seen through references, boxes and newtypes as serde sees through them, through `Ok`, and an `Err` also
/// through `Some`.
pub(crate) fn special<T: Serialize + ?Sized>(value: &T) -> Option<Special> {
    value.serialize(Probe { all_nulls: false, inside: false }).ok()
}

/// Whether a format that writes options without a tag writes the value as null, and so would take it for a `None`.
pub(crate) fn is_null<T: Serialize + ?Sized>(value: &T) -> bool {
    matches!(value.serialize(Probe { all_nulls: true, inside: false }), Ok(Special::None))
}

/// `Ok` is an answer, an error is none: an error stops every implementation of `Serialize` at once.
#[derive(Clone, Copy)]
struct Probe {
    all_nulls: bool,
    /// Inside of a `Some`, where a `None` is part of a value.
    inside: bool,
}

impl Probe {
    fn none(self) -> Result<Special, No> {
        if self.inside { Err(No) } else { Ok(Special::None) }
    }

    fn unit(self) -> Result<Special, No> {
        if self.all_nulls { self.none() } else { Err(No) }
    }
}

#[derive(Debug)]
struct No;

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not null")
    }
}

impl std::error::Error for No {}

impl ser::Error for No {
    fn custom<T: fmt::Display>(_: T) -> Self {
        No
    }
}

macro_rules! no {
    ($($method:ident($ty:ty);)*) => {
        $(fn $method(self, _: $ty) -> Result<Special, No> {
            Err(No)
        })*
    };
}

impl Serializer for Probe {
    type Ok = Special;
    type Error = No;
    type SerializeSeq = Impossible<Special, No>;
    type SerializeTuple = Impossible<Special, No>;
    type SerializeTupleStruct = Impossible<Special, No>;
    type SerializeTupleVariant = Impossible<Special, No>;
    type SerializeMap = Impossible<Special, No>;
    type SerializeStruct = Impossible<Special, No>;
    type SerializeStructVariant = Impossible<Special, No>;

    fn serialize_none(self) -> Result<Special, No> {
        self.none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Special, No> {
        // `Some(None)` is not a `None`, but such a format writes it like one.
        value.serialize(Self { inside: !self.all_nulls, ..self })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Special, No> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Special, No> {
        self.unit()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Special, No> {
        self.unit()
    }

    no! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Special, No> {
        Err(No)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Special, No> {
        match variant {
            // Written with the variant's name, whatever is inside.
            _ if self.all_nulls || name != "Result" => Err(No),
            "Err" => Ok(Special::Err),
            "Ok" => value.serialize(self),
            _ => Err(No),
        }
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, No> {
        Err(No)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, No> {
        Err(No)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, No> {
        Err(No)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, No> {
        Err(No)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, No> {
        Err(No)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, No> {
        Err(No)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, No> {
        Err(No)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<Special, No> {
        // The default would format the value first.
        Err(No)
    }
}
