//! The body of a method that refreshes, as a method of its own beside it.
//!
//! It has to be called twice, and `self` cannot be given to anything but a method. So the body stays as it was written, with all that
//! `self` can mean in it. An `impl` of a trait has no room for a second method: there the body becomes a closure, as that of a
//! function without `self` does, and [`receiver`](crate::receiver) gives `self` another name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, GenericParam, Meta, Safety, Signature};

use crate::companion::is_kept;
use crate::item::Item;
use crate::validate::Plan;

/// The method's name, if the body of this function is to be one.
pub(crate) fn name(plan: &Plan) -> Option<Ident> {
    let Signature { ident, inputs, safety, .. } = &plan.item.sig;
    let is_method = inputs.iter().any(|input| matches!(input, FnArg::Receiver(_)));
    let is_safe = !matches!(safety, Safety::Unsafe(_));
    let fits = plan.detaches.any() && plan.companion.is_some() && is_method && is_safe;
    fits.then(|| format_ident!("__redis_cached_{}", ident.unraw(), span = Span::call_site()))
}

/// The method.
pub(crate) fn method(plan: &Plan) -> Option<TokenStream> {
    let name = name(plan)?;
    let Item { sig, inner_attrs, body, .. } = &plan.item;
    let attrs = attributes(plan);
    let attrs = attrs.iter().filter(|attr| is_kept(attr));
    let body = body.stream();
    let sig = Signature { ident: name, ..sig.clone() };
    Some(quote! {
        #[doc(hidden)]
        #[allow(dead_code)]
        #(#attrs)*
        #sig {
            #inner_attrs
            #body
        }
    })
}

/// `Self::name::<T>`: a parameter that no argument tells is named.
pub(crate) fn path(plan: &Plan) -> Option<TokenStream> {
    let name = name(plan)?;
    let parameters = plan.item.sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    let parameters: Vec<&Ident> = parameters.collect();
    let turbofish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
    Some(quote!(Self::#name #turbofish))
}

/// The function's attributes. What it expects may come about in the method, or in neither: it is allowed in both.
pub(crate) fn attributes(plan: &Plan) -> Vec<Attribute> {
    let allowed = |attr: &Attribute| match &attr.meta {
        Meta::List(list) if name(plan).is_some() && list.path.is_ident("expect") => {
            let lints = &list.tokens;
            syn::parse_quote!(#[allow(#lints)])
        }
        _ => attr.clone(),
    };
    plan.item.attrs.iter().map(allowed).collect()
}
