//! The key of a function: its template, or its default, joined with the signature.

mod anonymous;
mod checks;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::{Member, Signature, Type};

use crate::parse::ident::same;
use crate::parse::key_template::{Placeholder, Template, TemplatePiece};
use crate::report::diagnostics::Diagnostics;
use crate::report::spans::{moved_ident, name_of};
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::type_parameters::{TypeParameter, type_parameters};
use crate::signature::types::{bare, has_no_fields, is_anonymous};

pub(crate) struct Key {
    pub(crate) start: Start,
    pub(crate) pieces: Vec<KeyPiece>,
    /// The template's, or the attribute's.
    pub(crate) place: Span,
}

pub(crate) enum Start {
    /// The template's text up to the first placeholder.
    Text(String),
    /// The function's path.
    Path,
}

pub(crate) enum KeyPiece {
    Text(String),
    Argument(KeyArgument),
    /// A type parameter or `Self`, by its full name.
    Type(Ident),
}

/// `name` or `name.field`
pub(crate) struct KeyArgument {
    /// `None` for `self` and for a const parameter.
    pub(crate) parameter: Option<usize>,
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Member>,
    /// Whether not the value is meant but its type, which has no name.
    pub(crate) is_type: bool,
    /// Whether a keyed hash stands for it.
    pub(crate) is_secret: bool,
    /// Where an error about the value's type is shown. One place for all tokens, so that the two functions' errors are
    /// the same and rustc reports one.
    pub(crate) place: Span,
}

impl Key {
    /// The text that it begins with; nothing for a default key.
    pub(crate) fn text(&self) -> &str {
        match &self.start {
            Start::Text(text) => text,
            Start::Path => "",
        }
    }

    /// The template as it is for a function and its batch, whatever their arguments are called: `<>` for each, `<:secret>` for one that is secret, `<type>` for a type
    /// parameter, whose names no argument's can then pass for. `None` for a default key.
    pub(crate) fn template(&self) -> Option<String> {
        let Start::Text(start) = &self.start else { return None };
        let text = |text: &str| text.replace('<', "<<");
        let pieces = self.pieces.iter().map(|piece| match piece {
            KeyPiece::Text(literal) => text(literal),
            KeyPiece::Argument(argument) if argument.is_secret => "<:secret>".to_owned(),
            KeyPiece::Argument(_) => "<>".to_owned(),
            KeyPiece::Type(_) => "<type>".to_owned(),
        });
        Some(std::iter::once(text(start)).chain(pieces).collect())
    }
}

impl KeyArgument {
    /// Whether it is the argument itself and no part of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.fields.is_empty()
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
enum Referent {
    Parameter(usize),
    /// `self`, or a const parameter.
    Value(Ident),
    Type(Ident),
}

impl Planner<'_> {
    /// The key of `template`, or the default key. Reports everything that is wrong with it.
    pub(crate) fn plan(&self, template: Option<&Template>) -> Key {
        self.check_skip();
        self.check_patterns(template);
        self.check_anonymous(template);
        match template {
            Some(template) => {
                self.check_braces(template);
                if template.readable {
                    self.check_all_named(template);
                }
                self.template_key(template)
            }
            None => self.default_key(),
        }
    }

    /// The pieces of a name that need not tell all arguments apart: of a tag.
    pub(crate) fn name(&self, template: &Template) -> Key {
        self.check_braces(template);
        self.template_key(template)
    }

    fn template_key(&self, template: &Template) -> Key {
        let mut pieces = template.pieces.iter().peekable();
        let start = match pieces.peek() {
            Some(TemplatePiece::Text(text)) => {
                pieces.next();
                text.clone()
            }
            _ => String::new(),
        };
        let pieces = pieces.flat_map(|piece| match piece {
            TemplatePiece::Text(text) => vec![KeyPiece::Text(text.clone())],
            TemplatePiece::Placeholder(placeholder) => self.placeholder(placeholder, template),
        });
        Key { start: Start::Text(start), pieces: pieces.collect(), place: template.literal.span() }
    }

    /// One piece. Of arguments of one name, which are there under different `#[cfg]`s, one for each.
    fn placeholder(&self, placeholder: &Placeholder, template: &Template) -> Vec<KeyPiece> {
        let Some(target) = self.errors.ok(self.resolve(placeholder, template)) else { return Vec::new() };
        let place = template.literal.span();
        let value = |parameter, name: &Ident| {
            let fields = placeholder.fields.clone();
            let is_secret = placeholder.is_secret;
            KeyPiece::Argument(KeyArgument {
                parameter,
                name: name.clone(),
                fields,
                is_type: false,
                is_secret,
                place,
            })
        };
        match target {
            Referent::Type(name) => {
                if placeholder.is_secret {
                    let message = format!(
                        "`{placeholder}` names a type, which is no secret: write `<{}>`",
                        name.unraw()
                    );
                    self.errors.at(&template.literal, message);
                }
                vec![KeyPiece::Type(moved_ident(&name, place))]
            }
            Referent::Value(name) => vec![value(None, &name)],
            Referent::Parameter(_) => {
                let arguments = self.arguments(&placeholder.name);
                let piece = |(index, name)| match placeholder.fields[..] {
                    [] => self.whole_argument(index).map(|argument| {
                        KeyPiece::Argument(KeyArgument { is_secret: placeholder.is_secret, ..argument })
                    }),
                    _ => Some(value(Some(index), name)),
                };
                arguments.filter_map(piece).collect()
            }
        }
    }

    /// An error about an argument's type is shown at the type in the signature: the call has no place of its own in the
    /// user's file, and the type is what has to change.
    fn whole_argument(&self, index: usize) -> Option<KeyArgument> {
        let parameter = self.parameters.get(index)?;
        let Binding::Name(name) = &parameter.binding else {
            return None;
        };
        let place = match bare(&parameter.ty) {
            Type::Reference(reference) => name_of(bare(&reference.elem)),
            ty => name_of(ty),
        };
        let (parameter, name) = (Some(index), name.clone());
        let (fields, is_type, is_secret) = (Vec::new(), false, false);
        Some(KeyArgument { parameter, name, fields, is_type, is_secret, place })
    }

    /// `self`, at its own place in the signature, if it is not skipped.
    fn whole_self(&self) -> Option<KeyPiece> {
        let place = self.signature.receiver()?.self_token.span;
        let name = Ident::new("self", place);
        let is_skipped = self.skips(&name);
        let (fields, is_type, is_secret) = (Vec::new(), false, false);
        let argument = KeyArgument { parameter: None, name, fields, is_type, is_secret, place };
        (!is_skipped).then_some(KeyPiece::Argument(argument))
    }

    /// The type of an argument that has no name for it, by the value.
    fn anonymous_type(&self, index: usize) -> Option<KeyPiece> {
        if !is_anonymous(&self.parameters.get(index)?.ty) {
            return None;
        }
        Some(KeyPiece::Argument(KeyArgument { is_type: true, ..self.whole_argument(index)? }))
    }

    fn resolve(&self, placeholder: &Placeholder, template: &Template) -> syn::Result<Referent> {
        let error = |message: String| Err(syn::Error::new_spanned(&template.literal, message));
        let name = &placeholder.name;
        if name == "self" {
            return match self.signature.receiver() {
                Some(receiver) => Ok(Referent::Value(Ident::new("self", receiver.self_token.span))),
                None => error(format!(
                    "`{placeholder}` in a function without `self`: {}",
                    self.what_may_be_named(template.noun)
                )),
            };
        }
        let found = self.parameter(name).or_else(|| self.type_parameter(name));
        let Some(target) = found else {
            return error(self.unknown(name, template.noun));
        };
        if placeholder.fields.is_empty() {
            return Ok(target);
        }
        let whole = name.unraw();
        match &target {
            Referent::Parameter(index) => match self.has_no_fields(*index) {
                Some(why) => error(format!("`{placeholder}` cannot be, because {why}: write `<{whole}>`")),
                None => Ok(target),
            },
            Referent::Type(_) | Referent::Value(_) => {
                error(format!("a type parameter has no fields: write `<{whole}>`"))
            }
        }
    }

    fn has_no_fields(&self, index: usize) -> Option<String> {
        has_no_fields(self.parameters.get(index)?.ty_of_name()?, self.signature)
    }

    fn parameter(&self, name: &Ident) -> Option<Referent> {
        self.arguments(name).next().map(|(index, _)| Referent::Parameter(index))
    }

    fn arguments(&self, name: &Ident) -> impl Iterator<Item = (usize, &Ident)> {
        self.parameters.iter().enumerate().filter_map(move |(index, parameter)| match &parameter.binding {
            Binding::Name(own) if same(own, name) => Some((index, own)),
            _ => None,
        })
    }

    fn type_parameter(&self, name: &Ident) -> Option<Referent> {
        if name == "Self" {
            return Some(Referent::Type(name.clone()));
        }
        let TypeParameter { name, is_const } =
            type_parameters(self.signature).find(|param| same(param.name, name))?;
        Some(if is_const { Referent::Value(name.clone()) } else { Referent::Type(name.clone()) })
    }

    /// Every argument not skipped, in order, after every type parameter not skipped. A type without a name stands before its
    /// value.
    fn default_key(&self) -> Key {
        let types = type_parameters(self.signature).filter(|param| !self.skips(param.name));
        let types = types.map(|TypeParameter { name, is_const }| match is_const {
            true => {
                let (name, fields, place) = (name.clone(), Vec::new(), name.span());
                let (is_type, is_secret) = (false, false);
                KeyPiece::Argument(KeyArgument { parameter: None, name, fields, is_type, is_secret, place })
            }
            false => KeyPiece::Type(name.clone()),
        });
        let named = self.parameters.iter().enumerate().filter(|(_, parameter)| match &parameter.binding {
            Binding::Name(name) => !self.skips(name),
            Binding::Pattern(..) | Binding::Nothing => false,
        });
        let values = named.flat_map(|(index, _)| {
            [self.anonymous_type(index), self.whole_argument(index).map(KeyPiece::Argument)]
        });
        let pieces = types.chain(self.whole_self()).chain(values.flatten()).collect();
        Key { start: Start::Path, pieces, place: Span::call_site() }
    }

    fn skips(&self, name: &Ident) -> bool {
        self.skip.iter().any(|skipped| same(skipped, name))
    }
}
