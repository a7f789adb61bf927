//! The body of a function that may run in the background.
//!
//! The arguments are cloned only when it does.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, PatType, Receiver, Type};

use super::body::typed;
use super::body_method;
use super::returning::{joined, sharing, split, split_blocking};
use crate::plan::Plan;
use crate::plan::background::Background;
use crate::plan::receiver::{renamed, this};
use crate::report::spans::{Ends, moved, ours_at};
use crate::signature::parameters::{receiver_type, takes_self};
use crate::signature::style::Style;
use crate::signature::types::bare;

/// One parameter, as the closure takes it and as a call gives it.
struct Passed {
    name: Ident,
    /// What the caller calls it.
    outer: TokenStream,
    parameter: TokenStream,
    ty: Type,
}

/// `before` are statements, `entry` is the chain that they belong to.
pub(super) fn body(
    plan: &Plan,
    background: &Background,
    before: &TokenStream,
    entry: &TokenStream,
) -> TokenStream {
    let runtime = &plan.runtime;
    let passed: Vec<Passed> = plan.item.sig.inputs.iter().map(passed).collect();
    let (compute, closure) = match &background.method {
        Some(method) => (body_method::path(plan, method), None),
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
        let refresh = background.refresh.then(|| {
            let refresh = method("try_refresh");
            quote!(.#refresh(#argument #make))
        });
        let compute = if background.finish {
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
    let body = if takes_self(&plan.item.sig) {
        Group::new(body.delimiter(), renamed(body.stream()))
    } else {
        body.clone()
    };
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
                // Reported by the plan, so that there is none.
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
        quote_spanned!(at=> #runtime::expansion::owned::<#ty, _>(#borrow #outer))
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
