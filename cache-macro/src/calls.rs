//! The options as the builder's calls: each option is one call with the option's name.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprReference, Token};

use crate::option_values::{CacheIf, Jitter, NegativeTtl, Ttl};
use crate::options::Options;
use crate::spans::ours_at;

pub(crate) struct Call {
    /// Stands where the option's name does: an error about the value's type is shown at the option.
    pub(crate) method: Ident,
    pub(crate) argument: TokenStream,
}

/// In one order, whatever order the options were written in.
pub(crate) fn calls(options: &Options) -> Vec<Call> {
    let ttl = options.ttl.given().map(|(option, ttl)| match ttl {
        Ttl::Fixed(length) => call("ttl", option, length.tokens()),
        Ttl::OfValue(closure) => call("ttl_with", option, closure),
    });
    let jitter = options
        .jitter
        .given()
        .map(|(option, Jitter(share))| call("jitter", option, share));
    let negative_ttl = options
        .negative_ttl
        .given()
        .map(|(option, NegativeTtl(length))| call("negative_ttl", option, length.tokens()));
    let cache_if = options
        .cache_if
        .given()
        .map(|(option, CacheIf(wanted))| call("cache_if", option, wanted));
    let cache = options
        .cache
        .given()
        .map(|(option, cache)| call("cache", option, reference_to(cache)));
    [ttl, jitter, negative_ttl, cache_if, cache]
        .into_iter()
        .flatten()
        .collect()
}

fn call(method: &str, option: &Ident, argument: impl ToTokens) -> Call {
    Call {
        method: Ident::new(method, ours_at(option.span())),
        argument: argument.into_token_stream(),
    }
}

/// `&expr`, in parentheses where precedence needs them; a reference stays as it is.
fn reference_to(expr: &Expr) -> TokenStream {
    if matches!(expr, Expr::Reference(_)) {
        return expr.to_token_stream();
    }
    let and_token = Token![&](ours_at(expr.span()));
    ExprReference {
        attrs: Vec::new(),
        and_token,
        mutability: None,
        expr: Box::new(expr.clone()),
    }
    .into_token_stream()
}
