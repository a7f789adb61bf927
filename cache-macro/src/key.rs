//! The key of a function: its template, or its default, joined with the signature.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Member, Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::key_template::{Piece as TemplatePiece, Placeholder, Template};
use crate::signature::{Binding, Parameter, TypeParameter, has_no_fields, same, type_parameters};

pub(crate) struct Key {
    pub(crate) start: Start,
    pub(crate) pieces: Vec<Piece>,
}

pub(crate) enum Start {
    /// The template's text up to the first placeholder.
    Text(String),
    /// The function's path.
    Path,
}

pub(crate) enum Piece {
    Text(String),
    Value(Value),
    /// A type parameter or `Self`, by its full name.
    Type(Ident),
}

/// `&name.field`
pub(crate) struct Value {
    /// `None` for `self` and for a const parameter.
    pub(crate) parameter: Option<usize>,
    pub(crate) name: Ident,
    fields: Vec<Member>,
    /// Where an error about the value's type belongs.
    and: Span,
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let (and, name, fields) = (quote_spanned!(self.and=> &), &self.name, &self.fields);
        tokens.extend(quote!(#and #name #(.#fields)*));
    }
}

/// What is known when a key is planned.
pub(crate) struct Planner<'a> {
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: &'a [Parameter],
    pub(crate) skip: &'a [Ident],
    pub(crate) errors: &'a Diagnostics,
}

/// What a placeholder's name stands for.
enum Target<'a> {
    Parameter(usize, &'a Ident),
    Receiver(Span),
    Type(Ident),
    Const(Ident),
}

impl Planner<'_> {
    /// The key of `template`, or the default key. Reports everything that is wrong with it.
    pub(crate) fn plan(&self, template: Option<&Template>) -> Key {
        self.check_skip();
        self.check_patterns();
        match template {
            Some(template) => {
                self.check_braces(template);
                if template.readable {
                    self.check_all_named(template);
                }
                self.from_template(template)
            }
            None => self.from_path(),
        }
    }

    fn from_template(&self, template: &Template) -> Key {
        let mut pieces = template.pieces.iter().peekable();
        let start = match pieces.peek() {
            Some(TemplatePiece::Text(text)) => {
                pieces.next();
                text.clone()
            }
            _ => String::new(),
        };
        let pieces = pieces.filter_map(|piece| match piece {
            TemplatePiece::Text(text) => Some(Piece::Text(text.clone())),
            TemplatePiece::Placeholder(placeholder) => self.placeholder(placeholder, template),
        });
        Key {
            start: Start::Text(start),
            pieces: pieces.collect(),
        }
    }

    fn placeholder(&self, placeholder: &Placeholder, template: &Template) -> Option<Piece> {
        let at = template.literal.span();
        let target = self.errors.ok(self.resolve(placeholder, template))?;
        let fields = placeholder.fields.clone();
        Some(match target {
            Target::Type(name) => Piece::Type(name),
            Target::Const(name) => Piece::Value(Value {
                parameter: None,
                name,
                fields,
                and: at,
            }),
            Target::Receiver(span) => {
                let name = Ident::new("self", span.located_at(at));
                Piece::Value(Value {
                    parameter: None,
                    name,
                    fields,
                    and: at,
                })
            }
            Target::Parameter(index, _) if fields.is_empty() => Piece::Value(self.whole_argument(index)?),
            Target::Parameter(index, name) => {
                let mut name = name.clone();
                name.set_span(name.span().located_at(at));
                Piece::Value(Value {
                    parameter: Some(index),
                    name,
                    fields,
                    and: at,
                })
            }
        })
    }

    /// `&name`, which an error about its type underlines as the type in the signature: the call has no place of its own
    /// in the user's file, and the type is what has to change.
    fn whole_argument(&self, index: usize) -> Option<Value> {
        let parameter = self.parameters.get(index)?;
        let Binding::Name(name) = &parameter.binding else {
            return None;
        };
        let (first, last) = ends(&parameter.ty);
        let mut name = name.clone();
        name.set_span(name.span().located_at(last));
        Some(Value {
            parameter: Some(index),
            and: name.span().located_at(first),
            name,
            fields: Vec::new(),
        })
    }

    fn resolve(&self, placeholder: &Placeholder, template: &Template) -> syn::Result<Target<'_>> {
        let error = |message: String| Err(syn::Error::new_spanned(&template.literal, message));
        let name = &placeholder.name;
        if name == "self" {
            return match self.signature.receiver() {
                Some(receiver) => Ok(Target::Receiver(receiver.self_token.span)),
                None => error(format!(
                    "`{placeholder}` in a function without `self`: {}",
                    self.what_may_be_named()
                )),
            };
        }
        let found = self
            .parameter(name)
            .or_else(|| self.type_parameter(name, template.literal.span()));
        let Some(target) = found else {
            return error(self.unknown(name));
        };
        if placeholder.fields.is_empty() {
            return Ok(target);
        }
        let whole = name.unraw();
        match &target {
            Target::Type(_) | Target::Const(_) => {
                error(format!("a type parameter has no fields: write `<{whole}>`"))
            }
            Target::Parameter(index, _) => match has_no_fields(&self.parameters[*index].ty, self.signature) {
                Some(why) => error(format!(
                    "`{placeholder}` cannot be, because {why}: write `<{whole}>`"
                )),
                None => Ok(target),
            },
            Target::Receiver(_) => Ok(target),
        }
    }

    fn parameter(&self, name: &Ident) -> Option<Target<'_>> {
        self.parameters
            .iter()
            .enumerate()
            .find_map(|(index, parameter)| match &parameter.binding {
                Binding::Name(own) if same(own, name) => Some(Target::Parameter(index, own)),
                _ => None,
            })
    }

    fn type_parameter(&self, name: &Ident, at: Span) -> Option<Target<'_>> {
        if name == "Self" {
            return Some(Target::Type(Ident::new("Self", at)));
        }
        let TypeParameter { name, is_const } =
            type_parameters(self.signature).find(|param| same(param.name, name))?;
        let mut name = name.clone();
        name.set_span(name.span().located_at(at));
        Some(if is_const {
            Target::Const(name)
        } else {
            Target::Type(name)
        })
    }

    /// Every argument not skipped, in order, after every type parameter not skipped.
    fn from_path(&self) -> Key {
        let types = type_parameters(self.signature)
            .filter(|param| !self.skips(param.name))
            .map(|param| {
                let name = param.name.clone();
                match param.is_const {
                    true => Piece::Value(Value {
                        parameter: None,
                        and: name.span(),
                        name,
                        fields: Vec::new(),
                    }),
                    false => Piece::Type(name),
                }
            });
        let named = self
            .parameters
            .iter()
            .enumerate()
            .filter(|(_, parameter)| match &parameter.binding {
                Binding::Name(name) => !self.skips(name),
                Binding::Pattern(..) | Binding::Nothing => false,
            });
        let values = named
            .filter_map(|(index, _)| self.whole_argument(index))
            .map(Piece::Value);
        Key {
            start: Start::Path,
            pieces: types.chain(values).collect(),
        }
    }

    pub(crate) fn skips(&self, name: &Ident) -> bool {
        self.skip.iter().any(|skipped| same(skipped, name))
    }
}

/// The first and the last token of a type: stable Rust has no span of both, but an expression made of two tokens does.
fn ends(ty: &Type) -> (Span, Span) {
    let spans: Vec<Span> = ty
        .to_token_stream()
        .into_iter()
        .map(|token| token.span())
        .collect();
    let at = |span: Option<&Span>| span.copied().unwrap_or_else(Span::call_site);
    (at(spans.first()), at(spans.last()))
}
