//! Where one frame ends and the next begins, and whether they are such as a server of Redis sends.

use std::mem::take;

/// The longest line: a status, an error, a number.
const LONGEST_LINE: usize = 64 * 1024;
/// The most bytes of one string.
const LARGEST_STRING: u64 = 512 * 1024 * 1024;
/// The most elements of one list; of a map, keys and values.
const MOST_ELEMENTS: u64 = 1024 * 1024;
/// The most digits of the length of an ordinary string, below [`LARGEST_STRING`].
const LONGEST_ORDINARY_LEN: usize = 8;
/// How deep lists lie in each other at most: four in `CLUSTER SLOTS`, the deepest that servers send.
const DEEPEST: usize = 16;
/// The shortest request, `PING`: there are no more answers than bytes that were written allow.
const SHORTEST_REQUEST: u64 = 14;
/// So many frames may come without having been asked for: everything was flushed, and a few answers to what the driver asked.
const UNASKED: u64 = 10_000;
/// So much of a line is looked at: the longest number, and what tells other protocols.
const LOOKED_AT: usize = 24;

/// Where in the stream of frames it is.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Bytes of a string that are still to come, with the end of its line.
    left: u64,
    /// Whether the frame is a push, which answers nothing.
    is_push: bool,
    /// Bytes of the line so far, and the first of them.
    line: usize,
    begins: [u8; LOOKED_AT],
    /// How many elements of each list are still to come, the innermost last.
    lists: [u64; DEEPEST],
    depth: usize,
    /// Whole frames that have arrived, how many of them answer something, and bytes that were written.
    pub(crate) arrived: u64,
    pub(super) answers: u64,
    pub(crate) written: u64,
}

impl Scanner {
    /// Whether a frame has begun and not ended.
    pub(crate) fn is_within(&self) -> bool {
        self.depth > 0 || self.line > 0 || self.left > 0
    }

    pub(crate) fn read(&mut self, mut arrived: &mut [u8]) -> Result<(), &'static str> {
        while !arrived.is_empty() {
            let taken = self.read_frame(arrived)?;
            arrived = arrived.get_mut(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads to the end of a frame, or what has arrived of it; says how much that is.
    pub(super) fn read_frame(&mut self, arrived: &mut [u8]) -> Result<usize, &'static str> {
        let mut read = 0;
        while let Some(rest @ [_, ..]) = arrived.get_mut(read..) {
            read += if self.left > 0 {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                self.left -= taken as u64;
                taken
            } else {
                self.part(rest)?
            };
            if !self.is_within() {
                break;
            }
        }
        Ok(read)
    }

    /// Reads a line, or what has arrived of it; says how much that is.
    fn part(&mut self, arrived: &mut [u8]) -> Result<usize, &'static str> {
        if self.line == 0
            && let Some((line, len)) = header::<LONGEST_ORDINARY_LEN>(b'$', arrived)
        {
            self.left = len + 2;
            self.begin(0)?;
            return Ok(line);
        }
        let end = arrived.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(arrived.len(), |end| end + 1);
        let part = arrived.get_mut(..taken).unwrap_or_default();
        self.add(part)?;
        if self.begins[0] == b'-' {
            part.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        if end.is_some() {
            self.end_line()?;
        }
        Ok(taken)
    }

    /// A part of a line.
    fn add(&mut self, part: &[u8]) -> Result<(), &'static str> {
        if let Some(room) = self.begins.get_mut(self.line..) {
            room.iter_mut().zip(part).for_each(|(place, byte)| *place = *byte);
        }
        self.line += part.len();
        if !b"+-:$*_#,(!=%~>|".contains(&self.begins[0]) {
            return Err("the peer does not speak Redis's protocol");
        }
        if self.line > LONGEST_LINE {
            return Err("a line of the answer does not end");
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), &'static str> {
        let line = take(&mut self.line);
        let number = || number(self.begins.get(1..line.saturating_sub(2)).unwrap_or_default());
        let list = |elements: Result<i64, &'static str>, times: u64| {
            let elements = u64::try_from(elements?).unwrap_or(0).saturating_mul(times);
            if elements > MOST_ELEMENTS {
                Err("a list of the answer has too many elements")
            } else {
                Ok(elements)
            }
        };
        self.is_push |= self.depth == 0 && self.begins[0] == b'>';
        let elements = match self.begins[0] {
            // `$-1` is nothing, in a string's place.
            b'$' | b'!' | b'=' => {
                if let Ok(len) = u64::try_from(number()?) {
                    if len > LARGEST_STRING {
                        return Err("a string of the answer is larger than any that Redis has");
                    }
                    self.left = len + 2;
                } else if self.begins[0] != b'$' {
                    return Err("a length of the answer is below zero");
                }
                0
            }
            b'*' | b'~' | b'>' => list(number(), 1)?,
            b'%' => list(number(), 2)?,
            // What is said about the value that follows, and that value.
            b'|' => list(number(), 2)? + 1,
            _ => 0,
        };
        self.begin(elements)
    }

    /// A value has ended, or a list has begun.
    fn begin(&mut self, elements: u64) -> Result<(), &'static str> {
        if elements > 0 {
            let place =
                self.lists.get_mut(self.depth).ok_or("the lists of the answer are too deep in each other")?;
            *place = elements;
            self.depth += 1;
            return Ok(());
        }
        while let Some(innermost) = self.depth.checked_sub(1) {
            self.lists[innermost] -= 1;
            if self.lists[innermost] > 0 {
                break;
            }
            self.depth = innermost;
        }
        if self.depth == 0 {
            self.arrived += 1;
            self.answers += u64::from(!take(&mut self.is_push));
            if self.arrived.saturating_sub(UNASKED) > self.written / SHORTEST_REQUEST {
                return Err("there are answers that nobody has asked for");
            }
        }
        Ok(())
    }
}

/// The line that a string or a list begins with, by its `kind`, if all of it is there and it is an ordinary one: how long the line is, and
/// what it counts. Most of what arrives are strings, and the general way costs several times as much.
#[inline]
pub(super) fn header<const DIGITS: usize>(kind: u8, bytes: &[u8]) -> Option<(usize, u64)> {
    let (&first, digits) = bytes.split_first()?;
    if first != kind {
        return None;
    }
    let mut len = 0;
    for (count, byte) in digits.iter().take(DIGITS + 1).enumerate() {
        match byte {
            b'0'..=b'9' if count < DIGITS => len = len * 10 + u64::from(byte - b'0'),
            b'\r' if count > 0 && digits.get(count + 1) == Some(&b'\n') => return Some((count + 3, len)),
            _ => return None,
        }
    }
    None
}

fn number(text: &[u8]) -> Result<i64, &'static str> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or("a length of the answer is no number")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What becomes of an answer, whole and cut into pieces of each size.
    fn read(answer: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut whole = answer.to_vec();
        let read = Scanner::default().read(&mut whole);
        for size in 1..answer.len().min(100) {
            let (mut pieces, mut scanner) = (answer.to_vec(), Scanner::default());
            assert_eq!(
                pieces.chunks_mut(size).try_for_each(|piece| scanner.read(piece)),
                read,
                "in pieces of {size}"
            );
            assert!(read.is_err() || pieces == whole, "in pieces of {size}");
        }
        read.map(|()| whole)
    }

    #[test]
    fn what_redis_says_is_read() {
        let all = "+OK\r\n-ERR no\r\n:1\r\n$3\r\na\r\nb\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n$0\r\n\r\n_\r\n%1\r\n+a\r\n,1.5\r\n#t\r\n(123\r\n\
            =7\r\ntxt:abc\r\n!3\r\nERR\r\n~1\r\n:2\r\n>3\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n+x\r\n|1\r\n+a\r\n+b\r\n*1\r\n+c\r\n";
        // The text of the third string is shorter than its lines are long, so that what is in it would be no frame.
        let all = all.replace("$3\r\na\r\nb\r\n\r\n", "$4\r\na\r\nb\r\n");
        assert_eq!(read(all.as_bytes()).as_deref(), Ok(all.as_bytes()));
        let mut scanner = Scanner::default();
        scanner.read(&mut all.into_bytes()).expect("frames");
        assert!(!scanner.is_within(), "all of them are over");
        let slots =
            "*1\r\n*3\r\n:0\r\n:5\r\n*4\r\n$1\r\nh\r\n:1\r\n$1\r\ni\r\n*2\r\n+a\r\n+b\r\n".repeat(100);
        assert_eq!(read(slots.as_bytes()).as_deref(), Ok(slots.as_bytes()));
    }

    #[test]
    fn an_error_is_text_afterwards_and_values_are_left_alone() {
        let unknown =
            b"-ERR unknown command 'EVALSHA', with args beginning with: 'L\xff\x00\xc3' \r\n:1\r\n-\xe9\r\n";
        let text = b"-ERR unknown command 'EVALSHA', with args beginning with: 'L?\x00?' \r\n:1\r\n-?\r\n";
        assert_eq!(read(unknown).as_deref(), Ok(&text[..]));
        for answer in [
            &b"$6\r\n-\xff\r\n-\xfe\r\n"[..],
            b"*3\r\n$2\r\n-\xff\r\n$-1\r\n$0\r\n\r\n+\xff\r\n",
            b"%1\r\n$1\r\n-\r\n=6\r\ntxt:-\xff\r\n>2\r\n+invalidate\r\n*1\r\n$2\r\n-\xff\r\n_\r\n",
        ] {
            assert_eq!(read(answer).as_deref(), Ok(answer));
        }
    }

    #[test]
    fn what_it_does_not_say_is_refused() {
        for (bytes, problem) in [
            ("220 mail ESMTP\r\n", "does not speak"),
            ("\r\n", "does not speak"),
            ("$x\r\n", "no number"),
            ("$\r\n", "no number"),
            ("$9223372036854775807\r\n", "larger than any"),
            ("$9223372036854775808\r\n", "no number"),
            ("$536870913\r\n", "larger than any"),
            ("=-1\r\n", "below zero"),
            ("*2147483648\r\n", "too many"),
            ("%9223372036854775807\r\n", "too many"),
            (&"*1\r\n".repeat(17), "too deep"),
            ("x", "does not speak"),
            (&format!("+{}", "x".repeat(LONGEST_LINE)), "does not end"),
        ] {
            assert!(read(bytes.as_bytes()).is_err_and(|error| error.contains(problem)), "{bytes:.40?}");
        }
    }

    #[test]
    fn there_are_no_more_answers_than_requests() {
        let mut scanner = Scanner { written: 14 * 50_000, ..Scanner::default() };
        scanner.read(&mut b"+OK\r\n".repeat(60_000)).expect("they were asked for, or it may be");
        assert!(
            scanner.read(&mut b"+OK\r\n".to_vec()).is_err_and(|error| error.contains("nobody has asked"))
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'*'), Just(b'$'), Just(b'1'), Just(b'\r'), Just(b'\n')], 0..200)) {
            let _ = read(&bytes);
        }
    }
}
