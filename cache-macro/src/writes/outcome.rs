//! Questions about the return type of a function that changes data. Less is asked than of one that is remembered: the result
//! is looked at and handed on.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::visit::{self, Visit};
use syn::{ReturnType, Signature, Type, TypeImplTrait};

use crate::diagnostics::Diagnostics;
use crate::returns::{Spelled, Style, boxed_output, future_output, is_named_future, spelled};
use crate::signature::bare;

/// What a function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
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
    pub(super) form: Form,
    pub(super) style: Style,
}

impl Outcome {
    /// Reads the return type, and reports what nothing can follow on.
    pub(super) fn of(signature: &Signature, errors: &Diagnostics) -> Self {
        let ReturnType::Type(_, ty) = &signature.output else {
            let style = if signature.asyncness.is_some() { Style::Async } else { Style::Blocking };
            return Self { whole: None, value: syn::parse_quote!(()), form: Form::Value, style };
        };
        let (ty, style) = match (signature.asyncness, boxed_output(ty)) {
            (Some(_), _) => (&**ty, Style::Async),
            (None, Some(output)) => (output, Style::BoxedFuture),
            (None, None) => (&**ty, Style::Blocking),
        };
        check(ty, style, errors);
        let (value, form) = match spelled(ty) {
            Spelled::Result(ok, _) => (ok, Form::Result),
            Spelled::LikeAResult | Spelled::AsAName => (ty, Form::ByType),
            Spelled::Plain => (ty, Form::Value),
        };
        let mut anonymous = Anonymous { found: false, future: false };
        anonymous.visit_type(ty);
        Self { whole: (!anonymous.found).then(|| ty.to_token_stream()), value: value.clone(), form, style }
    }
}

fn check(ty: &Type, style: Style, errors: &Diagnostics) {
    if matches!(bare(ty), Type::Never(_)) {
        return errors.at(ty, "a function that never returns has nothing to follow it: remove the attribute");
    }
    let mut anonymous = Anonymous { found: false, future: false };
    anonymous.visit_type(ty);
    if style == Style::Blocking && (is_named_future(ty) || anonymous.future) {
        errors.at(
            ty,
            "this function has returned before its future does anything: write `async fn`, and what the future results in",
        );
    }
}

/// Finds `impl Trait`.
struct Anonymous {
    found: bool,
    future: bool,
}

impl<'ast> Visit<'ast> for Anonymous {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.found = true;
        self.future |= ty.bounds.iter().any(|bound| future_output(bound).is_some());
        visit::visit_type_impl_trait(self, ty);
    }
}

/// How a blocking body's closure says its type.
impl Outcome {
    pub(super) fn arrow(&self) -> Option<TokenStream> {
        self.whole.as_ref().map(|whole| quote!(-> #whole))
    }
}
