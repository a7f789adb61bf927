//! The options as the builder's calls: each option is one call with the option's name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprReference, Token};

use crate::compress::Compression;
use crate::expressions::leaves_temporary;
use crate::length::Length;
use crate::option_values::{Beta, CacheIf, Jitter, Local, MaxWait, NegativeTtl, Ttl, Window};
use crate::options::Options;
use crate::returning::returned;
use crate::returns::{Form, Returns};
use crate::spans::{moved, ours_at};

pub(crate) struct Call {
    /// Stands where the option's name does: an error about the value's type is shown at the option.
    pub(crate) method: Ident,
    pub(crate) argument: TokenStream,
}

/// In one order, whatever order the options were written in.
pub(crate) fn calls(options: &Options, returns: &Returns, runtime: &TokenStream) -> Vec<Call> {
    let ttl = options.ttl.given().map(|(option, ttl)| match ttl {
        Ttl::Fixed(Length::Never) => call("never_expires", option, TokenStream::new()),
        Ttl::Fixed(length) => call("ttl", option, alone("ttl", length)),
        Ttl::OfValue(closure) => call("ttl_with", option, closure),
    });
    let jitter = options.jitter.given().map(|(option, Jitter(share))| call("jitter", option, share));
    // A batch's function leaves keys out, whatever the type of the others' values.
    let negative = if options.batch.is_written() { "absent_ttl" } else { "negative_ttl" };
    let negative_ttl = options
        .negative_ttl
        .given()
        .map(|(option, NegativeTtl(length))| call(negative, option, alone("negative_ttl", length)));
    let cache_if = options.cache_if.given().map(|(option, CacheIf(wanted))| call("cache_if", option, wanted));
    let cache = options.cache.given().map(|(option, cache)| call("cache", option, reference_to(cache)));
    let windows = [&options.stale_while_revalidate, &options.stale_if_error].map(|window| {
        let (option, Window(length)) = window.given()?;
        let name = option.unraw().to_string();
        Some(call(&name, option, alone(&name, length)))
    });
    let [stale_while_revalidate, stale_if_error] = windows;
    let early_refresh =
        options.early_refresh.given().map(|(option, Beta(beta))| call("early_refresh", option, beta));
    let local = options.local.given().map(|(option, Local(length))| {
        let (length, how) = (alone("local", length), how_to_keep(returns, runtime));
        call("local", option, quote!(#length, #how))
    });
    let max_wait = options
        .max_wait
        .given()
        .map(|(option, MaxWait(length))| call("max_wait", option, alone("max_wait", length)));
    let max_size = options.max_size.given().map(|(option, size)| call("max_size", option, size.tokens()));
    let compress = options.compress.given().map(|(option, Compression(name))| {
        call("compress", option, quote!(#runtime::private::Compression::#name))
    });
    [
        ttl,
        jitter,
        stale_while_revalidate,
        stale_if_error,
        early_refresh,
        max_wait,
        max_size,
        local,
        negative_ttl,
        cache_if,
        compress,
        cache,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How values are kept: the runtime finds out whether they are an `Arc`. What rustc has to say about it is about the type.
fn how_to_keep(returns: &Returns, runtime: &TokenStream) -> TokenStream {
    let (value, at) = (&returns.value, ours_at(returns.place.last));
    if let Form::ByType = returns.form {
        let returned = returned();
        return quote_spanned!(at=> #returned.keeping().how());
    }
    let runtime = moved(runtime, at);
    quote_spanned!(at=> #runtime::private::Keeping::<#value>::NEW.how())
}

fn call(method: &str, option: &Ident, argument: impl ToTokens) -> Call {
    Call { method: Ident::new(method, ours_at(option.span())), argument: argument.into_token_stream() }
}

/// A length whose expression leaves nothing behind for the next option's expression to trip over: two that ask one lock
/// would wait for each other, if the first one's guard lived until the end of the chain.
fn alone(option: &str, length: &Length) -> TokenStream {
    match length {
        Length::Expr(expr) if leaves_temporary(option, expr) => {
            let name = Ident::new("length", Span::mixed_site());
            quote!({ let #name = #expr; #name })
        }
        _ => length.tokens(),
    }
}

/// `&expr`, in parentheses where precedence needs them; a reference stays as it is.
fn reference_to(expr: &Expr) -> TokenStream {
    if matches!(expr, Expr::Reference(_)) {
        return expr.to_token_stream();
    }
    let and_token = Token![&](ours_at(expr.span()));
    ExprReference { attrs: Vec::new(), and_token, mutability: None, expr: Box::new(expr.clone()) }
        .into_token_stream()
}
