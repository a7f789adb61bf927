//! `invalidated = true`: whether the program invalidates the function's entries where data changes.

use syn::{Expr, ExprLit, Lit};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Invalidated(pub(crate) bool);

impl OptionValue for Invalidated {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match raw.expr("invalidated = true", errors)? {
            Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) => Some(Self(literal.value)),
            other => {
                errors.at(
                    other,
                    "`invalidated` says whether the program invalidates these entries where the data changes: write `invalidated = true`, or \
                     `invalidated = false` if they only expire",
                );
                None
            }
        }
    }
}
