//! The text of a key, in memory that is used again.

use std::cell::Cell;
use std::fmt;
use std::mem::take;
use std::ops::Deref;

use super::bucket;

thread_local! {
    /// Room that a key of this thread has left. One is enough for calls that find their value in this process; calls that wait for Redis overlap, and
    /// then all but one pay for an allocation.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// The room of a new one, which most keys fit in.
const ROOM: usize = 64;

/// Text that grows. Like `String`, but what it leaves behind serves the next one.
///
/// Not a buffer in place: a call's entry is handed on a few times before it is used, and three words move for less than a
/// hundred bytes do.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct KeyBuf(String);

impl KeyBuf {
    #[inline]
    pub(crate) fn new() -> Self {
        Self(Self::spare())
    }

    /// Of text in the memory that [`spare`](Self::spare) gave.
    #[inline]
    pub(super) fn of(text: String) -> Self {
        Self(text)
    }

    #[inline]
    pub(super) fn push_str(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Puts the key into the bucket of a function, if it is in none yet.
    #[cold]
    #[inline(never)]
    pub(crate) fn put_into_bucket(&mut self, fingerprint: u64) {
        if !self.0.contains('\u{1}') {
            self.push_str(bucket::ending(fingerprint));
        }
    }

    /// Memory that is used again when the text is a key, and given back.
    #[inline]
    pub(super) fn spare() -> String {
        // A thread that is ending has no spare room any more.
        let mut text = SPARE.try_with(Cell::take).unwrap_or_default();
        if text.capacity() == 0 {
            text.reserve(ROOM);
        }
        text.clear();
        text
    }
}

impl Drop for KeyBuf {
    #[inline]
    fn drop(&mut self) {
        let text = take(&mut self.0);
        // What one long key took is not kept for ever.
        if text.capacity() <= 4 * ROOM {
            let _ = SPARE.try_with(|spare| spare.set(text));
        }
    }
}

impl Clone for KeyBuf {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Deref for KeyBuf {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_and_its_text_is_not() {
        let mut first = KeyBuf::new();
        first.0.push_str("first");
        let room = first.as_ptr();
        let beside = KeyBuf::new();
        assert_ne!(beside.as_ptr(), room, "two keys in one room");
        drop(beside);
        drop(first);
        let mut next = KeyBuf::new();
        assert_eq!((next.as_ptr(), &*next), (room, ""));
        next.0.push_str(&"long".repeat(1000));
        drop(next);
        assert!(KeyBuf::new().0.capacity() < 1000, "a long key's room was kept");
    }
}
