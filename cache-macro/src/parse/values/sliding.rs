//! `sliding`: whether a hit prolongs its entry. It has no value: `ttl` says for how long.

use crate::parse::raw_option::{OptionForm, OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Sliding;

impl OptionValue for Sliding {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        if !matches!(raw.form, OptionForm::Bare) {
            errors.at(
                &raw.name,
                "`sliding` takes no value, its length is the `ttl`: write `ttl = 1800, sliding`",
            );
            return None;
        }
        Some(Self)
    }
}
