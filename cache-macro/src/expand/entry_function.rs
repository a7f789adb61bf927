//! The entry function: gives the entry of a call without making the call.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Generics, Type};

use super::attributes::is_kept;
use super::callsite::{codec, shape};
use super::entry::{Which, entry};
use super::pattern::borrowing;
use super::returning::statement;
use crate::plan::Plan;
use crate::plan::entry_function::EntryFunction;
use crate::plan::expressions::{Expression, expressions};
use crate::plan::key::KeyPiece;
use crate::signature::generics::narrowed;
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::types::{bare, is_passed_by_value, last_segment};

pub(super) fn entry_function(plan: &Plan, function: &EntryFunction) -> TokenStream {
    let EntryFunction { name, takes_self, .. } = function;
    let entry = entry(plan, Which::EntryFunction);
    let Plan { runtime, returns, item, .. } = plan;
    let attrs = item.attrs.iter().filter(|attr| is_kept(attr));
    let doc = format!(" The cache entry of `{}` for these arguments.", item.sig.ident.unraw());
    let (vis, value) = (&item.vis, &returns.value);
    let receiver = takes_self.then(|| quote!(&self));
    let arguments = taken(plan, function).filter_map(argument);
    let arguments = receiver.into_iter().chain(arguments);
    let generics = narrowed(&item.sig.generics, &needs(plan, function));
    let where_clause = &generics.where_clause;
    let (lints, statement) = (lints(plan, function, &generics), statement(plan));
    let (ty, build) = match shape(plan) {
        Some(shape) => {
            let codec = codec(plan);
            (quote!(#runtime::ShapedEntry<#value, #shape, #codec>), quote!(build_shaped))
        }
        None => (quote!(#runtime::Entry<#value>), quote!(build)),
    };
    quote! {
        #[doc = #doc]
        #[allow(#(#lints),*)]
        #(#attrs)*
        #vis fn #name #generics (#(#arguments),*) -> #ty #where_clause {
            #statement
            #entry.#build()
        }
    }
}

/// The parameters of the function's that it takes.
fn taken<'a>(plan: &'a Plan, function: &'a EntryFunction) -> impl Iterator<Item = &'a Parameter> {
    function.takes.iter().filter_map(|index| plan.parameters.get(*index))
}

/// The lints that this entry function can set off, and that its reader could do nothing about. Others keep quiet in code that
/// a macro wrote.
fn lints(plan: &Plan, function: &EntryFunction, generics: &Generics) -> Vec<TokenStream> {
    let EntryFunction { takes_self, takes, .. } = function;
    let mut types = taken(plan, function).filter_map(|parameter| referenced(&parameter.ty));
    let owner = types.any(|name| {
        ["Cow", "CString", "OsString", "PathBuf", "String", "Vec"].iter().any(|owner| name == owner)
    });
    [
        // Not every function's entry is asked for.
        (true, quote!(dead_code)),
        // Two arguments may have shared a lifetime of which one is left.
        (generics.lifetimes().next().is_some(), quote!(single_use_lifetimes)),
        (owner, quote!(clippy::ptr_arg)),
        (takes.len() + usize::from(*takes_self) > 7, quote!(clippy::too_many_arguments)),
    ]
    .into_iter()
    .filter_map(|(can_fire, lint)| can_fire.then_some(lint))
    .collect()
}

/// The name of the type that the entry function takes a reference to: what a reference refers to, or the type itself.
fn referenced(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Reference(reference) => referenced(&reference.elem),
        ty => last_segment(ty).map(|segment| &segment.ident),
    }
}

/// Everything in the entry function that the user wrote, which is what its generic parameters have to cover.
fn needs(plan: &Plan, function: &EntryFunction) -> TokenStream {
    let types = taken(plan, function).map(|parameter| &parameter.ty);
    let pieces = plan.key.pieces.iter().chain(plan.tags.templates().flat_map(|tag| &tag.pieces));
    let named = pieces.filter_map(|piece| match piece {
        KeyPiece::Type(name) => Some(name),
        KeyPiece::Argument(argument) if argument.parameter.is_none() => Some(&argument.name),
        KeyPiece::Argument(_) | KeyPiece::Text(_) => None,
    });
    let expressions = expressions(&plan.options);
    let expressions = expressions.iter().map(|Expression { expr, .. }| expr);
    let value = &plan.returns.value;
    quote!(#value; #(#types;)* #(#named;)* #(#expressions;)*)
}

/// Integers, `bool` and `char` by value, references as they are but never `mut`, everything else by reference: the entry
/// of a call can be had while the arguments are still needed.
fn argument(parameter: &Parameter) -> Option<TokenStream> {
    let Binding::Name(name) = &parameter.binding else {
        return None;
    };
    let cfgs = parameter.cfgs();
    let name = match &parameter.pattern {
        Some(pattern) => borrowing(pattern, &parameter.ty).into_token_stream(),
        None => name.to_token_stream(),
    };
    let ty = match bare(&parameter.ty) {
        ty if is_passed_by_value(ty) => parameter.ty.to_token_stream(),
        Type::Reference(reference) => {
            let (lifetime, elem) = (&reference.lifetime, &reference.elem);
            quote!(&#lifetime #elem)
        }
        // `&impl A + B` is no type.
        Type::ImplTrait(ty) if ty.bounds.len() > 1 => quote!(&(#ty)),
        _ => {
            let ty = &parameter.ty;
            quote!(&#ty)
        }
    };
    Some(quote!(#(#cfgs)* #name: #ty))
}
