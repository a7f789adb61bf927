//! Options whose values are names that cargo features turn on.
//!
//! The runtime hands its features on to this crate: only so can a codec that is off be an error at the word in the attribute,
//! with the line for Cargo.toml.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::Expr;

use crate::parse::raw_option::RawOption;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::{list, nearest};

pub(super) struct Choices {
    pub(super) option: &'static str,
    pub(super) noun: &'static str,
    /// Name, cargo feature, and whether the feature is on. Tests read all, whatever they are built with.
    pub(super) choices: &'static [(&'static str, &'static str, bool)],
    pub(super) example: &'static str,
}

impl Choices {
    pub(super) fn read(&self, raw: &RawOption, errors: &Diagnostics) -> Option<Ident> {
        let expr = raw.expr(&format!("{} = {}", self.option, self.example), errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident().cloned(),
            _ => None,
        };
        if let Some(name) = &name
            && let Some((_, feature, enabled)) = self.choices.iter().find(|(choice, ..)| name == choice)
        {
            if !enabled {
                errors.at(name, self.is_off(&name.to_string(), feature));
            }
            return Some(name.clone());
        }
        errors.at(expr, self.unknown(&expr.to_token_stream().to_string()));
        None
    }

    pub(super) fn is_off(&self, name: &str, feature: &str) -> String {
        format!(
            "the {} `{name}` is not compiled in: turn its feature on in Cargo.toml, \
             `redis-cached = {{ version = \"{}\", features = [\"{feature}\"] }}`",
            self.noun,
            env!("CARGO_PKG_VERSION")
        )
    }

    pub(super) fn nearest(&self, written: &str) -> Option<&'static str> {
        nearest(written, self.choices.iter().map(|(name, ..)| *name))
    }

    pub(super) fn unknown(&self, written: &str) -> String {
        let Self { option, noun, choices, .. } = self;
        let names = || choices.iter().map(|(name, ..)| *name);
        match self.nearest(written.trim_matches('"')) {
            Some(nearest) => format!("there is no {noun} `{written}`: write `{option} = {nearest}`"),
            None => {
                format!("there is no {noun} `{written}`: the {noun}s are {}", list(names()))
            }
        }
    }
}
