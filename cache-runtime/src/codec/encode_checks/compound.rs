//! The parts of compounds, each checked in its turn.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::EncodeScope;

pub(crate) struct CheckedParts<'v, S> {
    pub(crate) inner: S,
    pub(crate) scope: EncodeScope<'v>,
    /// Elements are counted one by one, since their number was not told.
    pub(crate) counted: bool,
}

impl<S> CheckedParts<'_, S> {
    fn may_skip<E: Error>(&self, key: &'static str) -> Result<(), E> {
        if self.scope.rules.positional {
            return Err(self.scope.refuse(format_args!(
                "field `{key}` is left out, and this codec finds fields by position; use Json or MessagePack"
            )));
        }
        Ok(())
    }
}

macro_rules! sequence {
    ($($serialize:ident, $method:ident;)*) => {
        $(
            impl<S: $serialize> $serialize for CheckedParts<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                    if self.counted {
                        self.scope.count(1);
                    }
                    self.inner.$method(&self.scope.wrap(value))
                }

                #[inline]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

sequence! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! named {
    ($($serialize:ident;)*) => {
        $(
            impl<S: $serialize> $serialize for CheckedParts<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    key: &'static str,
                    value: &T,
                ) -> Result<(), S::Error> {
                    self.inner.serialize_field(key, &self.scope.wrap(value))
                }

                fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                    self.may_skip(key)?;
                    self.inner.skip_field(key)
                }

                #[inline]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

named! {
    SerializeStruct;
    SerializeStructVariant;
}

impl<S: SerializeMap> SerializeMap for CheckedParts<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        if self.counted {
            self.scope.count(1);
        }
        self.inner.serialize_key(&self.scope.wrap(key))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&self.scope.wrap(value))
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
