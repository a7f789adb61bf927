//! Prints a [`Plan`]: the function around its old body, and the entry function that gives the entry alone.
//!
//! Both are what a person would write by hand. Nothing here decides anything: the calls name the options, and the
//! runtime does the rest.

mod attributes;
mod background;
mod batch;
pub(crate) mod body;
mod body_method;
mod builder_calls;
mod callsite;
mod entry;
mod entry_function;
mod pattern;
pub(crate) mod references;
pub(crate) mod returning;
pub(crate) mod typed_tag;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{FnArg, Pat, Signature};

use self::body::{typed, with_older};
use self::entry::{Which, entry};
use self::entry_function::entry_function;
use self::returning::{check, joined, sharing, split, split_blocking, statement};
use crate::parse::item::Item;
use crate::parse::values::local::Local;
use crate::plan::Plan;
use crate::signature::returns::ReturnForm;
use crate::signature::style::Style;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let Item { vis, sig, inner_attrs, .. } = &plan.item;
    let attrs = attributes::of_function(plan);
    let sig = unchanged(plan, sig);
    let entry_of_call = entry(plan, Which::Function);
    let body = match &plan.batch {
        Some(batch) => batch::body(plan, batch, &entry_of_call),
        None => call(plan, &entry_of_call),
    };
    let body_method = body_method::method(plan);
    let entry_function = plan.entry_function.as_ref().map(|function| entry_function(plan, function));
    quote! {
        #(#attrs)*
        #vis #sig {
            #inner_attrs
            #body
        }
        #entry_function
        #body_method
    }
}

/// A signature without the `mut` of those arguments that only the body may change, where the body is elsewhere.
fn unchanged(plan: &Plan, signature: &Signature) -> Signature {
    let is_elsewhere = plan.background.is_some();
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) if is_elsewhere => receiver.mutability = None,
            FnArg::Receiver(_) => {}
            FnArg::Typed(typed) => {
                let has_keys = plan.batch.as_ref().is_some_and(|batch| batch.takes_keys_as(&typed.pat));
                if let Pat::Ident(pat) = &mut *typed.pat
                    && (is_elsewhere || has_keys)
                {
                    pat.mutability = None;
                }
            }
        }
    }
    signature
}

/// The new body: the entry, asked for the value or for room to compute it.
fn call(plan: &Plan, entry: &TokenStream) -> TokenStream {
    let (build, check, statement) = (build(plan), check(plan), statement(plan));
    let (entry, before) = if plan.leaves_temporary {
        // A statement of its own, at whose end the temporaries of the expression for `cache` are dropped. The name is
        // hygienic: the user's code cannot see it.
        let name = Ident::new("entry", Span::mixed_site());
        (name.to_token_stream(), quote!(#check #statement let #name = #entry #build;))
    } else {
        (quote!(#entry #build), quote!(#check #statement))
    };
    if let Some(background) = &plan.background {
        return background::body(plan, background, &before, &entry);
    }
    let (method, sharing) = match sharing(plan) {
        Some(sharing) => (quote!(get_or_try_compute_sharing), quote!(#sharing,)),
        None => (quote!(get_or_compute), TokenStream::new()),
    };
    let body = &with_older(plan, &plan.item.body);
    match plan.returns.style {
        Style::Async => {
            let body = typed(plan, body);
            let body = split(plan, quote!(async move #body));
            let result = joined(plan, awaited(plan, &entry, &quote!(.#method(#sharing #body).await)));
            quote!(#before #result)
        }
        Style::Blocking => {
            let arrow = arrow(plan);
            let body = split_blocking(plan, quote!(move || #arrow #body));
            let result = joined(plan, quote!(#entry.#method(#sharing #body)));
            quote!(#before #result)
        }
        // The body makes the boxed future that the signature promises; ours takes its place, and awaits it on a miss.
        Style::BoxedFuture => {
            let body = split(plan, Group::new(Delimiter::Brace, body.stream()).into_token_stream());
            let result = joined(plan, awaited(plan, &entry, &quote!(.#method(#sharing #body).await)));
            quote!(::std::boxed::Box::pin(async move { #before #result }))
        }
    }
}

/// What `ask` makes of the entry. With `local`, a value that is found in the process is no future's: a hit makes none and awaits none.
fn awaited(plan: &Plan, entry: &TokenStream, ask: &TokenStream) -> TokenStream {
    if !matches!(plan.options.local.value(), Some(Local::Tracked(_))) {
        return quote!(#entry #ask);
    }
    let (runtime, value) = (&plan.runtime, Ident::new("value", Span::mixed_site()));
    let remote = Ident::new("remote", Span::mixed_site());
    let answer =
        if sharing(plan).is_some() { quote!(::core::result::Result::Ok(#value)) } else { quote!(#value) };
    quote! {
        match #entry {
            #runtime::expansion::LookedUp::Local(#value) => #answer,
            #runtime::expansion::LookedUp::Remote(#remote) => #remote #ask,
        }
    }
}

/// The type of a closure's body, where what it is handed to does not tell.
fn arrow(plan: &Plan) -> Option<TokenStream> {
    let whole = &plan.returns.whole;
    matches!(plan.returns.form, ReturnForm::ByType).then(|| quote!(-> #whole))
}

fn build(plan: &Plan) -> TokenStream {
    match plan.returns.style {
        // Asks for the entry itself, to compute in the background.
        Style::Async | Style::BoxedFuture if plan.background.is_some() => quote!(.build()),
        Style::Async | Style::BoxedFuture => quote!(.look_up()),
        Style::Blocking => quote!(.build_blocking()),
    }
}
