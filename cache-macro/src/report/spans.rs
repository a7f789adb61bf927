//! Where in the user's file an expansion's tokens point, which is where its errors are shown.
//!
//! Errors about types come from rustc, long after the macro has gone. Tokens that stand at the user's own type, or at the
//! user's own option, make rustc say it there.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

/// The first and the last token of a piece of code. Stable Rust has no span of both, but an expression whose first and
/// last tokens have these is shown as all of it.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Ends {
    pub(crate) fn of(code: impl ToTokens) -> Self {
        let spans: Vec<Span> = code.into_token_stream().into_iter().map(|token| token.span()).collect();
        let at = |span: Option<&Span>| span.copied().unwrap_or_else(Span::call_site);
        Self { first: at(spans.first()), last: at(spans.last()) }
    }

    pub(crate) fn call_site() -> Self {
        Self { first: Span::call_site(), last: Span::call_site() }
    }
}

/// The token that stands for a type when one has to: the name at a path's end, or the first.
pub(crate) fn name_of(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => {
            path.path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
        }
        ty => Ends::of(ty).first,
    }
}

/// For tokens of ours that are shown at `place`. They stay ours: lints that leave a macro's code alone leave them alone.
pub(crate) fn ours_at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// A name of the user's, with the meaning it has there, shown at `place`.
pub(crate) fn moved_ident(name: &Ident, place: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(name.span().located_at(place));
    name
}

/// The same for all of `tokens`, but what is inside brackets.
pub(crate) fn moved(tokens: &TokenStream, place: Span) -> TokenStream {
    let moved = |mut token: TokenTree| {
        token.set_span(token.span().located_at(place));
        token
    };
    tokens.clone().into_iter().map(moved).collect()
}
