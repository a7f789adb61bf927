//! What an entry knows of its type.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::compress::{self, Compression, Payload};
use crate::codec::{Codec, CodecError, check_id};
use crate::engine::Values;
use crate::entry::special::{Special, special};
use crate::local::Keep;
use crate::shape::{InShape, Shape, decode_whole, encode_whole};

/// What the entry knows of its type: plain functions, so that the entry is `Send` and `'static` in its own right and most of
/// the library is compiled once and not for every type.
pub(crate) struct Hooks<T> {
    pub(crate) codec: u8,
    pub(crate) encode: fn(&T, &mut Vec<u8>) -> Result<usize, CodecError>,
    pub(crate) decode: fn(&[u8], usize) -> Result<T, CodecError>,
    pub(crate) compression: Option<Compression>,
    /// What a payload is decompressed to at most.
    pub(crate) decompressed: usize,
    pub(crate) special: fn(&T) -> Option<Special>,
    pub(crate) ttl_with: Option<fn(&T) -> Duration>,
    pub(crate) cache_if: Option<fn(&T) -> bool>,
    pub(crate) local: Option<Keep<T>>,
    pub(crate) tags_of: Option<fn(&T) -> Vec<String>>,
    /// Whether the word that there is no value can be served, as it can by a batch.
    pub(crate) serves_absence: bool,
}

impl<T: Serialize + DeserializeOwned> Hooks<T> {
    /// Of a codec, without options.
    #[inline]
    pub(crate) fn of<C: Codec>() -> Self {
        const { check_id::<C>() };
        Self {
            codec: C::ID,
            encode: C::encode_counted::<T>,
            decode: C::decode_stored::<T>,
            compression: None,
            decompressed: compress::LIMIT,
            special: special::<T>,
            ttl_with: None,
            cache_if: None,
            local: None,
            tags_of: None,
            serves_absence: false,
        }
    }
}

impl<T: Serialize + DeserializeOwned> Hooks<T> {
    /// Of a codec for each part of the value.
    pub(crate) fn of_shape<C: Codec, S: Shape>() -> Self
    where
        T: InShape<S>,
    {
        Self { encode: encode_whole::<T, C, S>, decode: decode_whole::<T, C, S>, ..Self::of::<C>() }
    }
}

impl<T> Hooks<T> {
    pub(super) fn decoded(&self, payload: &Payload<'_>) -> Option<T> {
        payload.decode(self.decompressed, self.decode).ok()
    }
}

impl<T> Values for Hooks<T> {
    fn special(&self, payload: &Payload<'_>) -> Option<Option<Special>> {
        let value = self.decoded(payload)?;
        Some((self.special)(&value))
    }

    fn tags_named(&self, payload: &Payload<'_>) -> Option<Vec<String>> {
        let value = self.decoded(payload)?;
        Some(self.tags_of.map(|names| names(&value)).unwrap_or_default())
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }
}

impl<T> Clone for Hooks<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hooks<T> {}
