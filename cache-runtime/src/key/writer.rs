//! Percent-encoding into a key that is being built.

#[cfg(feature = "uuid")]
use std::fmt::Display;

use super::identity::{IdentityWriter, PartKind};
use super::{KeyPart, Scratch};

/// Receives one argument of a key; [`KeyPart::write`] writes to it.
///
/// A part calls [`text`](Self::text) once, or [`item`](Self::item) any number of times, or passes the writer on to
/// one other part. Anything else may give two values the same key.
#[derive(Debug)]
pub struct KeyWriter<'a>(KeyForm<'a>);

#[derive(Debug)]
enum KeyForm<'a> {
    Text {
        out: &'a mut Scratch,
        /// How many times what is written gets encoded: 1 for an argument of a key, 0 for one in the name of a tag, and one more
        /// within each composite.
        depth: usize,
    },
    Identity(&'a mut IdentityWriter),
}

impl<'a> KeyWriter<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Scratch) -> Self {
        Self(KeyForm::Text { out, depth: 1 })
    }

    /// For the name of a tag, in which a scalar is its text as it is.
    pub(super) fn plain(out: &'a mut Scratch) -> Self {
        Self(KeyForm::Text { out, depth: 0 })
    }

    /// For what tells calls apart, without any text.
    #[inline]
    pub(super) fn of_identity(identity: &'a mut IdentityWriter) -> Self {
        Self(KeyForm::Identity(identity))
    }

    /// Writes a scalar: `A–Z a–z 0–9 - . _ ~` as they are, every other byte of its UTF-8 as `%XX`.
    #[inline]
    pub fn text(&mut self, text: &str) {
        match &mut self.0 {
            KeyForm::Text { out, depth } => encode(out, text, *depth, is_unreserved),
            KeyForm::Identity(identity) => identity.text(text),
        }
    }

    /// Writes an integer; its digits and sign need no encoding.
    #[inline]
    pub(super) fn integer<I: itoa::Integer + TryInto<u64> + TryInto<i64> + Copy>(&mut self, value: I) {
        match (&mut self.0, value.try_into(), value.try_into()) {
            (KeyForm::Text { out, .. }, _, _) => out.push_str(itoa::Buffer::new().format(value)),
            (KeyForm::Identity(identity), Ok(natural), _) => identity.number(PartKind::Natural, [natural]),
            (KeyForm::Identity(identity), _, Ok(negative)) => {
                let negative: i64 = negative;
                identity.number(PartKind::Negative, [negative.cast_unsigned()]);
            }
            (KeyForm::Identity(identity), _, _) => identity.text(itoa::Buffer::new().format(value)),
        }
    }

    /// Writes the text of what two words of this kind tell from all others.
    #[cfg(feature = "uuid")]
    #[inline]
    pub(super) fn displayed(&mut self, kind: PartKind, words: [u64; 2], scalar: &dyn Display) {
        match &mut self.0 {
            KeyForm::Text { .. } => self.text(&scalar.to_string()),
            KeyForm::Identity(identity) => identity.number(kind, words),
        }
    }

    /// Writes one element of a composite: the element, encoded once more than the composite, and a comma.
    #[inline]
    pub fn item<P: KeyPart + ?Sized>(&mut self, part: &P) {
        match &mut self.0 {
            KeyForm::Text { depth, .. } => *depth += 1,
            KeyForm::Identity(identity) => identity.kind(PartKind::ItemBegins),
        }
        part.write(self);
        match &mut self.0 {
            KeyForm::Text { out, depth } => {
                *depth -= 1;
                escape(out, b',', *depth);
            }
            KeyForm::Identity(identity) => identity.kind(PartKind::ItemEnds),
        }
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
