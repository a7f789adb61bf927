//! The options `tags` and `group`: under which names a function's entries are invalidated together.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Expr, ExprClosure, ExprLit, Lit, LitStr};

use crate::diagnostics::Diagnostics;
use crate::key::{Key, Planner};
use crate::key_template::{Noun, Template};
use crate::option_values::{Value, expr, takes_the_value};
use crate::options::{self, Options};

/// `tags`
#[derive(Default)]
pub(crate) struct TagsOption {
    pub(crate) of_arguments: Vec<Written>,
    /// `|value: &T| -> Vec<String>`, in the list or in its place.
    of_value: Option<ExprClosure>,
}

/// A tag as it was written, of a function or of what invalidates it.
pub(crate) enum Written {
    /// `"org:<org>"`
    Template(LitStr),
    /// `City(city)`
    Typed(Expr),
}

/// `group`: one tag for all entries of the function.
pub(crate) struct Group(LitStr);

/// What the plan knows of tags.
pub(crate) struct Tags {
    pub(crate) of_arguments: Vec<Tag>,
    /// With the option's name, where its closure's type is shown.
    pub(crate) of_value: Option<(Ident, ExprClosure)>,
}

pub(crate) enum Tag {
    Template(Key),
    Typed(Expr),
}

const EXAMPLE: &str = "tags = [\"org:<org>\"]";

impl Value for TagsOption {
    fn read(written: &options::Written, errors: &Diagnostics) -> Option<Self> {
        let mut tags = Self::default();
        match expr(written, EXAMPLE, errors)? {
            Expr::Closure(closure) => tags.closure(closure, errors)?,
            Expr::Array(list) if list.elems.is_empty() => {
                errors
                    .at(list, format!("there is no tag in the list: write `{EXAMPLE}`, or leave out `tags`"));
                return None;
            }
            Expr::Array(list) => {
                let read: Vec<_> = list.elems.iter().map(|tag| tags.element(tag, errors)).collect();
                read.into_iter().collect::<Option<()>>()?;
            }
            Expr::Lit(ExprLit { lit: Lit::Str(tag), .. }) => {
                let tag = tag.to_token_stream();
                errors.at(&tag, format!("`tags` is a list: write `tags = [{tag}]`"));
                return None;
            }
            other => {
                errors.at(
                    other,
                    format!("`tags` is a list of tags, or a closure of the value: write `{EXAMPLE}`"),
                );
                return None;
            }
        }
        Some(tags)
    }
}

impl TagsOption {
    fn element(&mut self, tag: &Expr, errors: &Diagnostics) -> Option<()> {
        match tag {
            Expr::Group(group) => return self.element(&group.expr, errors),
            Expr::Closure(closure) => return self.closure(closure, errors),
            tag => self.of_arguments.push(errors.ok(Written::read(tag, EXAMPLE))?),
        }
        Some(())
    }

    fn closure(&mut self, closure: &ExprClosure, errors: &Diagnostics) -> Option<()> {
        if self.of_value.is_some() {
            errors.at(closure, "`tags` takes one closure of the value: let it name all tags");
            return None;
        }
        self.of_value = takes_the_value(closure, "tags", errors).then(|| closure.clone());
        self.of_value.as_ref().map(|_| ())
    }

    pub(crate) fn typed(&self) -> impl Iterator<Item = &Expr> {
        self.of_arguments.iter().filter_map(|tag| match tag {
            Written::Typed(expr) => Some(expr),
            Written::Template(_) => None,
        })
    }
}

impl Written {
    /// `example` is shown for what cannot be a tag.
    pub(crate) fn read(tag: &Expr, example: &str) -> syn::Result<Self> {
        match tag {
            Expr::Group(group) => Self::read(&group.expr, example),
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(Self::Template(literal.clone())),
            Expr::Lit(_) | Expr::Array(_) | Expr::Closure(_) | Expr::Range(_) => {
                Err(syn::Error::new_spanned(
                    tag,
                    format!(
                        "a tag is a template in a string literal, or of a type with `#[derive(Tag)]`: write `{example}`"
                    ),
                ))
            }
            other => Ok(Self::Typed(other.clone())),
        }
    }
}

impl Value for Group {
    fn read(written: &options::Written, errors: &Diagnostics) -> Option<Self> {
        let example = "group = \"users\"";
        errors.ok(Self::of(expr(written, example, errors)?, example))
    }
}

impl Group {
    pub(crate) fn of(expr: &Expr, example: &str) -> syn::Result<Self> {
        let problem = match expr {
            Expr::Group(group) => return Self::of(&group.expr, example),
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().is_empty() => "has a name",
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().contains('<') => {
                "is one for all calls; what differs between them is for tags"
            }
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => return Ok(Self(name.clone())),
            _ => "is a name in one string literal",
        };
        Err(syn::Error::new_spanned(expr, format!("a `group` {problem}: write `{example}`")))
    }

    /// It is the tag `group:<name>`.
    pub(crate) fn tag(&self) -> LitStr {
        LitStr::new(&format!("group:{}", self.0.value()), self.0.span())
    }
}

impl Tags {
    pub(crate) fn plan(options: &Options, planner: &Planner<'_>) -> Self {
        let template = |literal: &LitStr| {
            Tag::Template(planner.name(&Template::parse(literal.clone(), Noun::Tag, planner.errors)))
        };
        let tags = options.tags.given();
        let listed = tags.iter().flat_map(|(_, tags)| &tags.of_arguments).map(|tag| match tag {
            Written::Template(literal) => template(literal),
            Written::Typed(expr) => Tag::Typed(expr.clone()),
        });
        let group = options.group.value().map(|group| template(&group.tag()));
        let of_value = tags.and_then(|(option, tags)| Some((option.clone(), tags.of_value.clone()?)));
        Self { of_arguments: listed.chain(group).collect(), of_value }
    }

    /// The tags that are templates.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Key> {
        self.of_arguments.iter().filter_map(|tag| match tag {
            Tag::Template(key) => Some(key),
            Tag::Typed(_) => None,
        })
    }
}
