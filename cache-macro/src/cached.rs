//! `#[redis_cached]`, the whole way from tokens to tokens.

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;
use crate::expand::expand;
use crate::fallback;
use crate::item::{Item, Purpose};
use crate::options::Options;
use crate::validate::validate;

pub(crate) const PURPOSE: Purpose = Purpose {
    attribute: "redis_cached",
    of_a_function: "whose results it should remember",
    without_body: "nothing to remember",
};

pub(crate) fn redis_cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let options = Options::parse(attribute, &errors);
    let plan =
        errors.ok(Item::parse(item.clone(), &PURPOSE)).and_then(|item| validate(&options, item, &errors));
    match (plan, errors.finish()) {
        (Some(plan), None) => expand(&plan),
        (_, Some(error)) => fallback::original(&item, &error),
        // No plan and no error cannot be; if it is, the function as it was written is right, only slow.
        (None, None) => item,
    }
}
