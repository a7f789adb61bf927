//! `key = "user:<id>"`

use syn::{Expr, ExprLit, Lit};

use crate::parse::key_template::{Noun, Template};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

const EXAMPLE: &str = "key = \"user:<id>\"";

impl OptionValue for Template {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match raw.expr(EXAMPLE, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => {
                Some(Self::parse(literal.clone(), Noun::Key, errors))
            }
            other => {
                errors.at(other, format!("`key` is a template in one string literal: write `{EXAMPLE}`"));
                None
            }
        }
    }
}
