//! `stale_while_revalidate = "30s"` and `stale_if_error = "1h"`: for how long past its TTL a value is of use.

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Window(pub(crate) Length);

impl OptionValue for Window {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let option = LengthOption {
            example: "\"30s\"",
            closure: "is one for all values",
            never: Some("a value that is old for ever is not worth a TTL (`ttl = \"never\"`)"),
            zero: false,
        };
        option.read(raw, errors).map(Self)
    }
}
