//! Which types may stand in a key, and how each is rendered.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use super::KeyWriter;
#[cfg(feature = "uuid")]
use super::identity::PartKind;

/// A type whose values can be part of a key.
///
/// Implemented for integers, `bool`, `char`, strings, network addresses, `Option`, slices, arrays, `Vec`, `VecDeque`,
/// ordered sets and maps, tuples up to twelve, references and smart pointers; by feature for the types of `uuid`, `time`
/// and `chrono`. Derive it for your own structs and enums:
///
/// ```
/// # use redis_cached::KeyPart;
/// #[derive(KeyPart)]
/// struct UserId(u64); // written like the number
///
/// #[derive(KeyPart)]
/// struct Page { number: u32, size: u32 } // written like a tuple
///
/// #[derive(KeyPart)]
/// enum Order { Name, Newest } // written as the variant's name
/// ```
///
/// Floating-point numbers are excluded on purpose: `0.0 == -0.0` and `NaN != NaN`, so equal calls could miss and unequal
/// ones could share a key. Hash maps and sets are excluded because their order differs from run to run.
///
/// Equal values must be written alike, and unequal values of one type differently. Values of two types may be written alike, so
/// there is no `dyn KeyPart`: it would hide the type of a value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "this type is not a `KeyPart`",
    note = "a type of your own: put `#[derive(redis_cached::KeyPart)]` on it",
    note = "a float: take what the result tells apart, cents or another rounded integer, or `value.to_bits()`; `HashMap` and `HashSet`: take a `BTreeMap`, a `BTreeSet` or a sorted `Vec`",
    note = "a type of another crate: `uuid` 1, `chrono` 0.4 and `time` 0.3 are features of redis-cached; for any other, `impl KeyPart` for a struct of your own around it, or take a number or a `String` that stands for it",
    note = "if the result depends on a part of it: name the field in the key, `<name.field>`, and write `skip(name)`; of `self`, `<self.field>` is enough",
    note = "if the result does not depend on it: write `skip(name)`, or `skip(self)`"
)]
pub trait KeyPart {
    /// Writes this value to `key`; see [`KeyWriter`] for the rule that keeps keys distinct.
    fn write(&self, key: &mut KeyWriter<'_>);

    /// Its being here is what keeps `dyn KeyPart` from being a type.
    #[doc(hidden)]
    const DYN_WOULD_HIDE_THE_TYPE: () = ();
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl KeyPart for $integer {
            #[inline]
            fn write(&self, key: &mut KeyWriter<'_>) {
                key.integer(*self);
            }
        }

        impl KeyPart for NonZero<$integer> {
            #[inline]
            fn write(&self, key: &mut KeyWriter<'_>) {
                key.integer(self.get());
            }
        }
    )*};
}

integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

impl KeyPart for bool {
    #[inline]
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(if *self { "true" } else { "false" });
    }
}

impl KeyPart for char {
    #[inline]
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self.encode_utf8(&mut [0; 4]));
    }
}

impl KeyPart for str {
    #[inline]
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self);
    }
}

impl KeyPart for String {
    #[inline]
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self);
    }
}

macro_rules! by_display {
    ($($(#[$attribute:meta])* $type:ty)*) => {$(
        $(#[$attribute])*
        impl KeyPart for $type {
            fn write(&self, key: &mut KeyWriter<'_>) {
                key.text(&self.to_string());
            }
        }
    )*};
}

by_display! {
    IpAddr Ipv4Addr Ipv6Addr SocketAddr
    #[cfg(feature = "chrono")] chrono::NaiveDate
    #[cfg(feature = "chrono")] chrono::NaiveTime
    #[cfg(feature = "chrono")] chrono::NaiveDateTime
    #[cfg(feature = "time")] time::Date
    #[cfg(feature = "time")] time::Time
    #[cfg(feature = "time")] time::PrimitiveDateTime
}

#[cfg(feature = "uuid")]
impl KeyPart for uuid::Uuid {
    #[inline]
    fn write(&self, key: &mut KeyWriter<'_>) {
        let (high, low) = self.as_u64_pair();
        key.displayed(PartKind::Uuid, [high, low], self);
    }
}

/// The instant, as Unix seconds with nine decimals: two time zones' views of one instant are equal and give one key.
#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> KeyPart for chrono::DateTime<Z> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        // A leap second counts past one thousand million nanoseconds; the two numbers still tell instants apart.
        key.text(&format!("{}.{:09}", self.timestamp(), self.timestamp_subsec_nanos()));
    }
}

/// The instant, as Unix seconds with nine decimals: two time zones' views of one instant are equal and give one key.
#[cfg(feature = "time")]
impl KeyPart for time::OffsetDateTime {
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(&format!("{}.{:09}", self.unix_timestamp(), self.nanosecond()));
    }
}

/// Nothing for `None`; for `Some` a list of one.
impl<P: KeyPart> KeyPart for Option<P> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        if let Some(part) = self {
            key.item(part);
        }
    }
}

impl<P: KeyPart> KeyPart for [P] {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.iter().for_each(|part| key.item(part));
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty),* $(,)?) => {$(
        impl<P: KeyPart, $($generics)*> KeyPart for $list {
            fn write(&self, key: &mut KeyWriter<'_>) {
                self.iter().for_each(|part| key.item(part));
            }
        }
    )*};
}

lists! { [const N: usize] [P; N], [] Vec<P>, [] VecDeque<P>, [] BTreeSet<P> }

impl<K: KeyPart, V: KeyPart> KeyPart for BTreeMap<K, V> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.iter().for_each(|pair| key.item(&pair));
    }
}

macro_rules! pointers {
    ($([$($generics:tt)*] $pointer:ty),* $(,)?) => {$(
        impl<$($generics)*> KeyPart for $pointer {
            #[inline]
            fn write(&self, key: &mut KeyWriter<'_>) {
                (**self).write(key);
            }
        }
    )*};
}

pointers! {
    [P: KeyPart + ?Sized] &P,
    [P: KeyPart + ?Sized] &mut P,
    [P: KeyPart + ?Sized] Box<P>,
    [P: KeyPart + ?Sized] Rc<P>,
    [P: KeyPart + ?Sized] Arc<P>,
    [P: KeyPart + ToOwned + ?Sized] Cow<'_, P>,
    [P: Deref<Target: KeyPart>] Pin<P>,
}

impl KeyPart for () {
    fn write(&self, _: &mut KeyWriter<'_>) {}
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: KeyPart),+> KeyPart for ($($name,)+) {
            #[inline]
            fn write(&self, key: &mut KeyWriter<'_>) {
                #[allow(non_snake_case, reason = "one name serves as the type and as the binding")]
                let ($($name,)+) = self;
                $(key.item($name);)+
            }
        }
    };
}

tuples! { A }
tuples! { A B }
tuples! { A B C }
tuples! { A B C D }
tuples! { A B C D E }
tuples! { A B C D E F }
tuples! { A B C D E F G }
tuples! { A B C D E F G H }
tuples! { A B C D E F G H I }
tuples! { A B C D E F G H I J }
tuples! { A B C D E F G H I J K }
tuples! { A B C D E F G H I J K L }
