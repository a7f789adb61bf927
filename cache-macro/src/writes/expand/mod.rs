//! Prints a [`WritePlan`]: targets, body, what follows the body, in the order in which they happen.
//!
//! Statements and not one chain, because each has to end before the next begins: what an argument's expression leaves behind
//! (a lock's guard) is dropped before the body runs, and what the body borrows is free when its result is looked at.

mod target;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use self::target::{PrintedTarget, printed};
use super::parse::Kind;
use super::plan::{Target, TargetForm, WritePlan};
use super::signature::OutcomeForm;
use crate::expand::body::typed_as;
use crate::expand::references::referred;
use crate::expand::returning::how;
use crate::parse::item::Item;
use crate::report::spans::{moved, moved_ident, ours_at};
use crate::signature::style::Style;

pub(super) fn expand(plan: &WritePlan) -> TokenStream {
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

fn body(plan: &WritePlan) -> TokenStream {
    let (runtime, targets, result) = (&plan.runtime, name("targets"), name("result"));
    let begin = match plan.kind {
        Kind::Invalidates => quote!(invalidates),
        Kind::Updates => quote!(updates),
    };
    let printed: Vec<PrintedTarget> = plan
        .targets
        .iter()
        .enumerate()
        .map(|(index, target)| printed(plan, target, &index.to_string()))
        .collect();
    let first = printed.iter().filter(|target| !target.after).map(|target| &target.call);
    let clones = printed.iter().flat_map(|target| &target.before);
    let on_error = plan.on_error.then(|| quote!(.on_error()));
    let before = plan.before.then(|| before(plan));
    let computed = computed(plan);
    let follow = follow(plan, &printed);
    let end = match &plan.strict {
        None => quote!(#follow; #result),
        Some(strict) => {
            // All of the call stands at the flag: that is where rustc says what the error's type lacks.
            let (done, at) = (name("done"), ours_at(strict.span()));
            let (runtime, arguments) = (moved(runtime, at), moved(&quote!(#result, #done), at));
            let call = quote_spanned!(at=> #runtime::expansion::strict(#arguments));
            quote!(let #done = #follow; #call)
        }
    };
    let body = quote! {
        let #targets = #runtime::expansion::#begin() #(#first)* #on_error;
        #(#clones)*
        #before
        let #result = #computed;
        #end
    };
    match plan.outcome.style {
        Style::BoxedFuture => quote!(::std::boxed::Box::pin(async move { #body })),
        Style::Async | Style::Blocking => body,
    }
}

/// The invalidation before the body. A strict one that failed is the function's error, and the body does not run.
fn before(plan: &WritePlan) -> TokenStream {
    let targets = name("targets");
    let Some(strict) = &plan.strict else {
        let before = waited(plan, &quote!(#targets), "before");
        return quote!(#before;);
    };
    let (error, at) = (name("error"), ours_at(strict.span()));
    let (before, runtime) = (waited(plan, &quote!(#targets), "try_before"), moved(&plan.runtime, at));
    let converted = quote_spanned!(at=> #runtime::expansion::Strict::of(#error));
    quote! {
        if let ::core::result::Result::Err(#error) = #before {
            return ::core::result::Result::Err(#converted);
        }
    }
}

/// A call that asks Redis, in the function's style.
fn waited(plan: &WritePlan, receiver: &TokenStream, method: &str) -> TokenStream {
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
fn computed(plan: &WritePlan) -> TokenStream {
    let (runtime, body) = (&plan.runtime, &plan.item.body);
    let take = (!plan.borrows).then(|| quote!(move));
    match plan.outcome.style {
        Style::Async => {
            let body = match &plan.outcome.whole {
                Some(whole) => typed_as(whole, body, runtime),
                None => body.clone(),
            };
            quote!(async #take #body.await)
        }
        Style::Blocking => {
            let arrow = plan.outcome.whole.as_ref().map(|whole| quote!(-> #whole));
            quote!(#runtime::expansion::run(#take || #arrow #body))
        }
        // The body makes the boxed future that the signature promises.
        Style::BoxedFuture => {
            let body = Group::new(Delimiter::Brace, body.stream());
            quote!(#body.await)
        }
    }
}

/// What follows the body.
fn follow(plan: &WritePlan, printed: &[PrintedTarget]) -> TokenStream {
    let targets = name("targets");
    let (ok, with) = (ok(plan), with(plan, printed));
    let after = match (plan.kind, with) {
        (Kind::Invalidates, None) if plan.outcome.form == OutcomeForm::Value => TokenStream::new(),
        (Kind::Invalidates, None) => quote!(.after(#ok)),
        (Kind::Invalidates, Some(with)) => quote!(.after_with(#ok, #with)),
        (Kind::Updates, with) => quote!(.after(#ok, #with)),
    };
    let method = match (plan.kind, &plan.strict) {
        (Kind::Invalidates, None) => "invalidate",
        (Kind::Invalidates, Some(_)) => "try_invalidate",
        (Kind::Updates, None) => "write",
        (Kind::Updates, Some(_)) => "try_write",
    };
    waited(plan, &quote!(#targets #after), method)
}

/// What the function returned, if it is no error.
fn ok(plan: &WritePlan) -> TokenStream {
    let result = name("result");
    match (plan.outcome.form, &plan.outcome.whole) {
        (OutcomeForm::Result, _) => quote!(#result.as_ref().ok()),
        (OutcomeForm::ByType, Some(whole)) => {
            let how = how(whole, &plan.runtime);
            quote!(#how.ok(&#result))
        }
        (OutcomeForm::Value | OutcomeForm::ByType, _) => quote!(::core::option::Option::Some(&#result)),
    }
}

/// The closure that adds what `ret` tells.
fn with(plan: &WritePlan, printed: &[PrintedTarget]) -> Option<TokenStream> {
    let late: Vec<&TokenStream> =
        printed.iter().filter(|target| target.after).map(|target| &target.call).collect();
    let value = value(plan, printed);
    if late.is_empty() && value.is_none() {
        return None;
    }
    let targets = name("targets");
    let ret = match &plan.ret {
        Some(ret) => ret.to_token_stream(),
        None if value.is_some() && plan.value.is_none() => name("ret").into_token_stream(),
        None => quote!(_),
    };
    Some(quote!(|#targets, #ret| #targets #(#late)* #value))
}

/// `.value(…)` of an update, shown at the value if one is written, else at the first target.
fn value(plan: &WritePlan, printed: &[PrintedTarget]) -> Option<TokenStream> {
    // In a loop each has its own.
    let is_entry = |target: &Target| !matches!(target.form, TargetForm::Each(_));
    if plan.kind == Kind::Invalidates || !plan.targets.iter().any(is_entry) {
        return None;
    }
    if let Some(value) = &plan.value {
        let value = referred(value);
        return Some(quote!(.value(#value)));
    }
    let ret = plan.ret.clone().unwrap_or_else(|| name("ret"));
    let at = printed.first().map_or_else(Span::call_site, |target| target.place);
    let ret = moved_ident(&ret, at);
    let method = moved(&quote!(.value), ours_at(at));
    Some(quote_spanned!(ours_at(at)=> #method(#ret)))
}
