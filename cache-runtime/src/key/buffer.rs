//! The text of a key, on the stack while it is short.

use std::fmt;
use std::ops::Deref;

use arrayvec::ArrayString;

/// A key of this length costs no allocation. Most are shorter.
const INLINE: usize = 92;

/// Text that grows. Like `String`, but short text lives in place.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyBuf {
    Inline(ArrayString<INLINE>),
    Heap(String),
}

impl KeyBuf {
    #[inline]
    pub(crate) fn new() -> Self {
        Self::Inline(ArrayString::new_const())
    }

    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) {
        if let Self::Inline(short) = self
            && short.try_push_str(text).is_ok()
        {
            return;
        }
        self.push_long(text);
    }

    #[cold]
    fn push_long(&mut self, text: &str) {
        match self {
            Self::Inline(short) => {
                let mut long = String::with_capacity((short.len() + text.len()) * 2);
                long.push_str(short);
                long.push_str(text);
                *self = Self::Heap(long);
            }
            Self::Heap(long) => long.push_str(text),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Keeps the first `len` bytes, which must be whole characters.
    pub(crate) fn truncate(&mut self, len: usize) {
        match self {
            Self::Inline(short) => short.truncate(len),
            Self::Heap(long) => long.truncate(len),
        }
    }
}

impl Deref for KeyBuf {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::Inline(short) => short,
            Self::Heap(long) => long,
        }
    }
}

impl fmt::Debug for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_moves_to_the_heap_when_it_outgrows_its_place() {
        let mut text = KeyBuf::new();
        let mut expected = String::new();
        for part in 0..40 {
            text.push_str("äö");
            text.push(char::from(b'a' + part % 26));
            expected.push_str("äö");
            expected.push(char::from(b'a' + part % 26));
            assert_eq!(*text, expected);
            assert_eq!(matches!(text, KeyBuf::Inline(_)), expected.len() <= INLINE);
        }
        text.truncate(5);
        assert_eq!(&*text, "äöa".get(..5).expect("whole characters"));
    }
}
