//! The part of a function's generics that its entry function keeps.
//!
//! A type parameter that the entry function's own signature does not name could not be inferred at its calls, so those that
//! only skipped arguments use are left out, and with them their bounds.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{GenericParam, Generics, WherePredicate};

use super::mentions::Mentions;

/// The parameters that `code` names, those that their bounds name, and the predicates about them.
pub(crate) fn narrowed(generics: &Generics, code: &TokenStream) -> Generics {
    let predicates = || generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let mut used = Mentions::of(code);
    // A bound can name a further parameter, whose bounds can name another: round after round until one adds nothing.
    loop {
        let before = kept(generics, &used).count();
        for param in kept(generics, &used).collect::<Vec<_>>() {
            used.add(param);
        }
        for predicate in predicates() {
            if let Some(subject) = subject(predicate)
                && names_one(generics, &subject)
                && names_only(generics, &subject, &used)
            {
                used.add(predicate);
            }
        }
        if kept(generics, &used).count() == before {
            break;
        }
    }
    let mut narrowed = generics.clone();
    narrowed.params = kept(generics, &used).cloned().collect();
    if let Some(clause) = &mut narrowed.where_clause {
        clause.predicates = predicates()
            .filter(|predicate| names_only(generics, &all_of(predicate), &used))
            .cloned()
            .collect();
    }
    narrowed
}

fn kept<'a>(generics: &'a Generics, used: &Mentions) -> impl Iterator<Item = &'a GenericParam> {
    generics.params.iter().filter(|param| names(used, param))
}

fn names(mentions: &Mentions, param: &GenericParam) -> bool {
    match param {
        GenericParam::Lifetime(param) => mentions.text(&param.lifetime.to_string()),
        GenericParam::Type(param) => mentions.name(&param.ident),
        GenericParam::Const(param) => mentions.name(&param.ident),
    }
}

/// What a predicate is about: its left side.
fn subject(predicate: &WherePredicate) -> Option<Mentions> {
    match predicate {
        WherePredicate::Lifetime(predicate) => Some(Mentions::of(predicate.lifetime.to_token_stream())),
        WherePredicate::Type(predicate) => Some(Mentions::of(&predicate.bounded_ty)),
        _ => None,
    }
}

/// Both sides. The left one is asked for by itself, because in front of a colon it looks like a label.
fn all_of(predicate: &WherePredicate) -> Mentions {
    let mut mentions = subject(predicate).unwrap_or_default();
    mentions.add(predicate);
    mentions
}

fn names_one(generics: &Generics, mentions: &Mentions) -> bool {
    generics.params.iter().any(|param| names(mentions, param))
}

/// Whether all of the function's parameters in `mentions` are in `used`.
fn names_only(generics: &Generics, mentions: &Mentions, used: &Mentions) -> bool {
    generics.params.iter().filter(|param| names(mentions, param)).all(|param| names(used, param))
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::{Signature, parse_quote};

    use super::*;

    fn narrow(signature: &Signature, code: &TokenStream) -> String {
        let narrowed = narrowed(&signature.generics, code);
        let where_clause = &narrowed.where_clause;
        quote!(#narrowed #where_clause).to_string().replace(' ', "")
    }

    #[test]
    fn what_is_named_is_kept() {
        assert_eq!(narrow(&parse_quote!(fn f<'a, T, const N: usize>()), &quote!(&'a T)), "<'a,T>");
        assert_eq!(narrow(&parse_quote!(fn f<'a, T, const N: usize>()), &quote!(N)), "<constN:usize>");
        assert_eq!(narrow(&parse_quote!(fn f<T>()), &quote!(u8)), "");
    }

    #[test]
    fn bounds_bring_their_parameters() {
        assert_eq!(narrow(&parse_quote!(fn f<T: Into<U>, U, V>()), &quote!(T)), "<T:Into<U>,U>");
        assert_eq!(
            narrow(&parse_quote!(fn f<T, U, V>() where T: Into<U>, U: Into<V>), &quote!(T)),
            "<T,U,V>whereT:Into<U>,U:Into<V>"
        );
    }

    #[test]
    fn predicates_about_others_go() {
        assert_eq!(
            narrow(&parse_quote!(fn f<T, F>() where T: Clone, F: Fn() -> T), &quote!(T)),
            "<T>whereT:Clone"
        );
        assert_eq!(
            narrow(&parse_quote!(fn f<T, F>() where Self: Sized, F: Fn() -> T), &quote!(T)),
            "<T>whereSelf:Sized"
        );
        assert_eq!(narrow(&parse_quote!(fn f<'a, 'b, T>() where 'a: 'b), &quote!(&'b T)), "<'b,T>");
    }
}
