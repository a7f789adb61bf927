//! `#[derive(KeyPart)]`, `#[derive(Tag)]` and `#[derive(Fields)]`.

mod fields;
mod key_part;
mod serde_attributes;
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

pub(crate) fn fields(input: TokenStream) -> TokenStream {
    derived(input, fields::implementation)
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
