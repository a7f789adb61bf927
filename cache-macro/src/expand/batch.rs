//! The body of a function with `batch`.
//!
//! The function becomes a loop: as long as something is missing that nobody else computes, its body runs with those keys.
//! Mostly that is once or not at all; it is once more if another caller's computation, which this one waited for, came to
//! nothing. So the body stays a block in its place, sees its other arguments as they are, and may not use them up. Where it may
//! run in the background as well, it is a [`Computation`] instead.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::background::{Computation, missing, share};
use super::body::typed;
use super::returning::{of_values, sharing};
use crate::plan::Plan;
use crate::plan::batch::{Batch, KeysForm};
use crate::report::spans::{Ends, ours_at};
use crate::signature::style::Style;

/// The new body. `entry` is the chain without its last call.
pub(super) fn body(plan: &Plan, batch: &Batch, entry: &TokenStream) -> TokenStream {
    let [this, errors] = ["batch", "errors"].map(|name| Ident::new(name, Span::mixed_site()));
    let missing = missing();
    let Batch { collection, .. } = batch;
    let Ends { first, last } = Ends::of(collection);
    let (first, last) = (ours_at(first), ours_at(last));
    let keys = keys(batch, &plan.runtime);
    let make = quote_spanned!(first=> .batch::<#collection>);
    let arguments = quote_spanned!(last=> (#keys));
    let can_fail = plan.returns.can_fail();
    let (prefix, question) = if can_fail { ("try_", Some(quote!(?))) } else { ("", None) };
    let (suffix, wait) = match plan.returns.style {
        Style::Blocking => ("_blocking", None),
        Style::Async | Style::BoxedFuture => ("", Some(quote!(.await))),
    };
    let method = |name: &str| Ident::new(&format!("{prefix}{name}{suffix}"), Span::call_site());
    let (ask, compute) = (method("missing"), method("compute"));
    let (let_errors, shared) = match sharing(plan) {
        Some(sharing) => (Some(quote!(let #errors = #sharing;)), Some(quote!(#errors))),
        None => (None, None),
    };
    let comma = shared.as_ref().map(|_| quote!(,));
    let computation = plan.background.as_ref().map(|background| Computation::new(plan, background));
    let (shadow, body) = match &computation {
        Some(computation) => (None, now(plan, computation)),
        None => (Some(missing_keys(batch, &missing)), in_its_place(plan)),
    };
    let (name, share_of_hits) = share(plan);
    let in_background =
        computation.as_ref().zip(plan.background.as_ref()).map(|(computation, background)| {
            let begin = Ident::new(&format!("begin{suffix}"), Span::call_site());
            let at_key = |name| Ident::new(&method(name).to_string(), ours_at(Ends::of(&batch.key).first));
            let make = again(plan, computation);
            let verify = background.verify.then(|| {
                let (verify, comparison) = (at_key("verify"), of_values(plan));
                quote!(.#verify(#name, #comparison, #make))
            });
            let refresh = background.refresh.then(|| {
                let refresh = at_key("refresh");
                quote!(.#refresh(#shared #comma #make))
            });
            quote!(.#begin() #wait #verify #refresh)
        });
    let closure = computation.as_ref().map(|computation| &computation.closure);
    let result =
        if can_fail { quote!(::core::result::Result::Ok(#this.finish())) } else { quote!(#this.finish()) };
    quote! {
        #closure
        #let_errors
        #share_of_hits
        let mut #this = #entry #make #arguments #in_background;
        while let ::core::option::Option::Some(#missing) = #this.#ask(#shared) #wait #question {
            #shadow
            #this.#compute(#shared #comma #body) #wait #question;
        }
        #result
    }
}

/// The body as it was written.
fn in_its_place(plan: &Plan) -> TokenStream {
    let (body, whole) = (&plan.item.body, &plan.returns.whole);
    match plan.returns.style {
        Style::Blocking => quote!(|| -> #whole #body),
        Style::Async | Style::BoxedFuture => {
            let body = typed(plan, body);
            quote!(async #body)
        }
    }
}

/// The call of a body that is elsewhere.
fn now(plan: &Plan, computation: &Computation<'_>) -> TokenStream {
    let now = computation.now();
    match plan.returns.style {
        Style::Blocking => quote!(|| #now),
        Style::Async | Style::BoxedFuture => now,
    }
}

/// What makes the computation of stale keys in the background, on clones of the other arguments.
fn again(plan: &Plan, computation: &Computation<'_>) -> TokenStream {
    let (again, clones, missing) = (computation.again(), computation.clones(), missing());
    let compute = match plan.returns.style {
        Style::Blocking => quote!(move |#missing| #again),
        Style::Async | Style::BoxedFuture => quote!(move |#missing| async move { #again.await }),
    };
    match clones {
        Some(clones) => quote!(|| { #clones #compute }),
        None => quote!(|| #compute),
    }
}

/// The caller's keys. The tokens stand at a key's type, where rustc shows what it misses.
fn keys(batch: &Batch, runtime: &TokenStream) -> TokenStream {
    let Batch { name, key, .. } = batch;
    match batch.form {
        KeysForm::Borrowed(_) => {
            let at = ours_at(Ends::of(key).first);
            quote_spanned!(at=> #runtime::expansion::cloned::<#key>(#name))
        }
        KeysForm::Owned(_) | KeysForm::IntoIterator | KeysForm::Iterator => name.to_token_stream(),
    }
}

/// The missing keys under the name, and as the type, that the body knows.
fn missing_keys(batch: &Batch, missing: &Ident) -> TokenStream {
    let Batch { name, mutability, .. } = batch;
    let shadow = quote! {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    };
    let missing = match &batch.form {
        KeysForm::Borrowed(elem) => quote!(let #mutability #name: &#elem = &#missing;),
        KeysForm::Owned(ty) => quote!(let #mutability #name: #ty = #missing;),
        KeysForm::IntoIterator => quote!(let #mutability #name = #missing;),
        KeysForm::Iterator => {
            quote!(let #mutability #name = ::core::iter::IntoIterator::into_iter(#missing);)
        }
    };
    quote!(#shadow #missing)
}
