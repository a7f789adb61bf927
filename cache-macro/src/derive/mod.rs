//! `#[derive(KeyPart)]` and `#[derive(Tag)]`.

mod key_part;
mod tag;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::report::diagnostics::Diagnostics;

pub(crate) fn key_part(input: TokenStream) -> TokenStream {
    derived(input, |input, errors| Some(key_part::implementation(input, errors)))
}

pub(crate) fn tag(input: TokenStream) -> TokenStream {
    derived(input, tag::implementation)
}

/// The `impl`s, or every error.
fn derived(
    input: TokenStream,
    implementation: fn(&DeriveInput, &Diagnostics) -> Option<TokenStream>,
) -> TokenStream {
    let errors = Diagnostics::new();
    let expanded = errors.ok(syn::parse2(input)).and_then(|input| implementation(&input, &errors));
    match errors.finish() {
        Some(error) => error.to_compile_error(),
        None => expanded.unwrap_or_default(),
    }
}
