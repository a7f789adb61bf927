//! The options as the entry builder's calls: each option is one call with the option's name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprReference, Token};

use super::returning::{kind, object};
use crate::parse::options::OptionSlot;
use crate::parse::values::compress::Compression;
use crate::parse::values::length::Length;
use crate::parse::values::local::Local;
use crate::parse::values::max_size::MaxSize;
use crate::parse::values::replica_reads::ReplicaReads;
use crate::parse::values::ttl::Ttl;
use crate::plan::Plan;
use crate::plan::expressions::leaves_temporary;
use crate::report::spans::{moved, ours_at};

pub(super) struct BuilderCall {
    /// Stands where the option's name does: an error about the value's type is shown at the option.
    pub(super) method: Ident,
    pub(super) argument: TokenStream,
}

/// In one order, whatever order the options were written in.
pub(super) fn builder_calls(plan: &Plan) -> Vec<BuilderCall> {
    let options = &plan.options;
    // A batch's function leaves keys out, and errors are remembered, whatever the type of values is.
    let needs_no_none = options.batch.is_written() || options.negative.is_written();
    let negative_ttl = if needs_no_none { "absent_ttl" } else { "negative_ttl" };
    [
        options.ttl.given().map(|(option, length)| ttl(plan, option, length)),
        named(&options.jitter, |jitter| jitter.0.to_token_stream()),
        length(&options.stale_while_revalidate, |window| &window.0),
        length(&options.stale_if_error, |window| &window.0),
        named(&options.early_refresh, |beta| beta.0.to_token_stream()),
        length(&options.max_wait, |wait| &wait.0),
        length(&options.timeout, |timeout| &timeout.0),
        named(&options.max_size, MaxSize::tokens),
        options.replica_reads.given().map(|(option, reads)| match reads {
            ReplicaReads::Verified => call("verified_replica_reads", option, TokenStream::new()),
            ReplicaReads::Bounded(bound) => call("replica_reads", option, alone("replica_reads", bound)),
        }),
        options.local.given().map(|(option, local)| {
            let how = how_to_keep(plan);
            match local {
                Local::Tracked(length) => {
                    let length = alone("local", length);
                    call("local", option, quote!(#length, #how))
                }
                Local::Revalidate => call("revalidate", option, how),
            }
        }),
        // Behind `ttl` and `local`, which it looks at.
        options.sliding.given().map(|(option, _)| call("sliding", option, TokenStream::new())),
        length(&options.max_age, |age| &age.0),
        options.conditional.given().map(|(option, _)| call("conditional", option, TokenStream::new())),
        options.sealed.given().map(|(option, _)| call("sealed", option, TokenStream::new())),
        length(&options.negative_ttl, |ttl| &ttl.0)
            .map(|call| BuilderCall { method: Ident::new(negative_ttl, call.method.span()), ..call }),
        options.batch.value().and(named(&options.negative, |chosen| kind(plan, &chosen.0))),
        named(&options.cache_if, |wanted| of_value(plan, &wanted.0, &quote!(true))),
        named(&options.compress, |Compression(name)| {
            let runtime = &plan.runtime;
            quote!(#runtime::expansion::Compression::#name)
        }),
        named(&options.cache, reference_to),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn ttl(plan: &Plan, option: &Ident, ttl: &Ttl) -> BuilderCall {
    match ttl {
        Ttl::Fixed(Length::Never) => call("never_expires", option, TokenStream::new()),
        Ttl::Fixed(length) => call("ttl", option, alone("ttl", length)),
        Ttl::OfValue(closure) => {
            call("ttl_with", option, of_value(plan, closure, &quote!(::core::time::Duration::ZERO)))
        }
    }
}

/// A closure of the value. Where the entry holds a `Result`, it is about what is in `Ok`, and errors have `otherwise`.
pub(super) fn of_value(plan: &Plan, closure: &impl ToTokens, otherwise: &TokenStream) -> TokenStream {
    if plan.negative.is_none() {
        return closure.to_token_stream();
    }
    let result = Ident::new("result", Span::mixed_site());
    quote!(|#result| #result.as_ref().map_or(#otherwise, #closure))
}

/// A call of the option's own name.
fn named<V>(slot: &OptionSlot<V>, argument: impl FnOnce(&V) -> TokenStream) -> Option<BuilderCall> {
    slot.given().map(|(option, value)| call(&option.unraw().to_string(), option, argument(value)))
}

/// The same for a length of time.
fn length<V>(slot: &OptionSlot<V>, length: impl FnOnce(&V) -> &Length) -> Option<BuilderCall> {
    let (option, value) = slot.given()?;
    let name = option.unraw().to_string();
    Some(call(&name, option, alone(&name, length(value))))
}

/// How values are kept: the runtime finds out whether they are an `Arc`. What rustc has to say about it is about the type.
fn how_to_keep(plan: &Plan) -> TokenStream {
    let Plan { returns, runtime, .. } = plan;
    let (value, at) = (&returns.value, ours_at(returns.place.last));
    if let Some(object) = object(plan) {
        return quote_spanned!(at=> #object.keeping().how());
    }
    let runtime = moved(runtime, at);
    quote_spanned!(at=> #runtime::expansion::Keeping::<#value>::NEW.how())
}

fn call(method: &str, option: &Ident, argument: impl ToTokens) -> BuilderCall {
    BuilderCall { method: Ident::new(method, ours_at(option.span())), argument: argument.into_token_stream() }
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
