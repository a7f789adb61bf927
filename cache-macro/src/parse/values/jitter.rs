//! `jitter = 0.1`: a share between 0 and 1.

use proc_macro2::Literal;

use super::number;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Jitter(pub(crate) Literal);

impl OptionValue for Jitter {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("jitter = 0.1", errors)?;
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        let wrong =
            "`jitter` is a share of the TTL, a literal from 0 to 1: write `jitter = 0.1` for up to 10 %";
        number::read(expr, is_share, wrong, errors).map(Self)
    }
}
