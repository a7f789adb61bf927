//! `cache_if = |value| …`: a closure of the value, or the name of a function.

use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption, takes_one_parameter};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct CacheIf(pub(crate) Expr);

impl OptionValue for CacheIf {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("cache_if = |value| …", errors)?;
        match expr {
            Expr::Closure(closure) if !takes_one_parameter(closure, "cache_if", errors) => None,
            Expr::Lit(_) => {
                errors.at(expr, "`cache_if` takes a closure of the value: write `cache_if = |value| …`");
                None
            }
            _ => Some(Self(expr.clone())),
        }
    }
}
