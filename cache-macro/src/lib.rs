//! The attribute macros of [redis-cached](https://docs.rs/redis-cached). Use them through that crate, which re-exports
//! them: what they expand to names its items.

mod cached;
mod calls;
mod companion;
mod diagnostics;
mod duration;
mod expand;
mod expressions;
mod fallback;
mod generics;
#[cfg(test)]
mod golden;
mod item;
mod key;
mod key_checks;
mod key_part;
mod key_template;
mod length;
mod mentions;
mod nearest;
mod option_values;
mod options;
mod returns;
mod signature;
mod spans;
mod validate;

use proc_macro::TokenStream;

/// TODO docs
#[proc_macro_attribute]
pub fn redis_cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    cached::redis_cached(attribute.into(), item.into()).into()
}

/// TODO docs
#[proc_macro_derive(KeyPart, attributes(key_part))]
pub fn derive_key_part(input: TokenStream) -> TokenStream {
    key_part::key_part(input.into()).into()
}
