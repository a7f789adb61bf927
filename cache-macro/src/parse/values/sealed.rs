//! `sealed`: whether values are stored in a cache with a keyring only. It has no value: the keyring is the cache's.

use crate::parse::raw_option::{OptionForm, OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Sealed;

impl OptionValue for Sealed {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        if !matches!(raw.form, OptionForm::Bare) {
            errors.at(
                &raw.name,
                "`sealed` takes no value: write `sealed`, and give the cache a keyring with `CacheBuilder::seal`",
            );
            return None;
        }
        Some(Self)
    }
}
