//! `stale_while_revalidate`: the body may run once more, in the background, after the call has returned.
//!
//! The body becomes a closure that captures nothing and takes the function's parameters, so that it exists once and can be
//! called twice: with the caller's arguments if there is no value, with clones of them if there is an old one. The
//! clones are made only then.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, Signature, Type, TypeReference, parse_quote,
};

use crate::diagnostics::Diagnostics;
use crate::expand::{sharing, typed};
use crate::returns::Style;
use crate::signature::bare;
use crate::spans::{Ends, ours_at};
use crate::validate::Plan;

/// Reports what a refresh cannot take along.
pub(crate) fn check_detached(option: &Ident, signature: &Signature, style: Style, errors: &Diagnostics) {
    if style == Style::BoxedFuture {
        errors.at(
            option,
            "`stale_while_revalidate` cannot refresh a function under `#[async_trait]`: move the body to a function of its own, \
             and put the attribute there",
        );
    }
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) if is_mut_reference(&receiver_type(receiver)) => errors.at(
                receiver,
                "a refresh in the background runs on a clone of `self`, so it cannot take `&mut self`: take `&self`",
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
            "a refresh in the background needs to know its arguments: put the `#[cfg]` on the function, and write it twice",
        );
    }
    if !matches!(**pat, Pat::Ident(_)) {
        errors.at(
            pat,
            "a refresh in the background runs on a clone of this argument, which needs a name: take it apart in the body",
        );
    }
    if matches!(bare(ty), Type::ImplTrait(_)) {
        errors.at(
            ty,
            "a refresh in the background runs on a clone of this argument, whose type needs a name: make it a type parameter",
        );
    }
    if is_mut_reference(ty) {
        errors.at(
            ty,
            "a refresh in the background runs on a clone of this argument, so it cannot be `&mut`: take it by `&` or by value",
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
    let compute = Ident::new("compute", Span::mixed_site());
    let passed: Vec<Passed> = plan.item.sig.inputs.iter().map(passed).collect();
    let parameters = passed.iter().map(|passed| &passed.parameter);
    let arguments = passed.iter().map(|passed| &passed.outer);
    let names = passed.iter().map(|Passed { name, .. }| name);
    let owned = passed.iter().map(|passed| passed.owned(runtime));
    let again = passed.iter().map(Passed::again);
    let whole = &plan.returns.whole;
    let body = Group::new(plan.item.body.delimiter(), without_self(plan.item.body.stream()));
    let (or_compute, sharing) = match sharing(plan) {
        Some(sharing) => ("or_try_compute", quote!(#sharing,)),
        None => ("or_compute", TokenStream::new()),
    };
    let clones = quote!(let (#(#names,)*) = (#(#owned,)*););
    let ok = |value: TokenStream| match plan.returns.error {
        Some(_) => value,
        None => quote!(::core::result::Result::<_, ::core::convert::Infallible>::Ok(#value)),
    };
    if plan.returns.style == Style::Blocking {
        let or_compute = Ident::new(&format!("{or_compute}_blocking"), Span::call_site());
        let again = ok(quote!(#compute(#(#again),*)));
        quote! {
            #before
            let #compute = |#(#parameters),*| -> #whole #body;
            #entry
                .begin()
                .refresh_blocking(|| { #clones move || #again })
                .#or_compute(#sharing || #compute(#(#arguments),*))
        }
    } else {
        let or_compute = Ident::new(or_compute, Span::call_site());
        let again = ok(quote!(#compute(#(#again),*).await));
        let body = typed(plan, &body);
        quote! {
            #before
            let #compute = async |#(#parameters),*| -> #whole #body;
            #entry
                .begin()
                .await
                .refresh(|| { #clones async move { #again } })
                .#or_compute(#sharing #compute(#(#arguments),*))
                .await
        }
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
        quote_spanned!(at=> #runtime::private::owned::<#ty>(#borrow #outer))
    }

    /// The clone, as the closure wants it.
    fn again(&self) -> TokenStream {
        let (name, (ty, is_reference)) = (&self.name, self.cloned());
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

/// What `self` is called in the closure.
fn this(place: Span) -> Ident {
    Ident::new("this", Span::mixed_site().located_at(place))
}

fn without_self(tokens: TokenStream) -> TokenStream {
    let replace = |token: TokenTree| match token {
        TokenTree::Ident(ident) if ident == "self" => this(ident.span()).into(),
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), without_self(group.stream()));
            replaced.set_span(group.span());
            replaced.into()
        }
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}
