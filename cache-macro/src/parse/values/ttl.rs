//! `ttl = 3600`: for how long a value is cached.

use syn::{Expr, ExprClosure};

use super::length::Length;
use crate::parse::raw_option::{OptionValue, RawOption, takes_one_parameter};
use crate::report::diagnostics::Diagnostics;

pub(crate) enum Ttl {
    Fixed(Length),
    /// `|value: &T| -> Duration`
    OfValue(ExprClosure),
}

impl OptionValue for Ttl {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match raw.expr("ttl = 3600", errors)? {
            Expr::Closure(closure) => {
                takes_one_parameter(closure, "ttl", errors).then(|| Self::OfValue(closure.clone()))
            }
            other => Length::read(other, "ttl", errors).map(Self::Fixed),
        }
    }
}
