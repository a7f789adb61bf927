//! The user's body, as a block that knows its type.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use crate::plan::Plan;

/// The body with a first line that tells an `async` block its type.
pub(crate) fn typed(plan: &Plan, body: &Group) -> Group {
    if matches!(plan.item.sig.output, syn::ReturnType::Default) {
        return body.clone();
    }
    typed_as(&plan.returns.whole, body, &plan.runtime)
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
