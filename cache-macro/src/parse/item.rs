//! The annotated function: attributes, visibility and signature parsed, the body left as tokens.
//!
//! The body is never parsed. A half-typed body is a syntax error of rustc's and not of ours, the editor can complete
//! inside it, and nothing that the user wrote can be changed by printing it again.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, Signature, Token, Visibility};

pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// `#![…]` at the head of the body. They speak of the function, so they stay at its head and do not move into the
    /// block that the body becomes.
    pub(crate) inner_attrs: TokenStream,
    /// The braces and everything between them but `inner_attrs`.
    pub(crate) body: Group,
}

impl Item {
    pub(crate) fn parse(tokens: TokenStream, attribute: &Purpose) -> syn::Result<Self> {
        let Purpose { attribute: name, of_a_function, .. } = attribute;
        if !looks_like_function(&tokens) {
            return Err(syn::Error::new_spanned(
                first_line(tokens),
                format!("`#[{name}]` goes on a function: put it on the `fn` {of_a_function}"),
            ));
        }
        (|input: ParseStream<'_>| function(input, attribute)).parse2(tokens)
    }
}

/// What an attribute is for, as its errors say it.
pub(crate) struct Purpose {
    pub(crate) attribute: &'static str,
    pub(crate) of_a_function: &'static str,
    pub(crate) without_body: &'static str,
}

fn function(input: ParseStream<'_>, attribute: &Purpose) -> syn::Result<Item> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    let sig = Signature::parse(input)?;
    if input.peek(Token![;]) {
        return Err(syn::Error::new_spanned(
            &sig,
            format!(
                "this function has no body, so there is {}: put `#[{}]` on the function in the `impl`",
                attribute.without_body, attribute.attribute
            ),
        ));
    }
    let (inner_attrs, body) = split_body(&body(input)?);
    Ok(Item { attrs, vis, sig, inner_attrs, body })
}

/// The braces, out of the invisible group that a `macro_rules!` variable leaves around them.
fn body(input: ParseStream<'_>) -> syn::Result<Group> {
    let mut token: TokenTree = input.parse()?;
    while let TokenTree::Group(group) = &token {
        match group.delimiter() {
            Delimiter::Brace => return Ok(group.clone()),
            Delimiter::None => match group.stream().into_iter().next() {
                Some(inside) => token = inside,
                None => break,
            },
            Delimiter::Parenthesis | Delimiter::Bracket => break,
        }
    }
    Err(syn::Error::new(token.span(), "expected the function's body in braces"))
}

/// Whether a `fn` stands before the first braces. Asked before parsing, so that a `struct` is told where the attribute
/// belongs, and a function with a syntax error is told about the syntax error.
fn looks_like_function(tokens: &TokenStream) -> bool {
    tokens
        .clone()
        .into_iter()
        .take_while(
            |token| !matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
        )
        .any(|token| matches!(token, TokenTree::Ident(ident) if ident == "fn"))
}

/// The part of a foreign item that an error should underline: its attributes and body would be a screenful.
fn first_line(tokens: TokenStream) -> TokenStream {
    let after_attributes = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()
    };
    let item = after_attributes.parse2(tokens.clone()).unwrap_or(tokens);
    item.into_iter().take_while(|token| !matches!(token, TokenTree::Group(_) | TokenTree::Punct(_))).collect()
}

/// Parts a body into its inner attributes and the rest, whose braces keep their place in the user's file.
fn split_body(body: &Group) -> (TokenStream, Group) {
    let mut tokens = body.stream().into_iter().peekable();
    let mut inner_attrs = TokenStream::new();
    while matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        let mut ahead = tokens.clone().skip(1);
        let bang = matches!(ahead.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
        let brackets =
            matches!(ahead.next(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
        if !(bang && brackets) {
            break;
        }
        inner_attrs.extend(tokens.by_ref().take(3));
    }
    let mut rest = Group::new(Delimiter::Brace, tokens.collect());
    rest.set_span(body.span());
    (inner_attrs, rest)
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};

    use super::*;

    const CACHED: Purpose = Purpose {
        attribute: "redis_cached",
        of_a_function: "to remember",
        without_body: "nothing to remember",
    };

    #[test]
    fn a_body_is_kept_even_if_it_is_half_typed() {
        let item =
            Item::parse(quote!(pub async fn f(a: u8) -> u8 { let x = ; a. }), &CACHED).expect("a function");
        assert_eq!(item.body.to_string(), "{ let x = ; a . }");
        assert_eq!(item.vis.to_token_stream().to_string(), "pub");
    }

    #[test]
    fn inner_attributes_leave_the_body() {
        let tokens = quote!(
            fn f() {
                #![allow(a)]
                #![warn(b)]
                #[c]
                let x = 1;
            }
        );
        let item = Item::parse(tokens, &CACHED).expect("a function");
        assert_eq!(item.inner_attrs.to_string(), "# ! [allow (a)] # ! [warn (b)]");
        assert_eq!(item.body.to_string(), "{ # [c] let x = 1 ; }");
    }

    #[test]
    fn what_is_no_function_is_told_so() {
        for tokens in [
            quote!(
                struct S {
                    f: u8,
                }
            ),
            quote!(
                #[derive(Debug)]
                pub enum E {
                    A,
                }
            ),
            quote!(
                const X: u8 = 1;
            ),
            quote!(
                mod m {
                    fn f() {}
                }
            ),
        ] {
            let error = Item::parse(tokens, &CACHED).err().expect("an error");
            assert!(error.to_string().contains("goes on a function"), "{error}");
        }
    }

    #[test]
    fn a_declaration_is_told_to_move() {
        let tokens = quote!(
            async fn f(&self) -> u8;
        );
        let error = Item::parse(tokens, &CACHED).err().expect("an error");
        assert!(error.to_string().contains("no body"), "{error}");
    }
}
