//! The user's body, as a block that knows its type.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use super::callsite::codec;
use crate::parse::values::conditional::StaleName;
use crate::plan::Plan;

/// The body with a first line that tells an `async` block its type.
pub(crate) fn typed(plan: &Plan, body: &Group) -> Group {
    if matches!(plan.item.sig.output, syn::ReturnType::Default) {
        return body.clone();
    }
    typed_as(&plan.returns.whole, body, &plan.runtime)
}

/// The body with a line before it that gives it the older value, where it asks for one. In the scope of what the body says itself, so that it is the same
/// name.
pub(crate) fn with_older(plan: &Plan, body: &Group) -> Group {
    let Some((_, StaleName(name))) = plan.options.conditional.given() else { return body.clone() };
    let Plan { runtime, returns, .. } = plan;
    let (value, codec) = (&returns.value, codec(plan));
    let mut tokens = quote!(let #name = #runtime::expansion::stale_value::<#value, #codec>(););
    tokens.extend(body.stream());
    let mut offered = Group::new(Delimiter::Brace, tokens);
    offered.set_span(body.span());
    offered
}

/// An `async fn` knows what it returns, an `async` block infers it from what it meets first, and then `Err(Box::new(e))`
/// is no `Box<dyn Error>`. A block has no place for a type, so a statement gives it.
pub(crate) fn typed_as(whole: &TokenStream, body: &Group, runtime: &TokenStream) -> Group {
    let mut tokens = quote!(#runtime::expansion::returns!(#whole););
    tokens.extend(body.stream());
    let mut typed = Group::new(Delimiter::Brace, tokens);
    typed.set_span(body.span());
    typed
}
