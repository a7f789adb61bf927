//! `timeout = "300ms"`: for how long a call that has an older value waits for a new one. Zero is not at all.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Timeout(pub(crate) Length);

impl OptionValue for Timeout {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option = LengthOption {
            example: "\"300ms\"",
            closure: "is known before there is a new value",
            never: Some("a call without `timeout` waits for as long as its function takes"),
            zero: true,
        };
        option.read(raw, errors).map(Self)
    }
}
