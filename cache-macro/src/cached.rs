//! `#[redis_cached]`, the whole way from tokens to tokens.

use proc_macro2::TokenStream;

use crate::expand::expand;
use crate::parse::item::{Item, Purpose};
use crate::parse::options::Options;
use crate::plan::plan;
use crate::report::diagnostics::Diagnostics;
use crate::report::fallback::expanded_or_original;

const PURPOSE: Purpose = Purpose {
    attribute: "redis_cached",
    of_a_function: "whose results it should remember",
    without_body: "nothing to remember",
};

pub(crate) fn redis_cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let options = Options::parse(attribute, &errors);
    let plan = errors.ok(Item::parse(item.clone(), &PURPOSE)).and_then(|item| plan(options, item, &errors));
    expanded_or_original(item, plan, errors, expand)
}
