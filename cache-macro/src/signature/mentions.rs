//! Which names a piece of code mentions.
//!
//! The entry function takes the arguments, and keeps the generic parameters, that its own code names. Tokens answer
//! that well enough: a name that is a field (`x.name`) or stands further on in a path (`a::name`) is something else,
//! and a local variable that shadows an argument costs a parameter too many and nothing worse.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;

/// The identifiers, and the lifetimes with their `'`.
#[derive(Default)]
pub(crate) struct Mentions {
    names: HashSet<String>,
    /// String literals, for `format!("{id}")` names an argument inside one.
    texts: Vec<String>,
}

impl Mentions {
    pub(crate) fn of(code: impl ToTokens) -> Self {
        let mut mentions = Self::default();
        mentions.add(code);
        mentions
    }

    pub(crate) fn add(&mut self, code: impl ToTokens) {
        self.scan(code.into_token_stream());
    }

    pub(crate) fn name(&self, name: &Ident) -> bool {
        let name = name.unraw().to_string();
        self.names.contains(&name) || self.texts.iter().any(|text| captures(text, &name))
    }

    pub(crate) fn text(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Literal(literal) => self.texts.push(literal.to_string()),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(ident) => {
                    if is_lifetime(&tokens, at) {
                        self.names.insert(format!("'{ident}"));
                    } else if !is_field(&tokens, at) && !is_inner_segment(&tokens, at) {
                        self.names.insert(ident.unraw().to_string());
                    }
                }
            }
        }
    }
}

/// Whether a format string captures `name`: `"{name}"`, `"{name:?}"`.
pub(crate) fn captures(text: &str, name: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let rest = &text[at + 1..];
        rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['}', ':']))
    })
}

fn punct(tokens: &[TokenTree], at: Option<usize>) -> Option<char> {
    match tokens.get(at?) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

fn is_lifetime(tokens: &[TokenTree], at: usize) -> bool {
    punct(tokens, at.checked_sub(1)) == Some('\'')
}

/// `x.name` and the `name` of `S { name: x }`, but not the end of a range, `0..name`.
fn is_field(tokens: &[TokenTree], at: usize) -> bool {
    let dot = punct(tokens, at.checked_sub(1)) == Some('.') && punct(tokens, at.checked_sub(2)) != Some('.');
    let label = punct(tokens, Some(at + 1)) == Some(':') && punct(tokens, Some(at + 2)) != Some(':');
    dot || label
}

fn is_inner_segment(tokens: &[TokenTree], at: usize) -> bool {
    punct(tokens, at.checked_sub(1)) == Some(':') && punct(tokens, at.checked_sub(2)) == Some(':')
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use quote::quote;

    use super::*;

    fn mentions(code: TokenStream, name: &str) -> bool {
        Mentions::of(code).name(&Ident::new(name, Span::call_site()))
    }

    #[test]
    fn names() {
        for code in [
            quote!(id),
            quote!(&id.name),
            quote!(f(1, id)),
            quote!(0..id),
            quote!(0..=id),
            quote!(S { a: id }),
            quote!(format!("{id}")),
            quote!(format!("{id:?}")),
            quote!(id::X),
        ] {
            assert!(mentions(code.clone(), "id"), "{code}");
        }
        for code in [
            quote!(x.id),
            quote!(a::id),
            quote!(S { id: x }),
            quote!(&'id str),
            quote!("id"),
            quote!(format!("{idx}")),
            quote!(identity),
        ] {
            assert!(!mentions(code.clone(), "id"), "{code}");
        }
    }

    #[test]
    fn lifetimes() {
        assert!(Mentions::of(quote!(&'a str)).text("'a"));
        assert!(!Mentions::of(quote!(a)).text("'a"));
    }
}
