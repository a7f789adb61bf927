//! `negative`: errors that are remembered.
//!
//! The entry then holds a `Result`, as the function returns it. Which errors are stored in it, the closure says; `negative_ttl` says for how
//! long.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Expr, Type};

use super::batch::Batch;
use crate::parse::options::Options;
use crate::parse::values::negative::Negative;
use crate::report::diagnostics::Diagnostics;
use crate::report::spans::ours_at;
use crate::signature::returns::spelled::{Spelled, spelled};
use crate::signature::returns::{ReturnForm, Returns};

/// The errors that are remembered of a function for one key. In a batch they are part of its values.
pub(crate) struct NegativeErrors {
    /// The type of `Ok`.
    pub(crate) value: TokenStream,
    /// The type of `Err`.
    pub(crate) error: TokenStream,
    /// A closure of an error, or the name of a function.
    pub(crate) chosen: Expr,
}

impl NegativeErrors {
    /// From here on the value that is stored is a `Result`.
    pub(super) fn plan(
        options: &Options,
        batch: Option<&Batch>,
        returns: &mut Returns,
        errors: &Diagnostics,
    ) -> Option<Self> {
        let (option, Negative(chosen)) = options.negative.given()?;
        if !options.negative_ttl.is_written() {
            errors.at(
                option,
                "`negative` says which errors are remembered, and `negative_ttl` for how long: write `negative_ttl = 30` beside it",
            );
        }
        if options.batch.is_written() {
            if batch.is_some() && is_plain(&returns.value) {
                errors.at(
                    option,
                    "in a batch `negative` is about the errors of single keys: return `HashMap<K, Result<V, E>>`, or leave it out",
                );
            }
            return None;
        }
        let ReturnForm::Result(error) = &returns.form else {
            errors.at(
                option,
                "this function does not return a `Result`, so it has no error to remember: leave out `negative`",
            );
            return None;
        };
        let (value, error, chosen) = (std::mem::take(&mut returns.value), error.clone(), chosen.clone());
        let at = ours_at(returns.place.first);
        returns.value = quote_spanned!(at=> ::core::result::Result<#value, #error>);
        Some(Self { value, error, chosen })
    }
}

/// Whether a type is plainly no `Result`.
fn is_plain(ty: &TokenStream) -> bool {
    syn::parse2::<Type>(ty.clone()).is_ok_and(|ty| matches!(spelled(&ty), Spelled::Plain))
}
