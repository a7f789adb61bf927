//! Questions about the return type of a function that changes data. Less is asked than of one that is remembered: the result
//! is looked at and handed on.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Signature, Type};

use crate::report::diagnostics::Diagnostics;
use crate::signature::returns::spelled::{Spelled, spelled};
use crate::signature::style::{Style, future_output, is_named_future};
use crate::signature::types::{bare, impl_traits, is_anonymous};

/// What a function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OutcomeForm {
    Value,
    Result,
    /// One or the other, as the type has it, which the expansion asks.
    ByType,
}

pub(super) struct Outcome {
    /// The type that the body, or the future that it makes, results in; `None` if it is `()` without being written, or has no
    /// name.
    pub(super) whole: Option<TokenStream>,
    /// The type of `ret`, as far as the tokens tell.
    pub(super) value: Type,
    pub(super) form: OutcomeForm,
    pub(super) style: Style,
}

impl Outcome {
    /// Reads the return type, and reports what nothing can follow on.
    pub(super) fn of(signature: &Signature, errors: &Diagnostics) -> Self {
        let (style, written) = Style::of(signature);
        let Some(ty) = written else {
            return Self { whole: None, value: syn::parse_quote!(()), form: OutcomeForm::Value, style };
        };
        check(ty, style, errors);
        let (value, form) = match spelled(ty) {
            Spelled::Result(ok, _) => (ok, OutcomeForm::Result),
            Spelled::LikeAResult | Spelled::AsAName => (ty, OutcomeForm::ByType),
            Spelled::Plain => (ty, OutcomeForm::Value),
        };
        let whole = (!is_anonymous(ty)).then(|| ty.to_token_stream());
        Self { whole, value: value.clone(), form, style }
    }
}

fn check(ty: &Type, style: Style, errors: &Diagnostics) {
    if matches!(bare(ty), Type::Never(_)) {
        return errors.at(ty, "a function that never returns has nothing to follow it: remove the attribute");
    }
    let is_future = || {
        is_named_future(ty)
            || impl_traits(ty).iter().any(|ty| ty.bounds.iter().any(|b| future_output(b).is_some()))
    };
    if style == Style::Blocking && is_future() {
        errors.at(
            ty,
            "this function has returned before its future does anything: write `async fn`, and what the future results in",
        );
    }
}
