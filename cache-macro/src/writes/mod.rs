//! `#[redis_invalidates]` and `#[redis_updates]`: what a function that changes data does to the entries of others.
//!
//! One pipeline for both, in the same phases as that of `redis_cached`: [`parse`] reads the targets and the flags, [`signature`]
//! asks what the function returns, [`plan`] joins them, [`expand`] prints.

mod expand;
mod parse;
mod plan;
mod signature;

use proc_macro2::TokenStream;

use self::parse::{Kind, WriteOptions};
use crate::parse::item::{Item, Purpose};
use crate::report::diagnostics::Diagnostics;
use crate::report::fallback::expanded_or_original;

const INVALIDATES: Purpose = Purpose {
    attribute: "redis_invalidates",
    of_a_function: "that changes what is cached",
    without_body: "nothing after which to invalidate",
};

const UPDATES: Purpose = Purpose {
    attribute: "redis_updates",
    of_a_function: "that changes what is cached",
    without_body: "nothing to write through",
};

pub(crate) fn redis_invalidates(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expanded(Kind::Invalidates, &INVALIDATES, attribute, item)
}

pub(crate) fn redis_updates(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expanded(Kind::Updates, &UPDATES, attribute, item)
}

fn expanded(kind: Kind, purpose: &Purpose, attribute: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let options = WriteOptions::parse(kind, attribute, &errors);
    let plan = errors
        .ok(Item::parse(item.clone(), purpose))
        .and_then(|item| plan::plan(kind, options, item, &errors));
    expanded_or_original(item, plan, errors, expand::expand)
}
