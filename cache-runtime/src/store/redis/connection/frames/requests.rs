//! What is written: where one request ends and the next begins, and the marks among them.
//!
//! A mark follows requests whose answers are to be given in one piece, and says how many they are. It is a request whose name is a number, which no
//! server has: it is for the stream alone and not sent. The driver hands over whole requests, and a mark together with those before it.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use redis::Cmd;

use super::scanner::header;

/// The most digits of a length.
const MOST_DIGITS: usize = 10;
/// How many parts are written at once. More are left for the next time.
const PARTS: usize = 4;

/// The mark behind so many requests.
pub(crate) fn mark(requests: usize) -> Cmd {
    let mut mark = Cmd::with_capacity(1, 8);
    mark.arg(requests);
    mark
}

/// The requests that are being written. Places count from the first byte that was ever handed over.
#[derive(Debug, Default)]
pub(super) struct WrittenRequests {
    /// Up to where they were read, and up to where they were written.
    read: u64,
    written: u64,
    /// How many there were so far, without marks.
    pub(super) count: u64,
    /// Marks that have not been reached yet.
    marks: VecDeque<Range<u64>>,
}

impl WrittenRequests {
    /// Reads what is to be written next, and tells of the marks: which request is the first of them, and how many they are.
    pub(super) fn read(
        &mut self,
        buffer: &[u8],
        mut marked: impl FnMut(u64, u64),
    ) -> Result<(), &'static str> {
        let mut at = usize::try_from(self.read - self.written).unwrap_or(usize::MAX);
        while let Some(rest @ [_, ..]) = buffer.get(at..) {
            let (len, mark) = request(rest).ok_or("what was to be written is no request")?;
            let end = self.read + len as u64;
            match mark {
                Some(answers) => {
                    let first = self.count.checked_sub(answers).ok_or("a mark is behind too few requests")?;
                    marked(first, answers);
                    self.marks.push_back(self.read..end);
                }
                None => self.count += 1,
            }
            self.read = end;
            at += len;
        }
        Ok(())
    }

    /// What of the buffer is to be written: the parts between the next marks.
    pub(super) fn unmarked<'a>(&self, buffer: &'a [u8]) -> [IoSlice<'a>; PARTS] {
        let place = |at: u64| usize::try_from(at - self.written).unwrap_or(usize::MAX).min(buffer.len());
        let (mut marks, mut begin) = (self.marks.iter(), 0);
        std::array::from_fn(|_| {
            let mark = marks.next().map(|mark| (place(mark.start), place(mark.end)));
            let (end, next) = mark.unwrap_or((buffer.len(), buffer.len()));
            let part = buffer.get(begin..end).unwrap_or_default();
            begin = next;
            IoSlice::new(part)
        })
    }

    /// So many bytes of these parts were written. Says how many the driver is rid of, with the marks behind them.
    pub(super) fn wrote(&mut self, bytes: usize) -> usize {
        let (began, mut left) = (self.written, bytes as u64);
        while let Some(mark) = self.marks.front().filter(|mark| mark.start - self.written <= left) {
            left -= mark.start - self.written;
            self.written = mark.end;
            self.marks.pop_front();
        }
        self.written += left;
        usize::try_from(self.written - began).unwrap_or(usize::MAX)
    }
}

/// How long a request is, and how many answers it marks, if it is a mark. `None` if it is not whole.
fn request(bytes: &[u8]) -> Option<(usize, Option<u64>)> {
    let (mut at, arguments) = header::<MOST_DIGITS>(b'*', bytes)?;
    let mut name = bytes;
    for argument in 0..arguments {
        let rest = bytes.get(at..)?;
        let (line, len) = header::<MOST_DIGITS>(b'$', rest)?;
        let end = line + usize::try_from(len).ok()?;
        if argument == 0 {
            name = rest.get(line..end)?;
        }
        at += end + 2;
    }
    if at > bytes.len() {
        return None;
    }
    // Names of commands are letters.
    let mark =
        if arguments == 1 { str::from_utf8(name).ok().and_then(|name| name.parse().ok()) } else { None };
    Some((at, mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redis::commands::{get, set};

    /// The first request of each mark, and how many they are.
    type Marks = Vec<(u64, u64)>;

    /// What is written of commands if `room` bytes at a time are, and which marks there are.
    fn written(commands: &[Cmd], room: usize) -> Result<(Vec<u8>, Marks), &'static str> {
        let bytes: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
        let (mut requests, mut written, mut marks) = (WrittenRequests::default(), Vec::new(), Vec::new());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            requests.read(rest, |first, answers| marks.push((first, answers)))?;
            let parts: Vec<u8> =
                requests.unmarked(rest).iter().flat_map(|part| part.iter().copied()).collect();
            let part = &parts[..parts.len().min(room)];
            assert!(!part.is_empty(), "there is always something to write");
            written.extend_from_slice(part);
            rest = &rest[requests.wrote(part.len())..];
        }
        Ok((written, marks))
    }

    #[test]
    fn marks_are_told_and_not_written() {
        let large = set("key", &[b'*'; 1000], None);
        let odd = [&b"1"[..], b"*1\r\n$1\r\n2\r\n", b"", b"\r\n$1\r\n"].map(get);
        let [one, two, three, four] = odd;
        let ping = redis::cmd("PING");
        let sent = [one, mark(1), ping, two, three, mark(2), large, four, mark(2)];
        let unmarked = [0, 2, 3, 4, 6, 7].map(|at| sent[at].get_packed_command()).concat();
        for room in [1, 7, 64, usize::MAX] {
            let (written, marks) = written(&sent, room).expect("requests");
            assert_eq!(written, unmarked);
            assert_eq!(marks, [(0, 1), (2, 2), (4, 2)]);
        }
    }

    #[test]
    fn a_mark_behind_too_few_requests_and_half_a_request_are_refused() {
        assert!(written(&[get(b"a"), mark(2)], usize::MAX).is_err());
        let half = &get(b"key").get_packed_command()[..12];
        assert!(WrittenRequests::default().read(half, |_, _| {}).is_err());
    }
}
