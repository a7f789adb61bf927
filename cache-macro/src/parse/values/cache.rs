//! `cache = &self.cache`: which cache, as any expression.

use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

impl OptionValue for Expr {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        raw.expr("cache = &self.cache", errors).cloned()
    }
}
