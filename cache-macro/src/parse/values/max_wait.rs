//! `max_wait = "2s"`: for how long a call waits for others. Zero is not at all.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct MaxWait(pub(crate) Length);

impl OptionValue for MaxWait {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option = LengthOption {
            example: "\"2s\"",
            closure: "is known before there is a value",
            never: Some("`\"never\"` could mean not to wait, and to wait for ever"),
            zero: true,
        };
        option.read(raw, errors).map(Self)
    }
}
