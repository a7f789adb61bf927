//! `negative = |error| …`: which errors are remembered.

use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption, predicate};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Negative(pub(crate) Expr);

impl OptionValue for Negative {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        predicate(raw, "error", errors).map(Self)
    }
}
