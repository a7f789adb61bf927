//! What a function returns: a `Result`, whatever it is called, or a value.
//!
//! An attribute sees names, and a name says nothing for certain: `Outcome` can be an alias of a `Result`, `SearchResult` a struct.
//! The compiler knows. An inherent item of `Returned<Result<T, E>>` shadows one of the same name that all `Returned<R>` have,
//! so the same tokens mean one thing for a `Result` and another for any other type.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::Deref;

use super::bounds::Cacheable;
use super::call::{EntryBuilder, entry, shaped_entry};
use crate::api::comparison::Comparing;
use crate::api::shared_error::{Errors, Unshared};
use crate::codec::Codec;
use crate::engine::callsite::Callsite;
use crate::local::Keeping;
use crate::shape::{InShape, Shape};

/// The type that a function returns.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct Returned<R>(NoResult<R>);

/// A type of which it is not known that it is a `Result`.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct NoResult<R>(PhantomData<fn() -> R>);

impl<R> Returned<R> {
    /// The only value.
    pub const NEW: Self = Self(NoResult(PhantomData));
}

impl<T, E> Returned<Result<T, E>> {
    /// For signatures, where no method can be called.
    pub const IS_RESULT: bool = true;

    /// As a `Result`.
    #[inline]
    pub fn how(&self) -> How<Result<T, E>, true> {
        How(PhantomData)
    }
}

/// What `Returned::<R>::IS_RESULT` is where `R` is no `Result`.
pub trait Plain {
    /// Shadowed by the constant of `Returned<Result<T, E>>`.
    const IS_RESULT: bool = false;
}

impl<R> Plain for Returned<R> {}

impl<R> NoResult<R> {
    /// As a value.
    #[inline]
    pub fn how(&self) -> How<R, false> {
        How(PhantomData)
    }
}

impl<R> Deref for Returned<R> {
    type Target = NoResult<R>;

    fn deref(&self) -> &NoResult<R> {
        &self.0
    }
}

/// Whether a type is a `Result`, as a type.
#[derive(Debug)]
pub struct Is<const RESULT: bool>;

/// A return type as a `Result`: itself, or with an error that cannot be.
pub trait Parts<R> {
    /// What is stored.
    type Value;
    /// What is not.
    type Error;

    /// Takes the result of a body apart.
    fn split(returned: R) -> Result<Self::Value, Self::Error>;

    /// Puts the result of a function together.
    fn join(parts: Result<Self::Value, Self::Error>) -> R;

    /// The value, if there is one.
    fn ok(returned: &R) -> Option<&Self::Value>;
}

impl<T, E> Parts<Result<T, E>> for Is<true> {
    type Value = T;
    type Error = E;

    #[inline]
    fn split(returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    #[inline]
    fn join(parts: Result<T, E>) -> Result<T, E> {
        parts
    }

    fn ok(returned: &Result<T, E>) -> Option<&T> {
        returned.as_ref().ok()
    }
}

impl<R> Parts<R> for Is<false> {
    type Value = R;
    type Error = Infallible;

    #[inline]
    fn split(returned: R) -> Result<R, Infallible> {
        Ok(returned)
    }

    #[inline]
    fn join(parts: Result<R, Infallible>) -> R {
        let Ok(returned) = parts;
        returned
    }

    fn ok(returned: &R) -> Option<&R> {
        Some(returned)
    }
}

/// The type of the values that a function stores which returns `R`.
pub type Stored<R, const IS_RESULT: bool> = <Is<IS_RESULT> as Parts<R>>::Value;

/// How a function returns its value.
#[allow(missing_debug_implementations, reason = "lives within one body of an expansion")]
pub struct How<R, const IS_RESULT: bool>(PhantomData<fn() -> R>);

impl<R, const IS_RESULT: bool> Clone for How<R, IS_RESULT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, const IS_RESULT: bool> Copy for How<R, IS_RESULT> {}

#[allow(missing_docs, reason = "named by expansions only")]
impl<R, const IS_RESULT: bool> How<R, IS_RESULT>
where
    Is<IS_RESULT>: Parts<R>,
{
    /// Begins the entry of a call, as [`entry`] does.
    #[inline]
    pub fn entry<C: Codec>(
        self,
        callsite: (&'static Callsite, impl Fn()),
    ) -> EntryBuilder<'static, Stored<R, IS_RESULT>>
    where
        Stored<R, IS_RESULT>: Cacheable,
    {
        entry::<Stored<R, IS_RESULT>, C>(callsite)
    }

    /// The same for a value in parts.
    #[inline]
    pub fn shaped_entry<C: Codec, S: Shape>(
        self,
        callsite: (&'static Callsite, impl Fn()),
    ) -> EntryBuilder<'static, Stored<R, IS_RESULT>>
    where
        Stored<R, IS_RESULT>: Cacheable + InShape<S>,
    {
        shaped_entry::<Stored<R, IS_RESULT>, C, S>(callsite)
    }

    #[inline]
    pub fn errors(self) -> Errors<<Is<IS_RESULT> as Parts<R>>::Error> {
        Errors::NEW
    }

    #[inline]
    pub fn unshared(self) -> Unshared<<Is<IS_RESULT> as Parts<R>>::Error> {
        Unshared::NEW
    }

    #[inline]
    pub fn keeping(self) -> Keeping<Stored<R, IS_RESULT>> {
        Keeping::NEW
    }

    pub fn comparing(self) -> Comparing<Stored<R, IS_RESULT>> {
        Comparing::NEW
    }

    /// What an async body computes, as a `Result`.
    #[inline]
    pub async fn split(
        self,
        body: impl Future<Output = R>,
    ) -> Result<Stored<R, IS_RESULT>, <Is<IS_RESULT> as Parts<R>>::Error> {
        Is::<IS_RESULT>::split(body.await)
    }

    /// What a blocking body computes, as a `Result`.
    #[inline]
    pub fn split_blocking(
        self,
        body: impl FnOnce() -> R,
    ) -> impl FnOnce() -> Result<Stored<R, IS_RESULT>, <Is<IS_RESULT> as Parts<R>>::Error> {
        || Is::<IS_RESULT>::split(body())
    }

    #[inline]
    pub fn join(self, parts: Result<Stored<R, IS_RESULT>, <Is<IS_RESULT> as Parts<R>>::Error>) -> R {
        Is::<IS_RESULT>::join(parts)
    }

    /// Compiles only if `R` is no `Result`.
    #[inline]
    pub fn stored_whole(self)
    where
        Self: StoredWhole<R>,
    {
    }

    pub fn ok(self, returned: &R) -> Option<&Stored<R, IS_RESULT>> {
        Is::<IS_RESULT>::ok(returned)
    }
}

/// A return type that is stored whole, because it is no `Result`.
#[diagnostic::on_unimplemented(
    message = "this return type is a `Result` under another name, whose `Err` must not be stored",
    label = "write `-> {R}`",
    note = "or write `entry = false`: the function asks the type, but the signature of its entry function has to name the value"
)]
pub trait StoredWhole<R> {}

impl<R> StoredWhole<R> for How<R, false> {}

#[cfg(test)]
mod tests {
    use super::*;

    type Alias = Result<u8, String>;

    const SEEN: [bool; 3] =
        [Returned::<Alias>::IS_RESULT, Returned::<u8>::IS_RESULT, Returned::<Option<Alias>>::IS_RESULT];

    #[test]
    fn a_result_is_known_by_its_type() {
        assert_eq!(SEEN, [true, false, false]);
        let value: Stored<Alias, { Returned::<Alias>::IS_RESULT }> = 7_u8;
        let how = Returned::<Alias>::NEW.how();
        assert_eq!((how.join(Ok(value)), how.ok(&Err("no".into()))), (Ok(7), None));
        let how = Returned::<u8>::NEW.how();
        assert_eq!((how.join(Ok(7)), how.ok(&7)), (7, Some(&7)));
    }

    #[test]
    fn a_type_parameter_is_none() {
        fn is_result<R>() -> bool {
            Returned::<R>::IS_RESULT
        }
        assert!(!is_result::<Alias>());
    }
}
