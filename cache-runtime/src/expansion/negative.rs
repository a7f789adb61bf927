//! `negative`: errors that are remembered as values are. The entry holds the `Result`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bounds::{Cacheable, Fallible};
use super::call::{EntryBuilder, begun};
use crate::api::comparison::Comparing;
use crate::codec::Codec;
use crate::engine::callsite::Callsite;
use crate::entry::special::special;
use crate::local::Keeping;

pub use crate::entry::special::Special;

/// An error that can be remembered.
#[diagnostic::on_unimplemented(
    message = "`negative` cannot remember errors of type `{Self}`",
    label = "this error must be `serde::Serialize` and `serde::Deserialize`",
    note = "derive them: `#[derive(serde::Serialize, serde::Deserialize)]`, with `#[serde(skip)]` on the variants that are never remembered",
    note = "for an error that cannot have them, leave out `negative`, and return `Ok(None)` for what is not there"
)]
pub trait Rememberable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> Rememberable for E {}

/// What kind of value a result is, of whose errors those that are `chosen` count as a `None` does.
#[must_use]
pub fn kind_of<R: Fallible<Ok: Serialize>>(
    result: &R,
    chosen: impl FnOnce(&R::Error) -> bool,
) -> Option<Special> {
    match result.as_result() {
        Ok(value) => special(value),
        Err(error) if chosen(error) => Some(Special::None),
        Err(_) => Some(Special::Err),
    }
}

/// The results of one function of whose errors some are remembered. Its methods ask nothing of the two types, so that a type that lacks
/// something is one error.
#[allow(missing_debug_implementations, reason = "lives within one body of an expansion")]
pub struct Negative<T, E> {
    kind: fn(&Result<T, E>) -> Option<Special>,
    site: &'static Callsite,
    begin: fn(&'static Callsite) -> EntryBuilder<'static, Result<T, E>>,
}

/// Begins with where the function stands, and which errors those are: `kind` is [`kind_of`] with the closure of the user's.
#[must_use]
#[inline]
pub fn negative<T: Cacheable, E: Rememberable, C: Codec>(
    callsite: (&'static Callsite, impl Fn()),
    kind: fn(&Result<T, E>) -> Option<Special>,
) -> Negative<T, E> {
    let (site, here) = callsite;
    Negative { kind, site, begin: beginning::<T, E, C, _>(&here) }
}

fn beginning<T: Cacheable, E: Rememberable, C: Codec, H>(
    _: &H,
) -> fn(&'static Callsite) -> EntryBuilder<'static, Result<T, E>> {
    begun::<Result<T, E>, C, H>
}

impl<T, E> Clone for Negative<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Negative<T, E> {}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, E> Negative<T, E> {
    /// Begins the entry of a call.
    #[inline]
    pub fn entry(self) -> EntryBuilder<'static, Result<T, E>> {
        (self.begin)(self.site).negative(self.kind)
    }

    #[inline]
    pub fn keeping(self) -> Keeping<Result<T, E>> {
        Keeping::NEW
    }

    pub fn comparing(self) -> Comparing<Result<T, E>> {
        Comparing::NEW
    }

    /// What an async body computes: `Ok` with what is stored, or an error that is not.
    ///
    /// # Errors
    /// An error of the body that is not remembered.
    #[inline]
    pub async fn split(self, body: impl Future<Output = Result<T, E>>) -> Result<Result<T, E>, E> {
        self.sorted(body.await)
    }

    /// The same for a blocking body.
    #[inline]
    pub fn split_blocking(
        self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> impl FnOnce() -> Result<Result<T, E>, E> {
        move || self.sorted(body())
    }

    fn sorted(self, result: Result<T, E>) -> Result<Result<T, E>, E> {
        match result {
            Err(error) => {
                let result = Err(error);
                if (self.kind)(&result) == Some(Special::Err) { result.map(Ok) } else { Ok(result) }
            }
            value => Ok(value),
        }
    }

    /// What the function returns.
    ///
    /// # Errors
    /// The error of the body, remembered or not.
    #[inline]
    pub fn join(self, result: Result<Result<T, E>, E>) -> Result<T, E> {
        result?
    }
}

#[cfg(all(test, feature = "bincode"))]
mod tests {
    use super::*;
    use crate::codec::Bincode;

    #[test]
    fn chosen_errors_are_values_and_others_are_not() {
        let negative = negative::<u8, String, Bincode>(crate::expansion::callsite!("f"), |result| {
            kind_of(result, |error| error.starts_with("no "))
        });
        let (chosen, other) = (Err("no such user".to_owned()), Err("timed out".to_owned()));
        assert_eq!(negative.sorted(Ok(7)), Ok(Ok(7)));
        assert_eq!(negative.sorted(chosen.clone()), Ok(chosen.clone()));
        assert_eq!(negative.sorted(other.clone()), Err("timed out".to_owned()));
        for result in [Ok(7), chosen, other] {
            assert_eq!(negative.join(negative.sorted(result.clone())), result);
        }
    }

    #[test]
    fn a_none_counts_as_before() {
        let kind = |result: &Result<Option<u8>, u8>| kind_of(result, |error| *error == 1);
        assert_eq!(kind(&Ok(Some(7))), None);
        assert_eq!(kind(&Ok(None)), Some(Special::None));
        assert_eq!(kind(&Err(1)), Some(Special::None));
        assert_eq!(kind(&Err(2)), Some(Special::Err));
    }
}
