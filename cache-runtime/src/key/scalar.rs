//! Which types are one text, and so can stand in the name of a tag.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use super::KeyPart;

/// A [`KeyPart`] that is one text and not a list: a number, a string or a date, but not an `Option`.
///
/// The placeholders in the text of a tag, `tags = ["org:<org>"]`, take scalars, so that the name is the same as `format!("org:{org}")`.
/// `#[derive(KeyPart)]` also implements `Scalar` for a struct with one unnamed scalar field, and for an enum without fields. A type with a hand-written `KeyPart` that
/// calls [`KeyWriter::text`](super::KeyWriter::text) needs one line:
///
/// ```
/// use redis_cached::{KeyPart, KeyWriter, Scalar};
///
/// struct Email(String);
///
/// impl KeyPart for Email {
///     fn write(&self, key: &mut KeyWriter<'_>) {
///         key.text(&self.0.to_lowercase());
///     }
/// }
///
/// impl Scalar for Email {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in the text of a tag",
    label = "this type is not a `Scalar`: a number, a string or another type that is one text",
    note = "unwrap an `Option` before the call, name a field (`<name.field>`), derive `KeyPart` on a newtype or an enum without fields, or declare the tag as a type, whose fields may be any `KeyPart`: `#[derive(redis_cached::Tag)]`"
)]
pub trait Scalar: KeyPart {}

macro_rules! scalars {
    ($($(#[$attribute:meta])* $type:ty)*) => {$(
        $(#[$attribute])*
        impl Scalar for $type {}
    )*};
}

macro_rules! integers {
    ($($integer:ty)*) => {
        scalars! { $($integer NonZero<$integer>)* }
    };
}

integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

scalars! {
    bool char str String IpAddr Ipv4Addr Ipv6Addr SocketAddr
    #[cfg(feature = "uuid")] uuid::Uuid
    #[cfg(feature = "chrono")] chrono::NaiveDate
    #[cfg(feature = "chrono")] chrono::NaiveTime
    #[cfg(feature = "chrono")] chrono::NaiveDateTime
    #[cfg(feature = "time")] time::Date
    #[cfg(feature = "time")] time::Time
    #[cfg(feature = "time")] time::PrimitiveDateTime
    #[cfg(feature = "time")] time::OffsetDateTime
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> Scalar for chrono::DateTime<Z> {}

impl<P: Scalar + ?Sized> Scalar for &P {}
impl<P: Scalar + ?Sized> Scalar for &mut P {}
impl<P: Scalar + ?Sized> Scalar for Box<P> {}
impl<P: Scalar + ?Sized> Scalar for Rc<P> {}
impl<P: Scalar + ?Sized> Scalar for Arc<P> {}
impl<P: Scalar + ToOwned + ?Sized> Scalar for Cow<'_, P> {}
