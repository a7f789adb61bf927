//! What comes out when something is wrong: the item as it was written, and every error.
//!
//! Without the function, each of its callers would be an error as well, the editor would lose its types, and the one
//! message that matters would be the last of forty.

use proc_macro2::TokenStream;
use quote::quote;

use super::diagnostics::Diagnostics;

/// The expansion of `plan`, or the untouched `item` with the errors about its attribute.
pub(crate) fn expanded_or_original<P>(
    item: TokenStream,
    plan: Option<P>,
    errors: Diagnostics,
    expand: impl FnOnce(&P) -> TokenStream,
) -> TokenStream {
    match (plan, errors.finish()) {
        (Some(plan), None) => expand(&plan),
        (_, Some(error)) => {
            let errors = error.to_compile_error();
            quote!(#item #errors)
        }
        // A missing plan always comes with an error. Should it not, the function as it was written is correct, only slow.
        (None, None) => item,
    }
}
