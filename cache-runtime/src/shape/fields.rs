//! Fields of values that are stored as hashes.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Element, decode};
use crate::codec::{Codec, CodecError};

/// A field of `T`, of the type `F`: `User::NAME`. Made by `#[derive(Fields)]`.
pub struct Field<T, F> {
    name: &'static str,
    of: fn(&T) -> &F,
}

impl<T, F> Field<T, F> {
    /// The field of this name, and how to find it in a value. For `#[derive(Fields)]`.
    pub const fn new(name: &'static str, of: fn(&T) -> &F) -> Self {
        Self { name, of }
    }

    /// Its name, as it is in Redis.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The field of a value.
    pub fn of<'v>(&self, value: &'v T) -> &'v F {
        (self.of)(value)
    }
}

impl<T, F> Clone for Field<T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for Field<T, F> {}

impl<T, F> fmt::Debug for Field<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.name).finish()
    }
}

/// A value that has the fields of `U`, if it is there: `U` itself, an `Option` of it, a `Box` or an `Arc`.
#[diagnostic::on_unimplemented(
    message = "the entry's value is no `{U}`, whose field this is",
    label = "a field of another type"
)]
pub trait HoldsFields<U> {}

impl<U> HoldsFields<U> for U {}
impl<U> HoldsFields<U> for Option<U> {}
impl<U> HoldsFields<U> for Box<U> {}
impl<U> HoldsFields<U> for Arc<U> {}

/// One field of `U`, or a tuple of two to eight: what is asked for by one command.
pub trait FieldSet<U>: Send {
    /// The type of a field, or the tuple of their types.
    type Values: Send + 'static;

    /// The names of the fields, in their order.
    fn names(&self) -> Vec<&'static str>;

    /// The values of as many parts.
    ///
    /// # Errors
    /// If a part is missing or damaged.
    fn decode<C: Codec>(&self, parts: &[Option<Vec<u8>>]) -> Result<Self::Values, CodecError>;
}

fn one<C: Codec, F: DeserializeOwned>(name: &str, part: Option<&Option<Vec<u8>>>) -> Result<F, CodecError> {
    let part = part.and_then(Option::as_deref).ok_or_else(|| super::missing(name))?;
    decode::<C, F>(name.as_bytes(), part)
}

impl<U, F: Element> FieldSet<U> for Field<U, F> {
    type Values = F;

    fn names(&self) -> Vec<&'static str> {
        vec![self.name]
    }

    fn decode<C: Codec>(&self, parts: &[Option<Vec<u8>>]) -> Result<F, CodecError> {
        one::<C, F>(self.name, parts.first())
    }
}

macro_rules! tuples {
    ($(($($field:ident $at:tt),*))*) => {
        $(
            impl<U, $($field: Element),*> FieldSet<U> for ($(Field<U, $field>,)*) {
                type Values = ($($field,)*);

                fn names(&self) -> Vec<&'static str> {
                    vec![$(self.$at.name),*]
                }

                fn decode<C: Codec>(&self, parts: &[Option<Vec<u8>>]) -> Result<Self::Values, CodecError> {
                    Ok(($(one::<C, $field>(self.$at.name, parts.get($at))?,)*))
                }
            }
        )*
    };
}
tuples! {
    (A 0, B 1)
    (A 0, B 1, D 2)
    (A 0, B 1, D 2, E 3)
    (A 0, B 1, D 2, E 3, F 4)
    (A 0, B 1, D 2, E 3, F 4, G 5)
    (A 0, B 1, D 2, E 3, F 4, G 5, H 6)
    (A 0, B 1, D 2, E 3, F 4, G 5, H 6, I 7)
}
