//! Makes text of the errors that a server sends, before the driver reads them.
//!
//! A server that does not know a command repeats its arguments, and those of a cache are bytes: a nonce, an entry, or a key that is cut
//! in the middle of a character. The driver takes an error line that is not UTF-8 for a broken peer and ends the connection, with
//! everybody who waits on it. So whatever is not ASCII in an error line becomes a question mark. Nothing else is touched, and the length
//! stays the same.

use std::mem::replace;

/// Follows the frames of a connection, which may be cut anywhere.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum ErrorLines {
    #[default]
    Start,
    /// In an error's line.
    Error,
    /// In a line of another kind.
    Line,
    /// In the line that has the length of what follows; `None` where that is no length.
    Length(Option<usize>),
    /// In bytes of a known length, their line break included.
    Bytes(usize),
}

impl ErrorLines {
    /// Goes on with what has arrived.
    pub(super) fn clean(&mut self, mut arrived: &mut [u8]) {
        while let [first, ..] = arrived {
            let passed = match self {
                Self::Start => {
                    *self = Self::of(*first);
                    1
                }
                Self::Bytes(left) => {
                    let passed = arrived.len().min(*left);
                    *left -= passed;
                    if *left == 0 {
                        *self = Self::Start;
                    }
                    passed
                }
                Self::Error | Self::Line | Self::Length(_) => self.line(arrived),
            };
            arrived = arrived.get_mut(passed..).unwrap_or_default();
        }
    }

    fn of(kind: u8) -> Self {
        match kind {
            b'-' => Self::Error,
            b'$' | b'=' | b'!' => Self::Length(Some(0)),
            _ => Self::Line,
        }
    }

    /// Takes a line, or what has arrived of it; says how much that is.
    fn line(&mut self, arrived: &mut [u8]) -> usize {
        let end = arrived.iter().position(|byte| *byte == b'\n');
        let passed = end.map_or(arrived.len(), |end| end + 1);
        let line = arrived.get_mut(..passed).unwrap_or_default();
        match self {
            Self::Error => line.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?'),
            Self::Length(length) => {
                let digits = line.iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
                *length = digits.fold(*length, with_digit);
            }
            _ => {}
        }
        if end.is_some() {
            *self = match replace(self, Self::Start) {
                Self::Length(Some(length)) => Self::Bytes(length.saturating_add(2)),
                _ => Self::Start,
            };
        }
        passed
    }
}

fn with_digit(length: Option<usize>, byte: &u8) -> Option<usize> {
    let digit = char::from(*byte).to_digit(10)?;
    length?.checked_mul(10)?.checked_add(digit as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an answer, whole and cut into pieces of each size.
    fn cleaned(answer: &[u8]) -> Vec<u8> {
        let mut whole = answer.to_vec();
        ErrorLines::default().clean(&mut whole);
        for size in 1..answer.len() {
            let (mut pieces, mut lines) = (answer.to_vec(), ErrorLines::default());
            pieces.chunks_mut(size).for_each(|piece| lines.clean(piece));
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn an_error_is_text_afterwards() {
        let unknown =
            b"-ERR unknown command 'EVALSHA', with args beginning with: 'L\xff\x00\xc3' \r\n:1\r\n-\xe9\r\n";
        let text = b"-ERR unknown command 'EVALSHA', with args beginning with: 'L?\x00?' \r\n:1\r\n-?\r\n";
        assert_eq!(cleaned(unknown), text);
    }

    #[test]
    fn values_are_left_alone() {
        for answer in [
            &b"$6\r\n-\xff\r\n-\xfe\r\n-\xff\r\n"[..],
            b"*3\r\n$2\r\n-\xff\r\n$-1\r\n$0\r\n\r\n+\xff\r\n",
            b"%1\r\n$1\r\n-\r\n=6\r\ntxt:-\xff\r\n>2\r\n+invalidate\r\n*1\r\n$2\r\n-\xff\r\n_\r\n",
        ] {
            let mut expected = answer.to_vec();
            // The only error among them.
            if answer[0] == b'$' {
                let last = expected.len() - 3;
                expected[last] = b'?';
            }
            assert_eq!(cleaned(answer), expected);
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_no_lengths() {
        for answer in
            [&b"$9999999999999999999999\r\n-\xff\r\n"[..], b"$\xff\r\n-\xff\r\n", b"$-1\r\n-\xff\r\n"]
        {
            assert_eq!(cleaned(answer).iter().rev().nth(2), Some(&b'?'), "{answer:?}");
        }
    }
}
