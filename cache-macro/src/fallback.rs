//! What comes out when something is wrong: the function as it was written, and every error.
//!
//! Without the function, each of its callers would be an error as well, the editor would lose its types, and the one
//! message that matters would be the last of forty.

use proc_macro2::TokenStream;
use quote::quote;

/// The untouched item and the errors about its attribute.
pub(crate) fn original(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#item #errors)
}
