//! The body of a method that may run in the background, as a method of its own beside it: as it was written, with all that `self`
//! can mean in it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{GenericParam, Signature};

use super::attributes::{self, is_kept};
use super::body::with_older;
use crate::parse::item::Item;
use crate::plan::Plan;

/// The method.
pub(super) fn method(plan: &Plan) -> Option<TokenStream> {
    let name = plan.background.as_ref()?.method.clone()?;
    let Item { sig, inner_attrs, body, .. } = &plan.item;
    let attrs = attributes::of_function(plan);
    let attrs = attrs.iter().filter(|attr| is_kept(attr));
    let body = with_older(plan, body).stream();
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
pub(super) fn path(plan: &Plan, name: &Ident) -> TokenStream {
    let parameters = plan.item.sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    let parameters: Vec<&Ident> = parameters.collect();
    let turbofish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
    quote!(Self::#name #turbofish)
}
