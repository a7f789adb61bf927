//! The attribute macros of [redis-cached](https://docs.rs/redis-cached). Use them through that crate, which re-exports
//! them: what they expand to names its items.

mod cached;
mod derive;
mod expand;
#[cfg(test)]
mod golden;
mod parse;
mod plan;
mod report;
mod signature;
mod writes;

use proc_macro::TokenStream;

#[doc = include_str!("redis_cached.md")]
#[proc_macro_attribute]
pub fn redis_cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    cached::redis_cached(attribute.into(), item.into()).into()
}

#[doc = include_str!("redis_invalidates.md")]
#[proc_macro_attribute]
pub fn redis_invalidates(attribute: TokenStream, item: TokenStream) -> TokenStream {
    writes::redis_invalidates(attribute.into(), item.into()).into()
}

#[doc = include_str!("redis_updates.md")]
#[proc_macro_attribute]
pub fn redis_updates(attribute: TokenStream, item: TokenStream) -> TokenStream {
    writes::redis_updates(attribute.into(), item.into()).into()
}

/// Makes a struct or an enum something that can stand in a key.
///
/// ```
/// use redis_cached::{KeyPart, redis_cached};
///
/// #[derive(KeyPart)]
/// struct UserId(u64);
///
/// #[derive(KeyPart)]
/// enum Order {
///     Name,
///     Newest,
/// }
///
/// #[redis_cached(ttl = 60, key = "orders:<user>:<order>")]
/// fn orders(user: UserId, order: Order) -> Vec<u64> {
///     vec![user.0, order as u64]
/// }
///
/// assert_eq!(orders_entry(&UserId(7), &Order::Newest).key(), "orders:7:Newest");
/// ```
///
/// - A tuple struct with one field renders as the field does.
/// - Any other struct renders as the list of its fields, in order, without their names.
/// - An enum whose variants have no fields renders as the variant's name.
/// - Any other enum renders as a list: the variant's name, then its fields.
///
/// Every field's type is a `KeyPart`; type parameters are required to be. So renaming a field changes no key, while
/// renaming a variant or reordering fields does.
///
/// `#[key_part(crate = path)]` on the type says where `redis-cached` is, if it is renamed or re-exported.
#[proc_macro_derive(KeyPart, attributes(key_part))]
pub fn derive_key_part(input: TokenStream) -> TokenStream {
    derive::key_part(input.into()).into()
}

#[doc = include_str!("tag.md")]
#[proc_macro_derive(Tag, attributes(tag))]
pub fn derive_tag(input: TokenStream) -> TokenStream {
    derive::tag(input.into()).into()
}

#[doc = include_str!("fields.md")]
#[proc_macro_derive(Fields, attributes(fields))]
pub fn derive_fields(input: TokenStream) -> TokenStream {
    derive::fields(input.into()).into()
}
