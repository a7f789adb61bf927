//! `early_refresh = 1.0`: XFetch's beta.

use proc_macro2::Literal;

use super::number;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Beta(pub(crate) Literal);

impl OptionValue for Beta {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("early_refresh = 1.0", errors)?;
        let is_beta = |beta: f64| beta > 0.0 && beta.is_finite();
        let wrong =
            "`early_refresh` is a literal above 0: write `early_refresh = 1.0`, or more to refresh earlier";
        number::read(expr, is_beta, wrong, errors).map(Self)
    }
}
