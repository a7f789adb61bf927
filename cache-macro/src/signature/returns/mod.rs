//! Questions about a function's return type: what is stored, what the error is, and what can never be stored.
//!
//! All of it is syntax, and so a guess: an alias of a `Result` can have any name, and a struct can be called `SearchResult`. No guess
//! decides. What is spelled as a `Result` is used as one, which fails to compile if it is none; for all other names the
//! expansion asks the compiler, by the runtime's `Returned`.

mod checks;
pub(crate) mod spelled;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Signature, Type};

use self::spelled::{Spelled, spelled};
use super::style::Style;
use super::type_parameters::{is_one_letter, type_parameters};
use crate::report::diagnostics::Diagnostics;
use crate::report::spans::{Ends, moved, ours_at};

/// What a function computes.
pub(crate) struct Returns {
    /// The whole type that the body, or the future that it makes, results in.
    pub(crate) whole: TokenStream,
    /// `T`: what is stored. Nothing where only the type tells, and nobody has to name it.
    pub(crate) value: TokenStream,
    pub(crate) form: ReturnForm,
    pub(crate) style: Style,
    /// Where an error about what is stored is shown.
    pub(crate) place: Ends,
}

/// How a function returns its value.
pub(crate) enum ReturnForm {
    /// All that is returned is stored.
    Whole,
    /// The same, if the compiler agrees that it is no `Result`.
    Named,
    /// In a `Result` with this error.
    Result(TokenStream),
    /// As the type has it, which the expansion asks.
    ByType,
}

/// Who has to name the type of the value.
#[derive(Clone, Copy)]
pub(crate) struct Namers {
    /// The entry function's signature.
    pub(crate) entry_function: bool,
    /// The collection of a batch.
    pub(crate) batch: bool,
    /// The entry, which holds errors too: `negative`.
    pub(crate) negative: bool,
}

impl Returns {
    /// Reads the return type, and reports what cannot be remembered. `runtime` is the path of the runtime crate.
    pub(crate) fn of(
        signature: &Signature,
        namers: Namers,
        runtime: &TokenStream,
        errors: &Diagnostics,
    ) -> Self {
        let (style, written) = Style::of(signature);
        let Some(ty) = written else {
            return Self {
                whole: quote!(()),
                value: quote!(()),
                form: ReturnForm::Whole,
                style,
                place: Ends::call_site(),
            };
        };
        let Split { form, value, stored } = split(ty, signature, namers, runtime);
        checks::check(ty, stored, errors);
        Self { whole: ty.to_token_stream(), value, form, style, place: Ends::of(stored.unwrap_or(ty)) }
    }

    pub(crate) fn can_fail(&self) -> bool {
        matches!(self.form, ReturnForm::Result(_) | ReturnForm::ByType)
    }
}

/// What a return type is taken for.
struct Split<'a> {
    form: ReturnForm,
    value: TokenStream,
    /// The type that is stored, where it shows.
    stored: Option<&'a Type>,
}

fn split<'a>(ty: &'a Type, signature: &Signature, namers: Namers, runtime: &TokenStream) -> Split<'a> {
    let whole = |form| Split { form, value: ty.to_token_stream(), stored: Some(ty) };
    let ok_of = || part_of("OkOf", ty, runtime);
    let error_of = || ReturnForm::Result(part_of("ErrorOf", ty, runtime));
    let in_a_result = |ok: &'a Type, form| Split { form, value: ok.to_token_stream(), stored: Some(ok) };
    match (spelled(ty), namers) {
        (Spelled::Result(ok, Some(error)), _) => in_a_result(ok, ReturnForm::Result(error.to_token_stream())),
        (Spelled::Result(ok, None), _) => in_a_result(ok, error_of()),
        (Spelled::LikeAResult | Spelled::AsAName, Namers { batch: false, negative: true, .. })
        | (Spelled::LikeAResult, Namers { batch: true, .. }) => {
            Split { form: error_of(), value: ok_of(), stored: None }
        }
        (Spelled::LikeAResult, Namers { entry_function: true, .. }) if may_be_generic(ty, signature) => {
            Split { form: error_of(), value: ok_of(), stored: None }
        }
        (Spelled::LikeAResult, Namers { entry_function, .. }) => {
            let value = if entry_function { stored_by_type(ty, runtime) } else { TokenStream::new() };
            Split { form: ReturnForm::ByType, value, stored: None }
        }
        (Spelled::AsAName, Namers { batch: false, entry_function: true, .. }) => whole(ReturnForm::Named),
        (Spelled::AsAName, Namers { batch: false, entry_function: false, .. }) => {
            Split { form: ReturnForm::ByType, value: TokenStream::new(), stored: Some(ty) }
        }
        (Spelled::AsAName, _) | (Spelled::Plain, _) => whole(ReturnForm::Whole),
    }
}

/// The runtime's type for a part of a `Result` whose arguments do not show it.
pub(crate) fn part_of(part: &str, ty: &Type, runtime: &TokenStream) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let (runtime, part) = (moved(runtime, ours_at(first)), Ident::new(part, ours_at(first)));
    let close = quote_spanned!(ours_at(last)=> >);
    quote_spanned!(ours_at(first)=> #runtime::expansion::#part<#ty #close)
}

/// The value of a type that may be a `Result`, for a signature: a constant of the type tells.
fn stored_by_type(ty: &Type, runtime: &TokenStream) -> TokenStream {
    quote!(#runtime::expansion::Stored<#ty, {
        use #runtime::expansion::Plain as _;
        #runtime::expansion::Returned::<#ty>::IS_RESULT
    }>)
}

/// Whether a type may depend on a generic parameter, which no constant in a signature may. Those of an `impl` do not show; by
/// custom they have one letter.
fn may_be_generic(ty: &Type, signature: &Signature) -> bool {
    fn any(tokens: TokenStream, parameter: &impl Fn(&Ident) -> bool) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameter(&ident),
            TokenTree::Punct(punct) => punct.as_char() == '\'',
            TokenTree::Group(group) => any(group.stream(), parameter),
            TokenTree::Literal(_) => false,
        })
    }
    any(ty.to_token_stream(), &|ident| {
        ident == "Self" || is_one_letter(ident) || type_parameters(signature).any(|own| own.name == ident)
    })
}

#[cfg(test)]
mod tests;
