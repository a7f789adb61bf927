//! What an expansion asks of the types of a function's signature.

use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type whose values can be cached: everything that serde can write and read back as an owned value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "this type must be `serde::Serialize` and `serde::Deserialize`",
    note = "derive them: `#[derive(serde::Serialize, serde::Deserialize)]`; a value that borrows cannot be read back: return an owned one",
    note = "a type parameter in it needs `T: serde::Serialize + serde::de::DeserializeOwned`"
)]
pub trait Cacheable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Cacheable for T {}

/// A type that has a `None`, which `negative_ttl` is about.
#[diagnostic::on_unimplemented(
    message = "`negative_ttl` needs a function that returns `Option<T>` or `Result<Option<T>, E>`, and `{Self}` has no `None`",
    label = "leave out `negative_ttl`, or return an `Option`"
)]
pub trait Nullable {}

impl<T> Nullable for Option<T> {}
impl<T: Nullable> Nullable for Box<T> {}
impl<T: Nullable> Nullable for Arc<T> {}
impl<T: Nullable> Nullable for Rc<T> {}

/// A `Result`, whatever name it goes by: how an expansion names the types inside an alias.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken for a `Result` and is none",
    label = "this must be a `Result`",
    note = "a generic type whose name ends in `Result` must be one: return it under another name, `type Found = {Self};`, or write `entry = false`",
    note = "`negative` needs one, since it is about its errors"
)]
pub trait Fallible {
    /// The type of `Ok`.
    type Ok;
    /// The type of `Err`.
    type Error;

    /// The same by reference.
    ///
    /// # Errors
    /// Where it is an error.
    fn as_result(&self) -> Result<&Self::Ok, &Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Error = E;

    #[inline]
    fn as_result(&self) -> Result<&T, &E> {
        self.as_ref()
    }
}

/// The type of `Ok` of a `Result` alias.
pub type OkOf<R> = <R as Fallible>::Ok;

/// The type of `Err` of a `Result` alias.
pub type ErrorOf<R> = <R as Fallible>::Error;
