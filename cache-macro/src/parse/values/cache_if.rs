//! `cache_if = |value| …`: which values are stored.

use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption, predicate};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct CacheIf(pub(crate) Expr);

impl OptionValue for CacheIf {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        predicate(raw, "value", errors).map(Self)
    }
}
