//! `self` under another name, for a body that becomes a closure: `self` is a keyword, and no closure can have it.
//!
//! Only where the body means its own: `self::path`, `use a::{self}` and the items in the body keep theirs.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};

use crate::signature::mentions::captures;

/// What `self` is called in the closure.
pub(crate) fn this(place: Span) -> Ident {
    Ident::new("this", Span::mixed_site().located_at(place))
}

/// The body with its `self` renamed.
pub(crate) fn renamed(body: TokenStream) -> TokenStream {
    Renaming::default().tokens(body, false)
}

/// The format strings that name `self`, which cannot be renamed in there.
pub(crate) fn format_strings(body: TokenStream) -> Vec<Literal> {
    let mut renaming = Renaming::default();
    renaming.tokens(body, false);
    renaming.format_strings
}

#[derive(Default)]
struct Renaming {
    format_strings: Vec<Literal>,
}

impl Renaming {
    fn tokens(&mut self, tokens: TokenStream, in_macro: bool) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut renamed = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            let item = item(&tokens[at..]);
            if item > 0 {
                renamed.extend_from_slice(&tokens[at..at + item]);
                at += item;
                continue;
            }
            renamed.push(match &tokens[at] {
                TokenTree::Ident(ident) if ident == "self" && !is_path(&tokens, at) => {
                    this(ident.span()).into()
                }
                TokenTree::Group(group) if !is_visibility(&tokens, at) => {
                    let in_macro = in_macro || punct(&tokens, at.checked_sub(1)) == Some('!');
                    let mut renamed = Group::new(group.delimiter(), self.tokens(group.stream(), in_macro));
                    renamed.set_span(group.span());
                    renamed.into()
                }
                TokenTree::Literal(literal)
                    if in_macro && is_argument(&tokens, at) && captures(&literal.to_string(), "self") =>
                {
                    self.format_strings.push(literal.clone());
                    literal.clone().into()
                }
                other => other.clone(),
            });
            at += 1;
        }
        renamed.into_iter().collect()
    }
}

/// The number of tokens of an item that `tokens` begin with; 0 if they begin with none in which `self` is another.
fn item(tokens: &[TokenTree]) -> usize {
    let [TokenTree::Ident(keyword), next, ..] = tokens else { return 0 };
    let is_item = match keyword.to_string().as_str() {
        // And not the type `fn(u8)`.
        "fn" => matches!(next, TokenTree::Ident(_)),
        "impl" | "trait" | "mod" | "use" => true,
        _ => false,
    };
    if !is_item {
        return 0;
    }
    let is_use = keyword == "use";
    let mut generics = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => generics += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' && !is_arrow(tokens, at) => {
                generics = generics.saturating_sub(1);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
            // `Foo<{ N }>` is in the head, and `use a::{b, c};` has none.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && generics == 0 && !is_use => {
                return at + 1;
            }
            _ => {}
        }
    }
    tokens.len()
}

fn punct(tokens: &[TokenTree], at: Option<usize>) -> Option<char> {
    match tokens.get(at?) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

fn is_arrow(tokens: &[TokenTree], at: usize) -> bool {
    matches!(punct(tokens, at.checked_sub(1)), Some('-' | '='))
}

/// `self::helper`
fn is_path(tokens: &[TokenTree], at: usize) -> bool {
    punct(tokens, Some(at + 1)) == Some(':') && punct(tokens, Some(at + 2)) == Some(':')
}

/// What stands alone between commas.
fn is_argument(tokens: &[TokenTree], at: usize) -> bool {
    let next = tokens.get(at + 1).is_none() || punct(tokens, Some(at + 1)) == Some(',');
    next && (at == 0 || punct(tokens, at.checked_sub(1)) == Some(','))
}

/// The parentheses of `pub(self)`.
fn is_visibility(tokens: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    matches!(before, Some(TokenTree::Ident(ident)) if ident == "pub")
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn the_bodys_own_is_renamed() {
        for (body, expected) in [
            (quote!(self.id + f(&self, [self])), quote!(this.id + f(&this, [this]))),
            (quote!(m!(self; |x| self.x)), quote!(m!(this; |x| this.x))),
            (quote!(let f: fn(u8) -> u8 = self.f;), quote!(let f: fn(u8) -> u8 = this.f;)),
            (
                quote!(if x < self.y {
                    self
                }),
                quote!(if x < this.y {
                    this
                }),
            ),
        ] {
            assert_eq!(renamed(body).to_string(), expected.to_string());
        }
    }

    #[test]
    fn what_is_not_the_bodys_own_is_left() {
        for body in [
            quote!(self::helper()),
            quote!(
                use a::{self, b};
            ),
            quote!(
                pub(self) fn f(&self) -> u8 {
                    self.0
                }
            ),
            quote!(impl Trait<{ N }> for S<u8> where F: Fn() -> u8 { fn f(&self) { self.g() } }),
            quote!(
                trait T {
                    fn f(&self);
                }
            ),
            quote!(let plain = "{self}";),
        ] {
            assert_eq!(renamed(body.clone()).to_string(), body.to_string());
        }
        let after = renamed(quote!(impl A { fn f(self) {} } self.x));
        assert_eq!(after.to_string(), quote!(impl A { fn f(self) {} } this.x).to_string());
    }

    #[test]
    fn format_strings_that_name_it_are_found() {
        let found = format_strings(
            quote!(let a = "{self}"; format!("{self:?} {id}"); x!(y!("{self}")); print!("{selfish}", "{self}".len())),
        );
        assert_eq!(found.len(), 2);
    }
}
