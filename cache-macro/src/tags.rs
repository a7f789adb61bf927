//! The options `tags` and `group`: under which names a function's entries are invalidated together.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Expr, ExprClosure, ExprLit, Lit, LitStr};

use crate::diagnostics::Diagnostics;
use crate::key::{Key, Planner};
use crate::key_template::{Noun, Template};
use crate::option_values::{Value, expr, takes_the_value};
use crate::options::{Options, Written};

/// `tags`
pub(crate) enum TagsOption {
    /// `["org:<org>", "all users"]`
    OfArguments(Vec<Template>),
    /// `|value: &T| -> Vec<String>`
    OfValue(ExprClosure),
}

/// `group`: one tag for all entries of the function.
pub(crate) struct Group(LitStr);

/// What the plan knows of tags.
pub(crate) struct Tags {
    pub(crate) of_arguments: Vec<Key>,
    /// With the option's name, where its closure's type is shown.
    pub(crate) of_value: Option<(Ident, ExprClosure)>,
}

const EXAMPLE: &str = "tags = [\"org:<org>\"]";

impl Value for TagsOption {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        match expr(written, EXAMPLE, errors)? {
            Expr::Closure(closure) => {
                takes_the_value(closure, "tags", errors).then(|| Self::OfValue(closure.clone()))
            }
            Expr::Array(list) if list.elems.is_empty() => {
                errors
                    .at(list, format!("there is no tag in the list: write `{EXAMPLE}`, or leave out `tags`"));
                None
            }
            Expr::Array(list) => {
                let tags: Vec<_> = list.elems.iter().filter_map(|tag| template(tag, errors)).collect();
                (tags.len() == list.elems.len()).then_some(Self::OfArguments(tags))
            }
            Expr::Lit(ExprLit { lit: Lit::Str(tag), .. }) => {
                let tag = tag.to_token_stream();
                errors.at(&tag, format!("`tags` is a list: write `tags = [{tag}]`"));
                None
            }
            other => {
                errors.at(
                    other,
                    format!("`tags` is a list of templates, or a closure of the value: write `{EXAMPLE}`"),
                );
                None
            }
        }
    }
}

/// One tag of the list.
fn template(tag: &Expr, errors: &Diagnostics) -> Option<Template> {
    match tag {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => {
            Some(Template::parse(literal.clone(), Noun::Tag, errors))
        }
        Expr::Group(group) => template(&group.expr, errors),
        other => {
            errors.at(other, format!("a tag is a template in a string literal: write `{EXAMPLE}`"));
            None
        }
    }
}

impl Value for Group {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "group = \"users\"", errors)?;
        let problem = match expr {
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().is_empty() => "has a name",
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().contains('<') => {
                "is one for all calls; what differs between them is for `tags`"
            }
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => return Some(Self(name.clone())),
            _ => "is a name in one string literal",
        };
        errors.at(expr, format!("a `group` {problem}: write `group = \"users\"`"));
        None
    }
}

impl Group {
    /// It is the tag `group:<name>`.
    fn tag(&self, errors: &Diagnostics) -> Template {
        let text = format!("group:{}", self.0.value());
        Template::parse(LitStr::new(&text, self.0.span()), Noun::Tag, errors)
    }
}

impl Tags {
    pub(crate) fn plan(options: &Options, planner: &Planner<'_>) -> Self {
        let group = options.group.value().map(|group| group.tag(planner.errors));
        let (listed, of_value) = match options.tags.given() {
            Some((_, TagsOption::OfArguments(tags))) => (&tags[..], None),
            Some((option, TagsOption::OfValue(closure))) => {
                (&[][..], Some((option.clone(), closure.clone())))
            }
            None => (&[][..], None),
        };
        let of_arguments = listed.iter().chain(&group).map(|tag| planner.name(tag)).collect();
        Self { of_arguments, of_value }
    }
}
