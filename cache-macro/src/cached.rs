//! `#[redis_cached]`, the whole way from tokens to tokens.

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;
use crate::expand::expand;
use crate::fallback;
use crate::item::Item;
use crate::options::Options;
use crate::validate::validate;

pub(crate) fn redis_cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let options = Options::parse(attribute, &errors);
    let plan = errors.ok(Item::parse(item.clone())).and_then(|item| validate(&options, item, &errors));
    match (plan, errors.finish()) {
        (Some(plan), None) => expand(&plan),
        (_, Some(error)) => fallback::original(&item, &error),
        // No plan and no error cannot be; if it is, the function as it was written is right, only slow.
        (None, None) => item,
    }
}
