//! `negative_ttl = 30`: for how long it is remembered that there is no value.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct NegativeTtl(pub(crate) Length);

impl OptionValue for NegativeTtl {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option = LengthOption {
            example: "30",
            closure: "cannot depend on the value, because there is none",
            never: Some("a `None` that never expires would hide a value that comes later"),
            zero: false,
        };
        option.read(raw, errors).map(Self)
    }
}
