//! Prints a [`Plan`]: targets, body, what follows the body, in the order in which they happen.
//!
//! Statements and not one chain, because each has to end before the next begins: what an argument's expression leaves behind
//! (a lock's guard) is dropped before the body runs, and what the body borrows is free when its result is looked at.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::Kind;
use super::outcome::Form;
use super::plan::Plan;
use super::target::{Target, referred};
use crate::expand::typed_as;
use crate::item::Item;
use crate::returning::how;
use crate::returns::Style;
use crate::spans::{moved, moved_ident, ours_at};

pub(super) fn expand(plan: &Plan) -> TokenStream {
    let Item { attrs, vis, sig, inner_attrs, .. } = &plan.item;
    let body = body(plan);
    quote! {
        #(#attrs)*
        #vis #sig {
            #inner_attrs
            #body
        }
    }
}

fn name(name: &str) -> Ident {
    // Hygienic: the user's code cannot see it.
    Ident::new(name, Span::mixed_site())
}

fn body(plan: &Plan) -> TokenStream {
    let (runtime, targets, result) = (&plan.runtime, name("targets"), name("result"));
    let begin = match plan.kind {
        Kind::Invalidates => quote!(invalidates),
        Kind::Updates => quote!(updates),
    };
    let first = plan.targets.iter().filter(|target| !target.after).map(|target| &target.call);
    let kept = plan.targets.iter().flat_map(|target| &target.kept);
    let on_error = plan.on_error.then(|| quote!(.on_error()));
    let before = plan.before.then(|| waited(plan, &quote!(#targets), "before"));
    let before = before.map(|before| quote!(#before;));
    let computed = computed(plan);
    let follow = follow(plan);
    let body = quote! {
        let #targets = #runtime::private::#begin() #(#first)* #on_error;
        #(#kept)*
        #before
        let #result = #computed;
        #follow;
        #result
    };
    match plan.outcome.style {
        Style::BoxedFuture => quote!(::std::boxed::Box::pin(async move { #body })),
        Style::Async | Style::Blocking => body,
    }
}

/// A call that asks Redis, in the function's style.
fn waited(plan: &Plan, receiver: &TokenStream, method: &str) -> TokenStream {
    match plan.outcome.style {
        Style::Blocking => {
            let method = name(&format!("{method}_blocking"));
            quote!(#receiver.#method())
        }
        Style::Async | Style::BoxedFuture => {
            let method = name(method);
            quote!(#receiver.#method().await)
        }
    }
}

/// The user's body. It may take the arguments with it, unless something of them is looked at afterwards.
fn computed(plan: &Plan) -> TokenStream {
    let (runtime, body) = (&plan.runtime, &plan.item.body);
    let take = (!plan.borrows).then(|| quote!(move));
    match plan.outcome.style {
        Style::Async => {
            let body = match &plan.outcome.whole {
                Some(whole) => typed_as(whole, body),
                None => body.clone(),
            };
            quote!(async #take #body.await)
        }
        Style::Blocking => {
            let arrow = plan.outcome.arrow();
            quote!(#runtime::private::run(#take || #arrow #body))
        }
        // The body makes the boxed future that the signature promises.
        Style::BoxedFuture => {
            let body = Group::new(Delimiter::Brace, body.stream());
            quote!(#body.await)
        }
    }
}

/// What follows the body.
fn follow(plan: &Plan) -> TokenStream {
    let targets = name("targets");
    let (ok, with) = (ok(plan), with(plan));
    let after = match (plan.kind, with) {
        (Kind::Invalidates, None) if plan.outcome.form == Form::Value => TokenStream::new(),
        (Kind::Invalidates, None) => quote!(.after(#ok)),
        (Kind::Invalidates, Some(with)) => quote!(.after_with(#ok, #with)),
        (Kind::Updates, with) => quote!(.after(#ok, #with)),
    };
    let method = match plan.kind {
        Kind::Invalidates => "invalidate",
        Kind::Updates => "write",
    };
    waited(plan, &quote!(#targets #after), method)
}

/// What the function returned, if it is no error.
fn ok(plan: &Plan) -> TokenStream {
    let result = name("result");
    match (plan.outcome.form, &plan.outcome.whole) {
        (Form::Result, _) => quote!(#result.as_ref().ok()),
        (Form::ByType, Some(whole)) => {
            let how = how(whole, &plan.runtime);
            quote!(#how.ok(&#result))
        }
        (Form::Value | Form::ByType, _) => quote!(::core::option::Option::Some(&#result)),
    }
}

/// The closure that adds what `ret` tells.
fn with(plan: &Plan) -> Option<TokenStream> {
    let late: Vec<&TokenStream> =
        plan.targets.iter().filter(|target| target.after).map(|target| &target.call).collect();
    let value = value(plan);
    if late.is_empty() && value.is_none() {
        return None;
    }
    let targets = name("targets");
    let ret = match &plan.ret {
        Some(ret) => ret.to_token_stream(),
        None if plan.value.is_none() => name("ret").into_token_stream(),
        None => quote!(_),
    };
    Some(quote!(|#targets, #ret| #targets #(#late)* #value))
}

/// `.value(…)` of an update, shown at the value if one is written, else at the first target.
fn value(plan: &Plan) -> Option<TokenStream> {
    if plan.kind == Kind::Invalidates {
        return None;
    }
    if let Some(value) = &plan.value {
        let value = referred(value);
        return Some(quote!(.value(#value)));
    }
    let ret = plan.ret.clone().unwrap_or_else(|| name("ret"));
    let at = plan.targets.first().map_or_else(Span::call_site, |Target { place, .. }| *place);
    let ret = moved_ident(&ret, at);
    let method = moved(&quote!(.value), ours_at(at));
    Some(quote_spanned!(ours_at(at)=> #method(#ret)))
}
