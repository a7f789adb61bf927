//! How a value becomes the payload of an entry, and how it is read back.
//!
//! | codec | cargo feature | good for |
//! | --- | --- | --- |
//! | [`Bincode`] | `bincode` (default) | the smallest and fastest entries, read only by Rust |
//! | [`Postcard`] | `postcard` | the same, with a written specification of the bytes |
//! | [`MessagePack`] | `messagepack` | compact and self-describing: every serde attribute works |
//! | [`Json`] | `json` | entries that other programs and people read |
//!
//! # What a codec promises
//!
//! The payload comes from a server to which others may write, so it is read like hostile bytes:
//!
//! - **Nothing panics, aborts or overflows the stack.** Every codec decodes through one wrapper that counts: at most
//!   128 nested sequences, maps, tuples, structs and enums, which is what `serde_json` allows, and at most 256
//!   options and newtypes around them, which it does not count.
//! - **Work and memory are bounded by the payload.** The sequences and maps of one payload have together at most
//!   65,536 + 8 × stored bytes elements, so a `Vec<()>` that claims two billion elements stops early. Capacity is
//!   reserved ahead for at most one element per payload byte, over all collections together; strings
//!   and byte strings are copied only after the payload was seen to contain them. The peak is therefore
//!   a constant of the type (the size of its largest element) × those counts, whatever a length prefix claims.
//! - **Compressed data is bounded by what is stored.** A compressed payload is accepted if it claims at most 64 MiB, and at most
//!   1 MiB + 1,024 bytes for each stored byte; that is checked before anything is allocated or decompressed. Its elements are
//!   counted against the stored bytes too. Values that compress better are padded with zeros, and
//!   payloads over 64 MiB are stored uncompressed, so nothing is written that would be rejected.
//! - **The whole payload is used.** Remaining bytes are an error.
//!
//! When a value is stored, whatever would not come back unchanged is rejected, so it is computed again instead of being
//! stored wrongly:
//!
//! - values nested deeper than reading allows, and, in [`Json`] and [`MessagePack`], `Some(x)` where `x` is written as
//!   null (`Some(None)`, `Some(())`), which would be read as `None`;
//! - in [`Json`], floats that are not finite, which it writes as null;
//! - in [`Bincode`] and [`Postcard`], fields left out by `skip_serializing_if`: both find fields by position, so the
//!   remaining fields would be read one position off.
//!
//! # Which serde attributes need a self-describing codec
//!
//! `#[serde(untagged)]`, `#[serde(flatten)]`, `#[serde(tag = "…")]` with or without `content`, `skip_serializing_if` and
//! types such as `serde_json::Value` ask the bytes what they contain. [`Bincode`] and [`Postcard`] cannot answer: use [`Json`] or
//! [`MessagePack`]. `serde_json::Value` by its full name is a compile error. For the other types, and for any value that does not come back
//! from its own bytes, a function's values are read back before they are stored: every value if the type asks, otherwise until one
//! has come back. A value that does not is returned and not stored, counted as `unstorable` in [`FunctionStats`](crate::FunctionStats), and
//! logged once a function.
//!
//! A field with `skip_serializing` but without `skip_deserializing` (that is, not plain `skip`) is misread by position,
//! which cannot be detected here; give it `skip`, or use a codec that names its fields.
//!
//! # Which types the schema fingerprint does not see through
//!
//! The header of an entry contains a fingerprint of the value's type, so that a field that was added, renamed, moved or given another
//! type turns older entries into misses. It is derived by running the type's `Deserialize` against a deserializer
//! without bytes, once per function, and covers everything that a derived `Deserialize` reads by itself. It does not see:
//!
//! - **Behind `untagged`, `flatten` and `tag = "…"` without `content`**: such types collect their input and examine it later.
//!   The fingerprint contains the type's name and nothing inside it. The codecs that can read these types check names and kinds
//!   themselves, but a field that may be missing (`Option`, `default`) is missing after it was renamed.
//! - **Types that hold anything**, such as `serde_json::Value`: they have one shape.
//! - **Types with a hand-written `Deserialize`** (`Uuid`, `Url`, dates and times, `Decimal`; with [`Json`] also
//!   IP addresses): the fingerprint contains what they ask for (a text, a number, a sequence), and the type's name, but not what is in such a
//!   sequence, map, struct or enum. If they begin with another type's `Deserialize`, that type is seen.
//! - **`try_from`, `from`, `deserialize_with` and `transparent`** are seen through: the type that is read, and the name of the
//!   type that is made of it.
//! - **In a tuple or a tuple struct, the elements after one of those**: elements come one after the other, and
//!   nobody's code is given an invented value. The fingerprint contains the names of their types, in a tuple struct
//!   its own name. `Uuid`, `Url`, `chrono`'s dates and times and everything of the standard library do not hide what follows; structs
//!   with named fields are not affected.
//! - **Ranges of integers**: `NonZeroU8` is a `u8`.
//! - **`OsString`**, which differs between operating systems.
//! - **Nesting deeper than 128**, and the rest of a type after 100,000 fields, variants and elements.
//! - **Meaning**: a field that keeps its name and its type and now holds feet.
//!
//! After such a change, increase the attribute's `version`.
//!
//! During this derivation a hand-written `Deserialize` sees only an error, as for damaged bytes. Its visitor, `From`,
//! `TryFrom` and functions named in attributes are not called. Only elements of a tuple that precede others are made for
//! a moment, if derived code and the standard library can make them, and dropped.

#![cfg_attr(
    not(any(feature = "bincode", feature = "json", feature = "messagepack", feature = "postcard")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        reason = "without a codec there is nothing to bound or to check"
    )
)]

pub(crate) mod compress;
mod decode_limits;
mod encode_checks;
pub(crate) mod null;

#[cfg(feature = "bincode")]
mod bincode;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "messagepack")]
mod message_pack;
#[cfg(feature = "postcard")]
mod postcard;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

#[cfg(feature = "bincode")]
pub use self::bincode::Bincode;
#[cfg(feature = "json")]
pub use self::json::Json;
#[cfg(feature = "messagepack")]
pub use self::message_pack::MessagePack;
#[cfg(feature = "postcard")]
pub use self::postcard::Postcard;

/// A way to write values as bytes: [`Bincode`], [`Json`], [`MessagePack`], [`Postcard`], or a codec of your own.
///
/// Name your own codec in the attribute by its path: `codec = Lines` or `codec = crate::Lines`. Its payload gets the same header,
/// checksum, schema fingerprint, compression and size limits as any other. It must keep the further promises of a built-in codec
/// (see [the module](self#what-a-codec-promises)) by itself: the payload comes from a server to which others may write, so
/// [`decode`](Self::decode) must bound what it allocates and must not panic.
///
/// ```
/// use redis_cached::codec::{Codec, CodecError};
/// use redis_cached::{Cache, redis_cached};
/// use serde::{Serialize, de::DeserializeOwned};
///
/// /// JSON with line breaks.
/// struct Pretty;
///
/// impl Codec for Pretty {
///     const ID: u8 = 200;
///     const NAME: &'static str = "pretty JSON";
///     const HUMAN_READABLE: bool = true;
///     const SELF_DESCRIBING: bool = true;
///
///     fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
///         serde_json::to_writer_pretty(out, value).map_err(CodecError::new)
///     }
///
///     fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
///         serde_json::from_slice(payload).map_err(CodecError::new)
///     }
/// }
///
/// #[redis_cached(ttl = 60, key = "squares:<n>", codec = Pretty)]
/// fn squares(n: u64) -> Vec<u64> {
///     (0..n).map(|i| i * i).collect()
/// }
///
/// # fn main() {
/// Cache::memory().sync_scope(|| {
///     assert_eq!(squares(3), [0, 1, 4]);
///     assert_eq!(squares(3), [0, 1, 4]); // read back
/// });
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a codec of `redis_cached`",
    label = "expected `Bincode`, `Json`, `MessagePack`, `Postcard`, or a type that implements `Codec`",
    note = "each is behind the cargo feature of its name in lower case; `bincode` is on by default"
)]
pub trait Codec: 'static {
    /// The codec's number in the header of an entry: a reader rejects an entry of another number. 128 to 255 are free for programs;
    /// a lower number is a compile error where the codec is used. Never give two codecs of a program the same number.
    const ID: u8;

    /// The codec's name in messages.
    const NAME: &'static str;

    /// The value of `is_human_readable` of its serializer and its deserializer, by which types such as `Uuid` choose one of two shapes. It is part of
    /// the schema fingerprint.
    const HUMAN_READABLE: bool;

    /// Whether its bytes describe what they contain, as `#[serde(untagged)]` and `#[serde(flatten)]` require. If not, every value of such a type is
    /// read back before it is stored.
    const SELF_DESCRIBING: bool;

    /// Appends the encoded value to `out`. After an error, `out` may contain any part of it.
    ///
    /// # Errors
    /// An error if the value cannot be encoded. The call then returns the value without storing it, and counts it as `unstorable`.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Decodes a value from the whole `payload`; remaining bytes must be an error.
    ///
    /// # Errors
    /// An error if `payload` is not exactly one value. The look-up is then a miss, counted as `rejected`.
    fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError>;

    /// Whether this is one of the library's codecs, whose numbers are below 128.
    #[doc(hidden)]
    const BUILT_IN: bool = false;

    /// [`encode`](Self::encode) that says how many elements a reader will count at most.
    #[doc(hidden)]
    fn encode_counted<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<usize, CodecError> {
        Self::encode(value, out).map(|()| 0)
    }

    /// [`decode`](Self::decode) of a payload that takes so many bytes where it is stored: fewer, if it is compressed.
    #[doc(hidden)]
    fn decode_stored<T: DeserializeOwned>(payload: &[u8], stored: usize) -> Result<T, CodecError> {
        let _ = stored;
        Self::decode(payload)
    }
}

/// What all codecs of the library have in common: what others ask of a codec is what the counted forms do.
macro_rules! built_in {
    () => {
        const BUILT_IN: bool = true;

        fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
            Self::encode_counted(value, out).map(drop)
        }

        fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
            Self::decode_stored(payload, payload.len())
        }
    };
}
use built_in;

/// The built-in codec of a number, compiled in or not, as an attribute names it.
pub(crate) fn built_in_name(id: u8) -> Option<&'static str> {
    match id {
        1 => Some("Bincode"),
        2 => Some("Json"),
        3 => Some("MessagePack"),
        4 => Some("Postcard"),
        _ => None,
    }
}

/// Fails the build where a codec has a number that is reserved.
pub(crate) const fn check_id<C: Codec>() {
    assert!(
        C::BUILT_IN || C::ID >= 128,
        "`Codec::ID` must be from 128 to 255: lower numbers are reserved for the library"
    );
}

/// Why a value could not be written as bytes, or bytes not read as a value.
pub struct CodecError {
    // Boxed, so that the `Result` of the common case, which is success, stays small.
    message: Box<str>,
}

impl CodecError {
    /// An error with the text of `cause`. The cause itself is dropped: its type would make a serialization crate part of the interface.
    pub fn new(cause: impl fmt::Display) -> Self {
        CodecError { message: cause.to_string().into_boxed_str() }
    }

    fn trailing() -> Self {
        CodecError::new("bytes are left over after the value")
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CodecError").field(&self.message).finish()
    }
}

impl std::error::Error for CodecError {}
