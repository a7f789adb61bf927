//! `finish_in_background = true`: whether a computation goes on when its caller has gone away.

use syn::{Expr, ExprLit, Lit};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct FinishInBackground(pub(crate) bool);

const EXAMPLE: &str = "finish_in_background = true";

impl OptionValue for FinishInBackground {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match raw.expr(EXAMPLE, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) => Some(Self(literal.value)),
            other => {
                errors.at(other, format!("`finish_in_background` is on or off: write `{EXAMPLE}`"));
                None
            }
        }
    }
}
