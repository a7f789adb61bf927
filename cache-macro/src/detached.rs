//! `stale_while_revalidate` and `finish_in_background`: the body may run in the background, after the call has returned or has been
//! dropped.
//!
//! The body becomes something that captures nothing and takes the function's parameters, so that it exists once and can be
//! called twice: with the caller's arguments if there is no value, with clones of them if there is an old one. The
//! clones are made only then. It is a closure, or for a method another method (see [`body_method`]).

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, Type, TypeReference, parse_quote};

use crate::body_method;
use crate::diagnostics::Diagnostics;
use crate::expand::typed;
use crate::item::Item;
use crate::options::Options;
use crate::receiver::{format_strings, renamed, this};
use crate::returning::{joined, sharing, split, split_blocking};
use crate::returns::Style;
use crate::signature::bare;
use crate::spans::{Ends, moved, ours_at};
use crate::validate::Plan;

/// What may run in the background.
#[derive(Clone, Copy)]
pub(crate) struct Detaches {
    /// A refresh of a value that is past its time.
    refresh: bool,
    /// What a call computes itself.
    finish: bool,
}

impl Detaches {
    /// Reports what cannot be taken along.
    pub(crate) fn plan(
        options: &Options,
        item: &Item,
        has_companion: bool,
        style: Style,
        errors: &Diagnostics,
    ) -> Self {
        let refresh = options.stale_while_revalidate.given().map(|(option, _)| option);
        let finish =
            options.finish_in_background.given().filter(|(_, finish)| finish.0).map(|(option, _)| option);
        if let Some(option) = finish
            && style == Style::Blocking
        {
            errors.at(
                option,
                "a blocking call is not dropped before it is done, so there is nothing to finish: leave `finish_in_background` out",
            );
        }
        for option in refresh.into_iter().chain(finish).filter(|_| style == Style::BoxedFuture) {
            errors.at(
                option,
                format!(
                    "`{option}` cannot run a function under `#[async_trait]` in the background: move the body to a function of \
                     its own, and put the attribute there"
                ),
            );
        }
        let detaches = Self { refresh: refresh.is_some(), finish: finish.is_some() };
        if detaches.any() {
            check_detached(item, has_companion, errors);
        }
        detaches
    }

    pub(crate) fn any(self) -> bool {
        self.refresh || self.finish
    }
}

/// Reports what a computation in the background cannot take along.
fn check_detached(item: &Item, has_companion: bool, errors: &Diagnostics) {
    let takes_self = item.sig.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_)));
    if takes_self && !has_companion {
        for text in format_strings(item.body.stream()) {
            errors.at(
                text,
                "with `entry = false` a computation in the background cannot see `self` in a format string: write `{}`, and `self` behind \
                 the text",
            );
        }
    }
    for input in &item.sig.inputs {
        match input {
            FnArg::Receiver(receiver) if is_mut_reference(&receiver_type(receiver)) => errors.at(
                receiver,
                "a computation in the background runs on a clone of `self`, so it cannot take `&mut self`: take `&self`",
            ),
            FnArg::Receiver(_) => {}
            FnArg::Typed(argument) => check_argument(argument, errors),
        }
    }
}

fn check_argument(PatType { attrs, pat, ty, .. }: &PatType, errors: &Diagnostics) {
    if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        errors.at(
            cfg,
            "a computation in the background needs to know its arguments: put the `#[cfg]` on the function, and write it twice",
        );
    }
    if !matches!(**pat, Pat::Ident(_)) {
        errors.at(
            pat,
            "a computation in the background runs on a clone of this argument, which needs a name: take it apart in the body",
        );
    }
    if matches!(bare(ty), Type::ImplTrait(_)) {
        errors.at(
            ty,
            "a computation in the background runs on a clone of this argument, whose type needs a name: make it a type parameter",
        );
    }
    if is_mut_reference(ty) {
        errors.at(
            ty,
            "a computation in the background runs on a clone of this argument, so it cannot be `&mut`: take it by `&` or by value",
        );
    }
}

fn is_mut_reference(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(TypeReference { mutability: Some(_), .. }))
}

fn receiver_type(receiver: &Receiver) -> Type {
    match &receiver.kind {
        ReceiverKind::Reference(and, _, mutability) => parse_quote!(#and #mutability Self),
        ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => parse_quote!(Self),
    }
}

/// One parameter, as the closure takes it and as a call gives it.
struct Passed {
    name: Ident,
    /// What the caller calls it.
    outer: TokenStream,
    parameter: TokenStream,
    ty: Type,
}

/// The new body of a function that refreshes.
pub(crate) fn detached(plan: &Plan, before: &TokenStream, entry: &TokenStream) -> TokenStream {
    let runtime = &plan.runtime;
    let passed: Vec<Passed> = plan.item.sig.inputs.iter().map(passed).collect();
    let (compute, closure) = match body_method::path(plan) {
        Some(path) => (path, None),
        None => (compute().into_token_stream(), Some(closure(plan, &passed))),
    };
    let arguments = passed.iter().map(|passed| &passed.outer);
    let names = passed.iter().map(Passed::clone_name);
    let owned = passed.iter().map(|passed| passed.owned(runtime));
    let again = passed.iter().map(Passed::again);
    let (now, again) = (quote!(#compute(#(#arguments),*)), quote!(#compute(#(#again),*)));
    let clones = quote!(let (#(#names,)*) = (#(#owned,)*););
    // What becomes of errors, in a refresh and in the call itself.
    let name = Ident::new("errors", Span::mixed_site());
    let errors = sharing(plan).map(|sharing| quote!(let #name = #sharing;));
    let (prefix, argument) =
        if errors.is_some() { ("try_", quote!(#name,)) } else { ("", TokenStream::new()) };
    let method = |name: &str| Ident::new(&name.replace("try_", prefix), Span::call_site());
    let result = if plan.returns.style == Style::Blocking {
        let (refresh, or_compute) = (method("try_refresh_blocking"), method("or_try_compute_blocking"));
        let again = split_blocking(plan, quote!(move || #again));
        let now = split_blocking(plan, quote!(|| #now));
        quote! {
            #entry
                .begin()
                .#refresh(#argument || { #clones #again })
                .#or_compute(#argument #now)
        }
    } else {
        let (now, again) = (split(plan, now), split(plan, again));
        let make = quote!(|| { #clones async move { #again.await } });
        let refresh = plan.detaches.refresh.then(|| {
            let refresh = method("try_refresh");
            quote!(.#refresh(#argument #make))
        });
        let compute = if plan.detaches.finish {
            let or_compute = method("or_try_compute_detached");
            quote!(.#or_compute(#argument #make))
        } else {
            let or_compute = method("or_try_compute");
            quote!(.#or_compute(#argument #now))
        };
        quote!(#entry.begin().await #refresh #compute.await)
    };
    let result = joined(plan, result);
    quote!(#before #closure #errors #result)
}

/// What the closure is called.
fn compute() -> Ident {
    Ident::new("compute", Span::mixed_site())
}

/// The body as a closure, whose parameters have the names of the function's.
fn closure(plan: &Plan, passed: &[Passed]) -> TokenStream {
    let (compute, whole) = (compute(), &plan.returns.whole);
    let parameters = passed.iter().map(|passed| &passed.parameter);
    let body = &plan.item.body;
    let takes_self = plan.item.sig.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_)));
    let body = if takes_self { Group::new(body.delimiter(), renamed(body.stream())) } else { body.clone() };
    let closure = match plan.returns.style {
        Style::Blocking => quote!(|#(#parameters),*| -> #whole #body),
        Style::Async | Style::BoxedFuture => {
            let body = typed(plan, &body);
            quote!(async |#(#parameters),*| -> #whole #body)
        }
    };
    quote! {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let #compute = #closure;
    }
}

fn passed(input: &FnArg) -> Passed {
    match input {
        FnArg::Receiver(receiver) => {
            let Receiver { self_token, mutability, .. } = receiver;
            let name = this(self_token.span);
            let ty = without_lifetime(&receiver_type(receiver));
            let parameter = quote!(#mutability #name: #ty);
            Passed { name, outer: self_token.to_token_stream(), parameter, ty }
        }
        FnArg::Typed(PatType { attrs, pat, ty, .. }) => {
            let ty = without_lifetime(ty);
            let name = match &**pat {
                Pat::Ident(PatIdent { ident, .. }) => ident.clone(),
                // Reported by `check_detached`, so that no plan has one.
                _ => Ident::new("argument", Span::mixed_site()),
            };
            let parameter = quote!(#(#attrs)* #pat: #ty);
            Passed { outer: name.to_token_stream(), name, parameter, ty }
        }
    }
}

impl Passed {
    /// What its clone is called. Hygienic, so that it shadows nothing of the user's.
    fn clone_name(&self) -> Ident {
        let mut name = self.name.clone();
        name.set_span(Span::mixed_site().located_at(name.span()));
        name
    }

    /// The type that is cloned: of a reference, what it points to.
    fn cloned(&self) -> (&Type, bool) {
        match bare(&self.ty) {
            Type::Reference(reference) => (&reference.elem, true),
            ty => (ty, false),
        }
    }

    /// A clone for the background. The tokens stand at the argument's type, which is where rustc shows what it misses.
    fn owned(&self, runtime: &TokenStream) -> TokenStream {
        let (ty, is_reference) = self.cloned();
        let at = ours_at(Ends::of(ty).first);
        let outer = &self.outer;
        let borrow = (!is_reference).then(|| quote!(&));
        let runtime = moved(runtime, at);
        quote_spanned!(at=> #runtime::private::owned::<#ty, _>(#borrow #outer))
    }

    /// The clone, as the closure wants it.
    fn again(&self) -> TokenStream {
        let (name, (ty, is_reference)) = (self.clone_name(), self.cloned());
        if is_reference { quote!(::core::borrow::Borrow::<#ty>::borrow(&#name)) } else { quote!(#name) }
    }
}

/// The closure is called with references of two lifetimes, so it can name none of the function's.
fn without_lifetime(ty: &Type) -> Type {
    let mut ty = bare(ty).clone();
    if let Type::Reference(reference) = &mut ty {
        reference.lifetime = None;
    }
    ty
}
