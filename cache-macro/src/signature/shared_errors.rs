//! Whether an error may be shared with the calls that waited for it, as far as tokens tell.
//!
//! The runtime finds out whether an error is `Clone`. It cannot find out whether the error lives long enough to wait for another
//! caller, since the compiler picks methods without looking at lifetimes. So what shows a borrow is not shared.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{GenericParam, Signature, TypeParamBound, WherePredicate};

use super::type_parameters::is_one_letter;

/// No lifetime but `'static`, and no type parameter that the function does not say to be `'static`.
pub(crate) fn is_shared(error: &TokenStream, signature: &Signature) -> bool {
    let tokens: Vec<TokenTree> = error.clone().into_iter().collect();
    tokens.iter().enumerate().all(|(at, token)| {
        let next = tokens.get(at + 1);
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => is(next, "static"),
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                matches!(next, Some(TokenTree::Punct(quote)) if quote.as_char() == '\'')
            }
            TokenTree::Ident(ident) => !is_parameter(ident, signature) || outlives_all(ident, signature),
            TokenTree::Group(group) => is_shared(&group.stream(), signature),
            TokenTree::Punct(_) | TokenTree::Literal(_) => true,
        }
    })
}

fn is(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

/// Those of an `impl` do not show; by custom they have one letter.
fn is_parameter(ident: &Ident, signature: &Signature) -> bool {
    let own = |param: &GenericParam| matches!(param, GenericParam::Type(param) if param.ident == *ident);
    is_one_letter(ident) || signature.generics.params.iter().any(own)
}

/// `E: 'static`
fn outlives_all(ident: &Ident, signature: &Signature) -> bool {
    let is_static = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static");
    let inline = signature.generics.params.iter().any(|param| {
        matches!(param, GenericParam::Type(param) if param.ident == *ident && param.bounds.iter().any(is_static))
    });
    let about = |ty: &syn::Type| matches!(ty, syn::Type::Path(path) if path.path.is_ident(ident));
    let predicates = signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let mut predicates = predicates.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) if about(&predicate.bounded_ty) => Some(predicate),
        _ => None,
    });
    inline || predicates.any(|predicate| predicate.bounds.iter().any(is_static))
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn what_may_borrow_is_not_shared() {
        let signature = parse_quote!(fn f<A, B: Clone + 'static, Why>() where Why: 'static, Self: 'static);
        for error in [
            quote!(Error),
            quote!(Self::Error),
            quote!(&'static str),
            quote!(Cow<'static, str>),
            quote!(Arc<B>),
            quote!((Why, B)),
        ] {
            assert!(is_shared(&error, &signature), "{error}");
        }
        for error in [
            quote!(&str),
            quote!(&'a str),
            quote!(Borrowed<'_>),
            quote!((u8, Cow<'a, str>)),
            quote!(A),
            quote!(Arc<A>),
            quote!(E),
            quote!(E2::Error),
        ] {
            assert!(!is_shared(&error, &signature), "{error}");
        }
    }
}
