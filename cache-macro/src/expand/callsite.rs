//! Where the function stands, in one line, its codec and its shape.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;

use crate::parse::values::codec::Codec;
use crate::parse::values::invalidated::Invalidated;
use crate::parse::values::shape::Shape;
use crate::parse::values::version::Version;
use crate::plan::Plan;

pub(super) fn callsite(plan: &Plan) -> TokenStream {
    let Plan { runtime, item, key, options, .. } = plan;
    let name = item.sig.ident.unraw().to_string();
    let template = key.template().map(|template| quote!(, template = #template));
    let version = options.version.value().map(|Version(version)| quote!(, version = #version));
    let invalidated = options.invalidated.value().map(|Invalidated(known)| quote!(, invalidated = #known));
    quote!(#runtime::expansion::callsite!(#name #template #version #invalidated))
}

/// The codec's path.
pub(super) fn codec(plan: &Plan) -> TokenStream {
    let runtime = &plan.runtime;
    match &plan.codec {
        Codec::BuiltIn(name) => quote!(#runtime::codec::#name),
        Codec::Own(path) => path.to_token_stream(),
    }
}

/// The path of the shape, and nothing for a value that is stored as a string.
pub(super) fn shape(plan: &Plan) -> Option<TokenStream> {
    let runtime = &plan.runtime;
    plan.options.shape.value().map(|Shape(name)| quote!(#runtime::shape::#name))
}
