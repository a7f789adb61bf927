//! The key template: `"user:<id>"`, `"{org:<self.org>}:users"`, `"a << b"`.
//!
//! Placeholders stand in angle brackets because braces already mean something in a Redis key: `{…}` is the part that
//! a cluster hashes. This file knows the template's grammar; whether a placeholder names an argument is for
//! the plan to say.

use std::fmt;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::{Index, LitStr, Member};

use super::ident::same;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::nearest;

/// What a template is of, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Key,
    Tag,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Tag => "tag",
        })
    }
}

pub(crate) struct Template {
    pub(crate) noun: Noun,
    /// As written. Errors about the template point at it: stable Rust cannot point into a literal.
    pub(crate) literal: LitStr,
    pub(crate) pieces: Vec<TemplatePiece>,
    /// Whether every placeholder could be read. Where one could not, nobody can say which arguments the key names.
    pub(crate) readable: bool,
}

#[derive(Clone)]
pub(crate) enum TemplatePiece<P = Placeholder> {
    /// Never empty, and never two in a row.
    Text(String),
    Placeholder(P),
}

/// `<name>`, `<name.field>`, `<self.tenant>`, `<pair.0>`, `<T>`, `<name:secret>`.
#[derive(Clone)]
pub(crate) struct Placeholder {
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Member>,
    /// Whether a keyed hash stands for it.
    pub(crate) is_secret: bool,
}

/// What may stand behind a colon in a placeholder.
const FORMS: [&str; 1] = ["secret"];

impl Template {
    /// Reports whatever is wrong with the template; what could be read comes back all the same.
    pub(crate) fn parse(literal: LitStr, noun: Noun, errors: &Diagnostics) -> Self {
        let (pieces, readable) = pieces(&literal, noun, placeholder, errors);
        let template = Self { noun, literal, pieces, readable };
        if template.literal.value().is_empty() {
            let example = match noun {
                Noun::Key => "write a name for what is stored, such as `key = \"user:<id>\"`",
                Noun::Tag => {
                    "write a name for what is invalidated together, such as `tags = [\"org:<org>\"]`"
                }
            };
            errors.at(&template.literal, format!("the {noun} is empty: {example}"));
        }
        // Two tags of one name are invalidated together, which costs a miss. Two keys of one name are foreign data.
        if noun == Noun::Key {
            template.check_delimiters(errors);
        }
        template
    }

    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            TemplatePiece::Placeholder(placeholder) => Some(placeholder),
            TemplatePiece::Text(_) => None,
        })
    }

    /// The placeholders that name `name` or a part of it.
    pub(crate) fn of<'t>(&'t self, name: &Ident) -> impl Iterator<Item = &'t Placeholder> {
        self.placeholders().filter(move |placeholder| same(&placeholder.name, name))
    }

    pub(crate) fn names(&self, name: &Ident) -> bool {
        self.of(name).next().is_some()
    }

    pub(crate) fn names_whole(&self, name: &Ident) -> bool {
        self.of(name).any(|placeholder| placeholder.fields.is_empty())
    }

    /// Two placeholders need a character between them that no rendered argument contains, else `("a", "bc")` and
    /// `("ab", "c")` have one key, and one caller is served the other's data.
    fn check_delimiters(&self, errors: &Diagnostics) {
        let mut previous = None;
        let mut between = "";
        for piece in &self.pieces {
            match piece {
                TemplatePiece::Text(text) => between = text,
                TemplatePiece::Placeholder(next) => {
                    if let Some(previous) = previous.replace(next)
                        && between.chars().all(may_be_rendered)
                    {
                        errors.at(&self.literal, self.no_delimiter(previous, next, between));
                    }
                    between = "";
                }
            }
        }
    }

    fn no_delimiter(&self, previous: &Placeholder, next: &Placeholder, between: &str) -> String {
        let problem = if between.is_empty() {
            format!(
                "nothing stands between `{previous}` and `{next}`, so different arguments can make one {}",
                self.noun
            )
        } else {
            format!(
                "`{between}` between `{previous}` and `{next}` can also be part of an argument, so different arguments \
                 can make one {}",
                self.noun
            )
        };
        format!("{problem}: put a character such as `:` between them, as in {:?}", self.corrected())
    }

    /// The template with a `:` wherever one is missing.
    fn corrected(&self) -> String {
        let mut corrected = String::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            let after_placeholder = at > 0 && matches!(self.pieces[at - 1], TemplatePiece::Placeholder(_));
            match piece {
                TemplatePiece::Placeholder(placeholder) => {
                    if after_placeholder {
                        corrected.push(':');
                    }
                    corrected.push_str(&placeholder.to_string());
                }
                TemplatePiece::Text(text) => {
                    let inner = after_placeholder && at + 1 < self.pieces.len();
                    let text = if inner && text.chars().all(may_be_rendered) {
                        delimited(text)
                    } else {
                        text.clone()
                    };
                    corrected.push_str(&text.replace('<', "<<"));
                }
            }
        }
        corrected
    }
}

/// `-` becomes `:`, `-v` becomes `:v`, `v` becomes `:v`.
fn delimited(text: &str) -> String {
    match text.find(['-', '.', '_', '~']) {
        Some(_) => text.replacen(['-', '.', '_', '~'], ":", 1),
        None => format!(":{text}"),
    }
}

/// The characters that a percent-encoded argument consists of.
fn may_be_rendered(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_' | '~' | '%')
}

/// The pieces, and whether they are all. `placeholder` reads what stands between `<` and `>`.
pub(crate) fn pieces<P>(
    literal: &LitStr,
    noun: Noun,
    placeholder: impl Fn(&str, Span) -> Result<P, String>,
    errors: &Diagnostics,
) -> (Vec<TemplatePiece<P>>, bool) {
    let template = literal.value();
    if template.contains('\u{1}') {
        errors.at(
            literal,
            format!(
                "the control character 0x01 cannot be in a {noun}, because the library's own keys are behind it: leave it out"
            ),
        );
    }
    let mut pieces = Vec::new();
    let mut readable = true;
    let mut text = String::new();
    let mut rest = template.as_str();
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('<') {
            text.push('<');
            rest = after;
            continue;
        }
        let inside = match rest.find(['<', '>']) {
            Some(end) if rest[end..].starts_with('>') => &rest[..end],
            _ => {
                errors.at(literal, unclosed(rest, noun));
                // Where the placeholder was to end is a guess, and errors about guesses help nobody.
                return (pieces, false);
            }
        };
        rest = &rest[inside.len() + 1..];
        if !text.is_empty() {
            pieces.push(TemplatePiece::Text(std::mem::take(&mut text)));
        }
        match placeholder(inside, literal.span()) {
            Ok(placeholder) => pieces.push(TemplatePiece::Placeholder(placeholder)),
            Err(message) => {
                errors.at(literal, message);
                readable = false;
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(TemplatePiece::Text(text));
    }
    (pieces, readable)
}

fn unclosed(rest: &str, noun: Noun) -> String {
    let name: String = rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
    let name = if name.is_empty() { "id" } else { &name };
    format!(
        "a `<` in the {noun} is never closed: write `<{name}>` for an argument, or `<<` for the character itself"
    )
}

fn placeholder(inside: &str, span: Span) -> Result<Placeholder, String> {
    if inside.is_empty() {
        return Err("the placeholder `<>` is empty: write an argument's name, such as `<id>`, or `<<` for the character \
                    itself"
            .to_owned());
    }
    let bad = || {
        format!(
            "`<{inside}>` is not a placeholder: write an argument's name, such as `<id>`, or a field of one, such as \
             `<user.id>`, without spaces"
        )
    };
    let (path, is_secret) = match inside.split_once(':') {
        Some((path, form)) if FORMS.contains(&form) => (path, true),
        Some((path, form)) => return Err(unknown_form(inside, path, form)),
        None => (inside, false),
    };
    let mut segments = path.split('.');
    let name = segments.next().and_then(|name| identifier(name, true, span)).ok_or_else(bad)?;
    let fields = segments.map(|field| member(field, span).ok_or_else(bad)).collect::<Result<_, _>>()?;
    Ok(Placeholder { name, fields, is_secret })
}

fn unknown_form(inside: &str, path: &str, form: &str) -> String {
    match nearest(form, FORMS) {
        Some(nearest) => format!("`<{inside}>`: there is no `{form}`: did you mean `<{path}:{nearest}>`?"),
        None => format!(
            "`<{inside}>`: behind the colon can stand `secret`, for an argument in whose place the key has a keyed hash: write `<{path}:secret>`, or \
             `<{path}>` for the argument itself"
        ),
    }
}

pub(crate) fn member(text: &str, span: Span) -> Option<Member> {
    match text.parse() {
        // `parse` takes `+1` and `007`, which are no fields.
        Ok(index) if u32::to_string(&index) == text => Some(Member::Unnamed(Index { index, span })),
        _ => identifier(text, false, span).map(Member::Named),
    }
}

/// `id`, `type` and `r#type`; `self` and `Self` only where a value may begin.
fn identifier(text: &str, root: bool, span: Span) -> Option<Ident> {
    let ident = Ident::parse_any.parse_str(text).ok().filter(|_| text.trim() == text)?;
    let name = ident.unraw().to_string();
    match name.as_str() {
        "self" | "Self" => root.then(|| Ident::new(&name, span)),
        "super" | "crate" | "_" => None,
        _ => Some(match syn::parse_str::<Ident>(&name) {
            Ok(_) => Ident::new(&name, span),
            Err(_) => Ident::new_raw(&name, span),
        }),
    }
}

/// As it is written in a template, so `<type>` and not `<r#type>`.
impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name.unraw())?;
        for field in &self.fields {
            match field {
                Member::Named(name) => write!(f, ".{}", name.unraw())?,
                Member::Unnamed(index) => write!(f, ".{}", index.index)?,
            }
        }
        f.write_str(if self.is_secret { ":secret>" } else { ">" })
    }
}

#[cfg(test)]
mod tests;
