//! How an expansion handles what a body returns: as a value, as a `Result`, or as its type has it.
//!
//! Where only the type can tell, a local `returned` stands for the answer, and where errors are remembered, a local `negative` for which: the
//! runtime's methods take the body's result apart into what is stored and what is not, and put the function's together again.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::callsite::{callsite, codec};
use crate::plan::Plan;
use crate::plan::negative::NegativeErrors;
use crate::report::spans::{Ends, moved, ours_at};
use crate::signature::returns::ReturnForm;
use crate::signature::shared_errors::is_shared;

/// What stands before the chain that makes the entry.
pub(crate) fn statement(plan: &Plan) -> Option<TokenStream> {
    let object = object(plan)?;
    let made = match &plan.negative {
        Some(negative) => remembered(negative, plan),
        None => how(&plan.returns.whole, &plan.runtime),
    };
    Some(quote!(let #object = #made;))
}

/// Which errors are remembered. Errors about the two types are shown at them.
fn remembered(negative: &NegativeErrors, plan: &Plan) -> TokenStream {
    let NegativeErrors { value, error, chosen } = negative;
    let at = ours_at(plan.returns.place.first);
    let runtime = moved(&plan.runtime, at);
    let (negative, codec) = (quote_spanned!(at=> #runtime::expansion::negative), codec(plan));
    let (callsite, kind) = (callsite(plan), kind(plan, chosen));
    quote!(#negative::<#value, #error, #codec>(#callsite, #kind))
}

/// The closure that tells what kind of value a `Result` is, of whose errors some are remembered.
pub(super) fn kind(plan: &Plan, chosen: &Expr) -> TokenStream {
    let (runtime, result) = (&plan.runtime, Ident::new("result", Span::mixed_site()));
    quote!(|#result| #runtime::expansion::kind_of(#result, #chosen))
}

/// A check that is the compiler's: a type that is stored whole is no `Result`. Shown at the type.
pub(crate) fn check(plan: &Plan) -> Option<TokenStream> {
    let ReturnForm::Named = plan.returns.form else { return None };
    let how = how(&plan.returns.whole, &plan.runtime);
    let stored_whole = Ident::new("stored_whole", ours_at(Ends::of(&plan.returns.whole).first));
    Some(quote!(#how.#stored_whole();))
}

/// What the type `whole` is.
pub(crate) fn how(whole: &TokenStream, runtime: &TokenStream) -> TokenStream {
    let Ends { first, last } = Ends::of(whole);
    let (first, last) = (ours_at(first), ours_at(last));
    let runtime = moved(runtime, first);
    let begin = quote_spanned!(first=> #runtime::expansion::Returned::<#whole>);
    let end = quote_spanned!(last=> ::NEW.how());
    quote!(#begin #end)
}

/// How the function's errors get to the calls that waited for it: the runtime finds out whether they are `Clone`, and
/// what they say to the log.
pub(crate) fn sharing(plan: &Plan) -> Option<TokenStream> {
    let runtime = &plan.runtime;
    let is_shared = |error| is_shared(error, &plan.item.sig);
    Some(match &plan.returns.form {
        ReturnForm::Whole | ReturnForm::Named => return None,
        ReturnForm::Result(error) => {
            let errors = Ident::new(if is_shared(error) { "Errors" } else { "Unshared" }, Span::call_site());
            quote!(#runtime::expansion::#errors::<#error>::NEW.sharing())
        }
        ReturnForm::ByType => {
            let name = if is_shared(&plan.returns.whole) { "errors" } else { "unshared" };
            let (object, errors) = (object(plan), Ident::new(name, Span::call_site()));
            quote!(#object.#errors().sharing())
        }
    })
}

/// How values are compared: the runtime finds out whether they have `PartialEq`.
pub(super) fn comparison(plan: &Plan) -> TokenStream {
    match object(plan) {
        Some(object) => quote!(#object.comparing().how()),
        None => of_values(plan),
    }
}

/// The same for values whose type is at hand.
pub(super) fn of_values(plan: &Plan) -> TokenStream {
    let Plan { returns, runtime, .. } = plan;
    let value = &returns.value;
    quote!(#runtime::expansion::Comparing::<#value>::NEW.how())
}

/// What the body computes, as the runtime takes it: a future.
pub(crate) fn split(plan: &Plan, body: TokenStream) -> TokenStream {
    by_type(plan, "split", body)
}

/// The same for a closure.
pub(crate) fn split_blocking(plan: &Plan, body: TokenStream) -> TokenStream {
    by_type(plan, "split_blocking", body)
}

/// What the function returns, of what the runtime gives.
pub(crate) fn joined(plan: &Plan, tokens: TokenStream) -> TokenStream {
    let Some(object) = object(plan) else { return tokens };
    let result = Ident::new("result", Span::mixed_site());
    quote!(let #result = #tokens; #object.join(#result))
}

fn by_type(plan: &Plan, method: &str, tokens: TokenStream) -> TokenStream {
    let Some(object) = object(plan) else { return tokens };
    let method = Ident::new(method, Span::call_site());
    quote!(#object.#method(#tokens))
}

/// What takes the body's result apart, if it is not a value or a `Result` as the runtime has them. Hygienic: the user's code
/// cannot see it.
pub(super) fn object(plan: &Plan) -> Option<Ident> {
    let name = match plan.returns.form {
        _ if plan.negative.is_some() => "negative",
        ReturnForm::ByType => "returned",
        ReturnForm::Whole | ReturnForm::Named | ReturnForm::Result(_) => return None,
    };
    Some(Ident::new(name, Span::mixed_site()))
}
