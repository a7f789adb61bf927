//! `version = 2`

use proc_macro2::Literal;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Version(pub(crate) Literal);

impl OptionValue for Version {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("version = 2", errors)?;
        let version = match expr {
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse::<u32>().ok(),
            _ => None,
        };
        let Some(version) = version else {
            errors.at(expr, "`version` is a whole number that you count up by hand: write `version = 2`");
            return None;
        };
        let mut literal = Literal::u32_unsuffixed(version);
        literal.set_span(expr.span());
        Some(Self(literal))
    }
}
