//! `local = "30s"`: for how long a value may be cached in the process.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Local(pub(crate) Length);

impl OptionValue for Local {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option =
            LengthOption { example: "\"30s\"", closure: "is one for all values", never: None, zero: false };
        option.read(raw, errors).map(Self)
    }
}
