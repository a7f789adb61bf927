//! `max_age = "1d"`: how old a value may become that hits prolong.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct MaxAge(pub(crate) Length);

impl OptionValue for MaxAge {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option = LengthOption {
            example: "\"1d\"",
            closure: "is one for all values",
            never: Some("without `max_age` a value may become as old as it is read"),
            zero: false,
        };
        option.read(raw, errors).map(Self)
    }
}
