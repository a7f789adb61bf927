//! The tags of a function's entries.

use proc_macro2::Ident;
use syn::{Expr, ExprCall, ExprClosure, ExprStruct, LitStr};

use super::key::{Key, Planner};
use crate::parse::expr::ungrouped;
use crate::parse::key_template::{Noun, Template};
use crate::parse::options::Options;
use crate::parse::values::tags::WrittenTag;

pub(crate) struct Tags {
    pub(crate) of_arguments: Vec<Tag>,
    /// With the option's name, where its closure's type is shown.
    pub(crate) of_value: Option<(Ident, ExprClosure)>,
}

pub(crate) enum Tag {
    Template(Key),
    Typed(Expr),
}

impl Tags {
    pub(crate) fn plan(options: &Options, planner: &Planner<'_>) -> Self {
        let template = |literal: &LitStr| {
            Tag::Template(planner.name(&Template::parse(literal.clone(), Noun::Tag, planner.errors)))
        };
        let tags = options.tags.given();
        let listed = tags.iter().flat_map(|(_, tags)| &tags.of_arguments).map(|tag| match tag {
            WrittenTag::Template(literal) => template(literal),
            WrittenTag::Typed(expr) => Tag::Typed(expr.clone()),
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

/// `City(…)` and `City { … }`: an expression that makes a tag of arguments.
pub(crate) enum Constructor<'a> {
    Call(&'a ExprCall),
    Struct(&'a ExprStruct),
}

pub(crate) fn constructor(expr: &Expr) -> Option<Constructor<'_>> {
    match ungrouped(expr) {
        Expr::Call(call) if matches!(*call.func, Expr::Path(_)) => Some(Constructor::Call(call)),
        Expr::Struct(value) if value.qself.is_none() && value.rest.is_none() => {
            Some(Constructor::Struct(value))
        }
        _ => None,
    }
}

/// The arguments of a tag's constructor and of those within it; any other expression by itself.
pub(crate) fn constructor_arguments(tag: &Expr) -> Vec<&Expr> {
    match constructor(tag) {
        Some(Constructor::Call(call)) => call.args.iter().flat_map(constructor_arguments).collect(),
        Some(Constructor::Struct(value)) => {
            value.fields.iter().flat_map(|field| constructor_arguments(&field.expr)).collect()
        }
        None => vec![ungrouped(tag)],
    }
}
