//! Which of the function's attributes the printed functions have.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::plan::Plan;

/// The function's attributes. What it expects may come about in the method, or in neither: it is allowed in both.
pub(super) fn of_function(plan: &Plan) -> Vec<Attribute> {
    let has_method = plan.background.as_ref().is_some_and(|background| background.method.is_some());
    let allowed = |attr: &Attribute| match &attr.meta {
        Meta::List(list) if has_method && list.path.is_ident("expect") => {
            let lints = &list.tokens;
            syn::parse_quote!(#[allow(#lints)])
        }
        _ => attr.clone(),
    };
    plan.item.attrs.iter().map(allowed).collect()
}

/// Attributes that hold for the entry function as for the function: whether it exists, and how rustc speaks of it. Not
/// `expect`, which would be unfulfilled here, and nothing that does something, such as `#[instrument]`.
pub(super) fn is_kept(attr: &Attribute) -> bool {
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
