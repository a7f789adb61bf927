//! Strings that are to be owned, copied before they are checked.

use std::fmt;

use serde::de::{Error, Visitor};

/// A visitor that is given a slice of the payload for a string.
///
/// The standard library looks at text by words where a word begins at a word's address, and byte by byte up to there. A copy begins at one,
/// and the place of a string in a payload hardly ever: to check twenty bytes takes twice as long there. The slice is known to be in the payload, so a
/// claimed length reserves nothing.
pub(super) struct OwnedText<V>(pub(super) V);

impl<V> OwnedText<V> {
    #[inline]
    fn visit<'de, E: Error>(self, bytes: Vec<u8>) -> Result<V::Value, E>
    where
        V: Visitor<'de>,
    {
        self.0.visit_string(String::from_utf8(bytes).map_err(E::custom)?)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OwnedText<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<V::Value, E> {
        self.visit(bytes.to_vec())
    }

    #[inline]
    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<V::Value, E> {
        self.visit(bytes)
    }
}
