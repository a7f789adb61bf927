//! `#[redis_invalidates]` and `#[redis_updates]`: what a function that changes data does to the entries of others.
//!
//! One pipeline for both, beside that of `redis_cached`: [`attribute`] reads the targets and the flags, [`plan`] joins them
//! with the signature, [`expand`] prints.

mod attribute;
mod expand;
mod outcome;
mod plan;
mod target;

use proc_macro2::TokenStream;

pub(crate) use self::target::lent;

use self::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::fallback;
use crate::item::{Item, Purpose};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalidates,
    Updates,
}

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
    expanded(Kind::Invalidates, attribute, item)
}

pub(crate) fn redis_updates(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expanded(Kind::Updates, attribute, item)
}

fn expanded(kind: Kind, attribute: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let purpose = match kind {
        Kind::Invalidates => &INVALIDATES,
        Kind::Updates => &UPDATES,
    };
    let attribute = Attribute::parse(kind, attribute, &errors);
    let plan = errors
        .ok(Item::parse(item.clone(), purpose))
        .and_then(|item| plan::plan(kind, &attribute, item, &errors));
    match (plan, errors.finish()) {
        (Some(plan), None) => expand::expand(&plan),
        (_, Some(error)) => fallback::original(&item, &error),
        // As in `cached`: cannot be, and if it is, the function as it was written is what to give back.
        (None, None) => item,
    }
}
