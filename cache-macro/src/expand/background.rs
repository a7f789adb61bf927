//! The body of a function that may run in the background.
//!
//! The arguments are cloned only when it does.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, PatType, Receiver, Type};

use super::body::{typed, with_older};
use super::body_method;
use super::returning::{comparison, joined, sharing, split, split_blocking};
use crate::plan::Plan;
use crate::plan::background::Background;
use crate::plan::batch::{Batch, KeysForm};
use crate::plan::receiver::{renamed, this};
use crate::report::spans::{Ends, moved, ours_at};
use crate::signature::parameters::{receiver_type, takes_self};
use crate::signature::style::Style;
use crate::signature::types::bare;

/// The body as something that can be called: with the caller's arguments, and with clones of them.
pub(super) struct Computation<'a> {
    plan: &'a Plan,
    path: TokenStream,
    /// The statement that makes it, unless it is a method.
    pub(super) closure: Option<TokenStream>,
    passed: Vec<Passed<'a>>,
}

/// One parameter, as the closure takes it and as a call gives it.
struct Passed<'a> {
    name: Ident,
    /// What the caller calls it.
    outer: TokenStream,
    parameter: TokenStream,
    ty: Type,
    /// Of the keys of a batch, which are given and not cloned.
    batch: Option<&'a Batch>,
}

impl<'a> Computation<'a> {
    pub(super) fn new(plan: &'a Plan, background: &Background) -> Self {
        let passed: Vec<Passed<'_>> = plan.item.sig.inputs.iter().map(|input| passed(plan, input)).collect();
        let (path, closure) = match &background.method {
            Some(method) => (body_method::path(plan, method), None),
            None => (compute().into_token_stream(), Some(closure(plan, &passed))),
        };
        Self { plan, path, closure, passed }
    }

    /// The call with the caller's arguments, which are used up.
    fn once(&self) -> TokenStream {
        self.call(|passed| passed.outer.clone())
    }

    /// The call for the keys `missing` of a batch. It comes again where another computation came to nothing, so that what the
    /// caller gave by value is cloned.
    pub(super) fn now(&self) -> TokenStream {
        self.call(|passed| match passed.batch {
            None if !passed.cloned().1 => passed.owned(&self.plan.runtime),
            Some(batch) => passed.keys(batch),
            None => passed.outer.clone(),
        })
    }

    /// The call with clones.
    pub(super) fn again(&self) -> TokenStream {
        self.call(|passed| match passed.batch {
            Some(batch) => passed.keys(batch),
            None => passed.again(),
        })
    }

    /// The statement that makes the clones.
    pub(super) fn clones(&self) -> Option<TokenStream> {
        let cloned: Vec<&Passed<'_>> = self.passed.iter().filter(|passed| passed.batch.is_none()).collect();
        let names = cloned.iter().map(|passed| passed.clone_name());
        let owned = cloned.iter().map(|passed| passed.owned(&self.plan.runtime));
        (!cloned.is_empty()).then(|| quote!(let (#(#names,)*) = (#(#owned,)*);))
    }

    fn call(&self, argument: impl Fn(&Passed<'_>) -> TokenStream) -> TokenStream {
        let (path, arguments) = (&self.path, self.passed.iter().map(argument));
        quote!(#path(#(#arguments),*))
    }
}

/// `before` are statements, `entry` is the chain that they belong to.
pub(super) fn body(
    plan: &Plan,
    background: &Background,
    before: &TokenStream,
    entry: &TokenStream,
) -> TokenStream {
    let computation = Computation::new(plan, background);
    let (now, again, clones) = (computation.once(), computation.again(), computation.clones());
    let closure = &computation.closure;
    // What becomes of errors, in a refresh and in the call itself.
    let name = Ident::new("errors", Span::mixed_site());
    let errors = sharing(plan).map(|sharing| quote!(let #name = #sharing;));
    let (prefix, argument) =
        if errors.is_some() { ("try_", quote!(#name,)) } else { ("", TokenStream::new()) };
    let method = |name: &str| Ident::new(&name.replace("try_", prefix), Span::call_site());
    let (name, share) = share(plan);
    let verified = |method: Ident, make: &TokenStream| {
        let comparison = comparison(plan);
        quote!(.#method(#name, #comparison, #make))
    };
    let result = if plan.returns.style == Style::Blocking {
        let (refresh, or_compute) = (method("try_refresh_blocking"), method("or_try_compute_blocking"));
        let again = split_blocking(plan, quote!(move || #again));
        let now = split_blocking(plan, quote!(|| #now));
        let make = quote!(|| { #clones #again });
        let verify = background.verify.then(|| verified(method("try_verify_blocking"), &make));
        let refresh = background.refresh.then(|| quote!(.#refresh(#argument #make)));
        quote!(#entry.begin() #verify #refresh.#or_compute(#argument #now))
    } else {
        let (now, again) = (split(plan, now), split(plan, again));
        let make = quote!(|| { #clones async move { #again.await } });
        let verify = background.verify.then(|| verified(method("try_verify"), &make));
        let refresh = background.refresh.then(|| {
            let refresh = method("try_refresh");
            quote!(.#refresh(#argument #make))
        });
        let compute = if background.in_time {
            let (or_compute, finishes) = (method("or_try_compute_in_time"), background.finish);
            quote!(.#or_compute(#argument #finishes, #make))
        } else if background.finish {
            let or_compute = method("or_try_compute_detached");
            quote!(.#or_compute(#argument #make))
        } else {
            let or_compute = method("or_try_compute");
            quote!(.#or_compute(#argument #now))
        };
        quote!(#entry.begin().await #verify #refresh #compute.await)
    };
    let result = joined(plan, result);
    quote!(#before #closure #errors #share #result)
}

/// Which share of hits is verified: its name, and the statement that says it, so that nothing that the expression makes lives while the body runs.
pub(super) fn share(plan: &Plan) -> (Ident, Option<TokenStream>) {
    let name = Ident::new("share", Span::mixed_site());
    let share = plan.options.verify.value().map(|share| {
        let share = share.tokens();
        quote!(let #name: f64 = #share;)
    });
    (name, share)
}

/// What the closure is called.
fn compute() -> Ident {
    Ident::new("compute", Span::mixed_site())
}

/// The body as a closure, whose parameters have the names of the function's.
fn closure(plan: &Plan, passed: &[Passed<'_>]) -> TokenStream {
    let (compute, whole) = (compute(), &plan.returns.whole);
    let parameters = passed.iter().map(|passed| &passed.parameter);
    let body = &plan.item.body;
    let body = if takes_self(&plan.item.sig) {
        Group::new(body.delimiter(), renamed(body.stream()))
    } else {
        body.clone()
    };
    let body = with_older(plan, &body);
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

fn passed<'a>(plan: &'a Plan, input: &FnArg) -> Passed<'a> {
    match input {
        FnArg::Receiver(receiver) => {
            let Receiver { self_token, mutability, .. } = receiver;
            let name = this(self_token.span);
            let ty = without_lifetime(&receiver_type(receiver));
            let parameter = quote!(#mutability #name: #ty);
            Passed { name, outer: self_token.to_token_stream(), parameter, ty, batch: None }
        }
        FnArg::Typed(PatType { attrs, pat, ty, .. }) => {
            let ty = without_lifetime(ty);
            let name = match &**pat {
                Pat::Ident(PatIdent { ident, .. }) => ident.clone(),
                // Reported by the plan, so that there is none.
                _ => Ident::new("argument", Span::mixed_site()),
            };
            let batch = plan.batch.as_ref().filter(|batch| batch.takes_keys_as(pat));
            let named = batch.map_or_else(|| ty.to_token_stream(), |batch| batch.ty_of_closure(&ty));
            let parameter = quote!(#(#attrs)* #pat: #named);
            Passed { outer: name.to_token_stream(), name, parameter, ty, batch }
        }
    }
}

impl Passed<'_> {
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

    /// The keys that are missing, as the body takes them.
    fn keys(&self, batch: &Batch) -> TokenStream {
        let (missing, (ty, _)) = (missing(), self.cloned());
        match batch.form {
            KeysForm::Borrowed(_) => quote!(::core::borrow::Borrow::<#ty>::borrow(&#missing)),
            KeysForm::Owned(_) | KeysForm::IntoIterator => quote!(#missing),
            KeysForm::Iterator => quote!(::core::iter::IntoIterator::into_iter(#missing)),
        }
    }

    /// The clone, as the closure wants it.
    fn again(&self) -> TokenStream {
        let (name, (ty, is_reference)) = (self.clone_name(), self.cloned());
        if is_reference { quote!(::core::borrow::Borrow::<#ty>::borrow(&#name)) } else { quote!(#name) }
    }
}

/// What the keys are called that the body of a batch is to be run with.
pub(super) fn missing() -> Ident {
    Ident::new("missing", Span::mixed_site())
}

/// The closure is called with references of two lifetimes, so it can name none of the function's.
fn without_lifetime(ty: &Type) -> Type {
    let mut ty = bare(ty).clone();
    if let Type::Reference(reference) = &mut ty {
        reference.lifetime = None;
    }
    ty
}
