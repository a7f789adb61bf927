//! Collects errors, so that one compilation tells a user everything that is wrong with one attribute.
//!
//! A parser that returns at the first error makes its user compile once per mistake. Here each check reports what it
//! found and goes on; only [`Diagnostics::finish`] turns the reports into a decision.

use std::cell::RefCell;
use std::fmt::Display;

use quote::ToTokens;

/// The errors found so far.
///
/// Interior mutability, because checks are handed a shared reference and would otherwise thread `&mut` through
/// iterators and closures.
#[derive(Default)]
pub(crate) struct Diagnostics {
    /// `None` after [`Self::finish`].
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Reports `message` at `tokens`: all of them are underlined, from the first to the last.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Keeps the value, or the error.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// All errors in one, in the order they were found, or nothing.
    pub(crate) fn finish(self) -> Option<syn::Error> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        errors.into_iter().reduce(|mut all, next| {
            all.combine(next);
            all
        })
    }
}

/// Errors that nobody asked for are errors that a user never sees; a test that forgets them is a wrong test.
///
/// In tests only: in a user's compilation a panic would hide the very messages it is about.
#[cfg(test)]
impl Drop for Diagnostics {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.errors.borrow().is_some() {
            panic!("diagnostics were dropped unread");
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn errors_come_out_in_order() {
        let errors = Diagnostics::new();
        errors.at(quote!(a), "first");
        errors.at(quote!(b), "second");
        let all = errors.finish().expect("two errors");
        assert_eq!(all.into_iter().map(|error| error.to_string()).collect::<Vec<_>>(), ["first", "second"]);
    }

    #[test]
    fn no_error_is_none() {
        assert!(Diagnostics::new().finish().is_none());
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn unread_diagnostics_fail_a_test() {
        drop(Diagnostics::new());
    }
}
