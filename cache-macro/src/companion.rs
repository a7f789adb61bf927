//! The companion: the function that gives the entry of a call without making the call.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Generics, Meta, Token, Type};

use crate::generics::narrowed;
use crate::key::Piece;
use crate::pattern::borrowing;
use crate::returning::statement;
use crate::signature::{Binding, Parameter, bare, is_passed_by_value};
use crate::validate::{Companion, Plan};

/// `entry` is the chain without its last call.
pub(crate) fn companion(plan: &Plan, entry: &TokenStream) -> TokenStream {
    let Some(Companion { name, takes_self, takes, .. }) = &plan.companion else {
        return TokenStream::new();
    };
    let Plan { runtime, returns, item, .. } = plan;
    let attrs = item.attrs.iter().filter(|attr| is_kept(attr));
    let doc = format!(" The cache entry of `{}` for these arguments.", item.sig.ident.unraw());
    let (vis, value) = (&item.vis, &returns.value);
    let receiver = takes_self.then(|| quote!(&self));
    let arguments = takes.iter().filter_map(|index| plan.parameters.get(*index)).filter_map(argument);
    let arguments = receiver.into_iter().chain(arguments);
    let generics = narrowed(&item.sig.generics, &needs(plan));
    let where_clause = &generics.where_clause;
    let (lints, statement) = (lints(plan, &generics), statement(plan));
    quote! {
        #[doc = #doc]
        #[allow(#(#lints),*)]
        #(#attrs)*
        #vis fn #name #generics (#(#arguments),*) -> #runtime::Entry<#value> #where_clause {
            #statement
            #entry.build()
        }
    }
}

/// The lints that this companion can set off, and that its reader could do nothing about. Others keep quiet in code that
/// a macro wrote.
fn lints(plan: &Plan, generics: &Generics) -> Vec<TokenStream> {
    let Some(Companion { takes_self, takes, .. }) = &plan.companion else {
        return Vec::new();
    };
    let mut types = takes
        .iter()
        .filter_map(|index| plan.parameters.get(*index))
        .filter_map(|parameter| referenced(&parameter.ty));
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

/// The name of the type that the companion takes a reference to: what a reference refers to, or the type itself.
fn referenced(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Reference(reference) => referenced(&reference.elem),
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// Everything in the companion that the user wrote, which is what its generic parameters have to cover.
fn needs(plan: &Plan) -> TokenStream {
    let arguments = plan.companion.iter().flat_map(|companion| &companion.takes);
    let types = arguments.filter_map(|index| plan.parameters.get(*index)).map(|parameter| &parameter.ty);
    let pieces = plan.key.pieces.iter().chain(plan.tags.templates().flat_map(|tag| &tag.pieces));
    let named = pieces.filter_map(|piece| match piece {
        Piece::Type(name) => Some(name),
        Piece::Value(value) if value.parameter.is_none() => Some(&value.name),
        Piece::Value(_) | Piece::Text(_) => None,
    });
    let expressions = plan.companion.iter().flat_map(|companion| &companion.expressions);
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

/// Attributes that hold for the companion as for the function: whether it exists, and how rustc speaks of it. Not
/// `expect`, which would be unfulfilled here, and nothing that does something, such as `#[instrument]`.
pub(crate) fn is_kept(attr: &Attribute) -> bool {
    is_about_existence_or_lints(&attr.meta)
}

fn is_about_existence_or_lints(meta: &Meta) -> bool {
    let path = meta.path();
    if ["cfg", "allow", "warn", "deny", "forbid"].iter().any(|name| path.is_ident(name)) {
        return true;
    }
    let Meta::List(list) = meta else { return false };
    // `cfg_attr(condition, attribute, …)` is what its attributes are.
    path.is_ident("cfg_attr")
        && list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|metas| metas.iter().skip(1).all(is_about_existence_or_lints))
}

/// `get_user_entry` for `get_user`, `type_entry` for `r#type` and for `type_`.
pub(crate) fn default_name(function: &Ident) -> Ident {
    // `type_` is a way to write `type`, and two underscores in a row are no snake case.
    let name = function.unraw().to_string();
    format_ident!("{}_entry", name.trim_end_matches('_'), span = function.span())
}
