//! `stale_while_revalidate`, `finish_in_background`, `timeout` and `verify`: the body may run in the background, after the call has returned or has been
//! dropped.
//!
//! The body becomes something that captures nothing and takes the function's parameters, so that it exists once and can be
//! called twice: with the caller's arguments if there is no value, with clones of them if there is an old one. It is a
//! closure, or for a method another method: `self` can be given to nothing else. An `impl` of a trait has no room for a second
//! method; there the body becomes a closure in which [`receiver`](super::receiver) gives `self` another name.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{FnArg, Pat, PatType, Safety, Signature, Type};

use super::batch::Batch;
use super::entry_function::EntryFunction;
use super::receiver::format_strings;
use crate::parse::item::Item;
use crate::parse::options::Options;
use crate::report::diagnostics::Diagnostics;
use crate::signature::parameters::{receiver_type, takes_self};
use crate::signature::style::Style;
use crate::signature::types::{bare, is_mut_reference};

/// What may run in the background.
pub(crate) struct Background {
    /// A refresh of a value that is past its time.
    pub(crate) refresh: bool,
    /// What a call computes itself.
    pub(crate) finish: bool,
    /// What a call computes itself, should that be late and an older value be there.
    pub(crate) in_time: bool,
    /// A run whose result is compared with what was served.
    pub(crate) verify: bool,
    /// The name of the method that the body becomes; `None` if it becomes a closure.
    pub(crate) method: Option<Ident>,
}

impl Background {
    /// `None` if nothing may. Reports what cannot be taken along.
    pub(super) fn plan(
        options: &Options,
        item: &Item,
        batch: Option<&Batch>,
        style: Style,
        errors: &Diagnostics,
    ) -> Option<Self> {
        let refresh = options.stale_while_revalidate.given().map(|(option, _)| option);
        let finish =
            options.finish_in_background.given().filter(|(_, finish)| finish.0).map(|(option, _)| option);
        let verify = options.verify.given().map(|(option, _)| option);
        if let Some(option) = finish
            && style == Style::Blocking
        {
            errors.at(
                option,
                "a blocking call is not dropped before it is done, so there is nothing to finish: leave `finish_in_background` out",
            );
        }
        let timeout = options.timeout.given().map(|(option, _)| option);
        if let Some(option) = timeout {
            check_timeout(option, options, style, errors);
        }
        let all = refresh.into_iter().chain(finish).chain(timeout).chain(verify);
        for option in all.filter(|_| style == Style::BoxedFuture) {
            errors.at(
                option,
                format!(
                    "`{option}` cannot run a function under `#[async_trait]` in the background: move the body to a function of \
                     its own, and put the attribute there"
                ),
            );
        }
        let (refresh, finish, verify) = (refresh.is_some(), finish.is_some(), verify.is_some());
        let in_time = timeout.is_some();
        if !refresh && !finish && !in_time && !verify {
            return None;
        }
        let has_entry_function = EntryFunction::is_wanted(options);
        check(item, has_entry_function, batch, errors);
        Some(Self { refresh, finish, in_time, verify, method: method(&item.sig, has_entry_function) })
    }
}

/// Reports a `timeout` that could never end a wait.
fn check_timeout(option: &Ident, options: &Options, style: Style, errors: &Diagnostics) {
    if style == Style::Blocking {
        errors.at(
            option,
            "a blocking call runs its function on the caller's own thread, which cannot leave it: make it an `async fn`, or serve older \
             values at once by `stale_while_revalidate`",
        );
    }
    if options.stale_if_error.is_written() {
        return;
    }
    if options.stale_while_revalidate.is_written() {
        errors.at(
            option,
            "`stale_while_revalidate` serves an older value at once, so that there is nothing to wait for: leave `timeout` out, or add \
             `stale_if_error = \"1h\"`, a longer window, for which `timeout` holds",
        );
    } else if !options.early_refresh.is_written() {
        errors.at(
            option,
            "`timeout` serves an older value in place of a late one, and none is kept past its TTL: add `stale_if_error = \"1h\"`",
        );
    }
}

fn method(signature: &Signature, has_entry_function: bool) -> Option<Ident> {
    let Signature { ident, safety, .. } = signature;
    // The entry function stands in an `impl` of the type's own, so there is room for another method.
    let is_method = has_entry_function && takes_self(signature) && !matches!(safety, Safety::Unsafe(_));
    is_method.then(|| format_ident!("__redis_cached_{}", ident.unraw(), span = Span::call_site()))
}

/// Reports what a computation in the background cannot take along.
fn check(item: &Item, has_entry_function: bool, batch: Option<&Batch>, errors: &Diagnostics) {
    if takes_self(&item.sig) && !has_entry_function {
        for text in format_strings(item.body.stream()) {
            errors.at(
                text,
                "with `entry = false` a computation in the background cannot see `self` in a format string: write `{}`, and `self` behind \
                 the text",
            );
        }
    }
    for input in &item.sig.inputs {
        match input {
            FnArg::Receiver(receiver) if is_mut_reference(&receiver_type(receiver)) => errors.at(
                receiver,
                "a computation in the background runs on a clone of `self`, so it cannot take `&mut self`: take `&self`",
            ),
            FnArg::Receiver(_) => {}
            // The keys are not cloned: they are those to be refreshed.
            FnArg::Typed(argument) if batch.is_some_and(|batch| batch.takes_keys_as(&argument.pat)) => {}
            FnArg::Typed(argument) => check_argument(argument, errors),
        }
    }
}

fn check_argument(PatType { attrs, pat, ty, .. }: &PatType, errors: &Diagnostics) {
    if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        errors.at(
            cfg,
            "a computation in the background needs to know its arguments: put the `#[cfg]` on the function, and write it twice",
        );
    }
    if !matches!(**pat, Pat::Ident(_)) {
        errors.at(
            pat,
            "a computation in the background runs on a clone of this argument, which needs a name: take it apart in the body",
        );
    }
    if matches!(bare(ty), Type::ImplTrait(_)) {
        errors.at(
            ty,
            "a computation in the background runs on a clone of this argument, whose type needs a name: make it a type parameter",
        );
    }
    if is_mut_reference(ty) {
        errors.at(
            ty,
            "a computation in the background runs on a clone of this argument, so it cannot be `&mut`: take it by `&` or by value",
        );
    }
}
