//! Where a key is put together.

use std::borrow::Cow;
use std::mem::take;

use super::KeyBuf;

/// Most keys fit in.
const ROOM: usize = 96;

/// Text that grows, on the stack as long as it is short. A call that finds its value in this process needs its key no longer
/// than for that, and so takes no memory for it.
///
/// What is pushed is text, so the whole is. On the stack it is kept as bytes, and looked up as bytes, since to show that they are
/// text costs more than the look-up.
#[derive(Debug)]
pub(crate) struct Scratch {
    room: [u8; ROOM],
    /// How much of `room` is used; more than there is, if the text is in `long`.
    len: usize,
    long: String,
}

impl Scratch {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { room: [0; ROOM], len: 0, long: String::new() }
    }

    /// For text that is to stay: in memory from the beginning, so that nothing has to be shown of it.
    #[inline]
    pub(crate) fn staying() -> Self {
        Self { room: [0; ROOM], len: ROOM + 1, long: KeyBuf::spare() }
    }

    #[inline(always)]
    pub(crate) fn push_str(&mut self, text: &str) {
        let end = self.len + text.len();
        match self.room.get_mut(self.len..end) {
            Some(room) => {
                room.copy_from_slice(text.as_bytes());
                self.len = end;
            }
            None => self.push_long(text),
        }
    }

    #[inline(never)]
    fn push_long(&mut self, text: &str) {
        if let Some(short) = self.room.get(..self.len) {
            self.long = KeyBuf::spare();
            self.long.push_str(&String::from_utf8_lossy(short));
            self.len = ROOM + 1;
        }
        self.long.push_str(text);
    }

    #[inline]
    pub(crate) fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or(self.long.as_bytes())
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Puts `text` in place of all that is there.
    pub(crate) fn replace(&mut self, text: &str) {
        self.len = ROOM + 1;
        self.long.clear();
        self.long.push_str(text);
    }

    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self.room.get(..self.len) {
            // Nothing is lost: it is text.
            Some(short) => String::from_utf8_lossy(short),
            None => Cow::Borrowed(&self.long),
        }
    }

    /// The text, which is not here any more.
    pub(crate) fn take(&mut self) -> KeyBuf {
        if self.len <= ROOM {
            self.push_long("");
        }
        self.len = 0;
        KeyBuf::of(take(&mut self.long))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_length_is_what_was_pushed() {
        for (piece, times) in [("", 3), ("a", 5), ("ä", ROOM), ("abcdefg", 40)] {
            for mut scratch in [Scratch::new(), Scratch::staying()] {
                (0..times).for_each(|_| scratch.push_str(piece));
                let expected = piece.repeat(times);
                assert_eq!((&*scratch.text(), scratch.len()), (&*expected, expected.len()));
                assert_eq!(*scratch.take(), expected);
                assert_eq!(scratch.len(), 0);
                scratch.push_str(piece);
                scratch.replace("else");
                assert_eq!(&*scratch.take(), "else");
            }
        }
    }

    #[test]
    fn the_last_byte_of_the_room_is_used() {
        for over in [0, 1] {
            let mut scratch = Scratch::new();
            let text = "x".repeat(ROOM - 1);
            scratch.push_str(&text);
            (0..=over).for_each(|_| scratch.push('y'));
            assert_eq!(scratch.long.is_empty(), over == 0);
            assert_eq!(scratch.text(), format!("{text}{}", "y".repeat(over + 1)));
        }
    }
}
