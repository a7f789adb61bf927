//! Percent-encoding into a key that is being built.

use super::{KeyPart, Scratch};

/// Receives one argument of a key; [`KeyPart::write`] writes to it.
///
/// A part calls [`text`](Self::text) once, or [`item`](Self::item) any number of times, or passes the writer on to
/// one other part. Anything else may give two values the same key.
#[derive(Debug)]
pub struct KeyWriter<'a> {
    out: &'a mut Scratch,
    /// How many times what is written gets encoded: 1 for an argument of a key, 0 for one in the name of a tag, and one more
    /// within each composite.
    depth: usize,
}

impl<'a> KeyWriter<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Scratch) -> Self {
        Self { out, depth: 1 }
    }

    /// For the name of a tag, in which a scalar is its text as it is.
    pub(super) fn plain(out: &'a mut Scratch) -> Self {
        Self { out, depth: 0 }
    }

    /// Writes a scalar: `A–Z a–z 0–9 - . _ ~` as they are, every other byte of its UTF-8 as `%XX`.
    #[inline]
    pub fn text(&mut self, text: &str) {
        encode(self.out, text, self.depth, is_unreserved);
    }

    /// Writes an integer; its digits and sign need no encoding.
    #[inline]
    pub(super) fn integer(&mut self, value: impl itoa::Integer) {
        self.out.push_str(itoa::Buffer::new().format(value));
    }

    /// Writes one element of a composite: the element, encoded once more than the composite, and a comma.
    pub fn item<P: KeyPart + ?Sized>(&mut self, part: &P) {
        self.depth += 1;
        part.write(self);
        self.depth -= 1;
        escape(self.out, b',', self.depth);
    }
}

/// Appends `text` encoded `depth` times, keeping the bytes that `keep` names.
pub(super) fn encode(out: &mut Scratch, text: &str, depth: usize, keep: fn(u8) -> bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !keep(byte)) {
        // Asked here, where there is something to encode, and not of every text.
        if depth == 0 {
            break;
        }
        out.push_str(&rest[..at]);
        // All bytes of one character are outside the kept set together, since that set is ASCII.
        let width = rest[at..].chars().next().map_or(1, char::len_utf8);
        for &byte in &rest.as_bytes()[at..at + width] {
            escape(out, byte, depth);
        }
        rest = &rest[at + width..];
    }
    out.push_str(rest);
}

/// `%XX`; encoded again, the percent sign alone becomes `%25`, so depth only adds a run of `25`. At depth 0 the byte itself,
/// which is ASCII.
fn escape(out: &mut Scratch, byte: u8, depth: usize) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if depth == 0 {
        return out.push(char::from(byte));
    }
    out.push('%');
    for _ in 1..depth {
        out.push_str("25");
    }
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

/// RFC 3986, section 2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
