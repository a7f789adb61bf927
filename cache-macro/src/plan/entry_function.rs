//! The entry function: what it is called and what it takes.

use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt as _;

use super::expressions::Expression;
use super::key::{Key, KeyPiece};
use crate::parse::options::Options;
use crate::parse::values::entry::EntryName;
use crate::report::diagnostics::Diagnostics;
use crate::signature::mentions::Mentions;
use crate::signature::parameters::{Binding, Parameter};

pub(crate) struct EntryFunction {
    pub(crate) name: Ident,
    pub(crate) takes_self: bool,
    /// Indices of parameters, in the signature's order.
    pub(crate) takes: Vec<usize>,
}

impl EntryFunction {
    /// Whether there is to be one. In an `impl` of a trait there is no room for it.
    pub(super) fn is_wanted(options: &Options) -> bool {
        !matches!(options.entry.value(), Some(EntryName::None))
    }

    /// It takes what the keys and the options' expressions name. `keys` are the key and the tags.
    pub(super) fn plan(
        options: &Options,
        function: &Ident,
        parameters: &[Parameter],
        keys: &[&Key],
        expressions: &[Expression<'_>],
        errors: &Diagnostics,
    ) -> Option<Self> {
        let name = match options.entry.value() {
            Some(EntryName::None) => return None,
            Some(EntryName::Named(name)) => name.clone(),
            None => default_name(function),
        };
        if name.unraw() == function.unraw() {
            errors.at(
                &name,
                format!("`{name}` is the function itself: choose another name for its entry function"),
            );
        }
        check_patterns(parameters, expressions, errors);
        let mut mentions = Mentions::default();
        expressions.iter().for_each(|expression| mentions.add(expression.expr));
        let arguments = || {
            keys.iter().flat_map(|key| &key.pieces).filter_map(|piece| match piece {
                KeyPiece::Argument(argument) => Some(argument),
                KeyPiece::Text(_) | KeyPiece::Type(_) => None,
            })
        };
        let takes = parameters.iter().enumerate().filter(|(index, parameter)| match &parameter.binding {
            Binding::Name(name) => {
                arguments().any(|argument| argument.parameter == Some(*index)) || mentions.name(name)
            }
            Binding::Pattern(..) | Binding::Nothing => false,
        });
        let takes = takes.map(|(index, _)| index).collect();
        let takes_self = arguments().any(|argument| argument.name == "self") || mentions.text("self");
        Some(Self { name, takes_self, takes })
    }
}

/// The entry function takes arguments by name, so it can give an option's expression no part of a destructured one.
fn check_patterns(parameters: &[Parameter], expressions: &[Expression<'_>], errors: &Diagnostics) {
    for Expression { option, expr } in expressions {
        let mentions = Mentions::of(expr);
        let names = parameters.iter().flat_map(|parameter| match &parameter.binding {
            Binding::Pattern(_, names) => &names[..],
            Binding::Name(_) | Binding::Nothing => &[],
        });
        for name in names.filter(|name| mentions.name(name)) {
            errors.at(
                expr,
                format!(
                    "`{option}` uses `{name}`, a part of a destructured argument, which the entry function cannot take: \
                     give the argument a plain name, or write `entry = false`"
                ),
            );
        }
    }
}

/// `get_user_entry` for `get_user`, `type_entry` for `r#type` and for `type_`.
pub(crate) fn default_name(function: &Ident) -> Ident {
    // `type_` is a way to write `type`, and two underscores in a row are no snake case.
    let name = function.unraw().to_string();
    format_ident!("{}_entry", name.trim_end_matches('_'), span = function.span())
}
