//! What is written: where one request ends and the next begins, and the envelopes among them.
//!
//! An envelope holds requests whose answers are to be given in one piece. To the driver it is a request, with one answer. Its name is the number of the
//! requests within, which no server has for a command, and its one argument is these requests as they are on the wire. Nothing else of it is sent.
//! The driver hands over whole requests.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use redis::Cmd;

use super::scanner::header;

/// The most digits of a length.
const MOST_DIGITS: usize = 10;
/// How many parts are written at once. More are left for the next time.
const PARTS: usize = 4;

/// The envelope of so many requests.
pub(crate) fn envelope(count: usize, requests: &[u8]) -> Cmd {
    let mut envelope = Cmd::with_capacity(2, requests.len() + MOST_DIGITS);
    envelope.arg(count).arg(requests);
    envelope
}

/// Requests on the wire as the driver's commands.
pub(crate) fn commands(mut requests: &[u8]) -> impl Iterator<Item = Cmd> {
    std::iter::from_fn(move || {
        let mut command = Cmd::new();
        let len = request(requests, |place| {
            command.arg(&requests[place]);
        })?;
        requests = requests.get(len..)?;
        Some(command)
    })
}

/// The requests that are being written. Places count from the first byte that was ever handed over.
#[derive(Debug, Default)]
pub(super) struct WrittenRequests {
    /// Up to where they were read, and up to where they were written.
    read: u64,
    written: u64,
    /// How many there were so far; of an envelope, those within.
    count: u64,
    /// What is left out, because it is an envelope's own, and has not been reached yet.
    omitted: VecDeque<Range<u64>>,
}

impl WrittenRequests {
    /// Reads what is to be written next, and tells of the envelopes: which request is the first within, and how many they are.
    pub(super) fn read(
        &mut self,
        buffer: &[u8],
        mut enveloped: impl FnMut(u64, u64),
    ) -> Result<(), &'static str> {
        let mut at = usize::try_from(self.read - self.written).unwrap_or(usize::MAX);
        while let Some(rest @ [_, ..]) = buffer.get(at..) {
            let (mut arguments, mut name, mut last) = (0, 0..0, 0..0);
            let argument = |place: Range<usize>| {
                arguments += 1;
                if arguments == 1 {
                    name = place.clone();
                }
                last = place;
            };
            let len = request(rest, argument).ok_or("what was to be written is no request")?;
            let end = self.read + len as u64;
            match number(&rest[name]).filter(|_| arguments == 2) {
                Some(answers) => {
                    enveloped(self.count, answers);
                    self.count += answers;
                    self.omit(self.read..self.read + last.start as u64);
                    self.omit(self.read + last.end as u64..end);
                }
                None => self.count += 1,
            }
            self.read = end;
            at += len;
        }
        Ok(())
    }

    fn omit(&mut self, place: Range<u64>) {
        match self.omitted.back_mut() {
            Some(before) if before.end == place.start => before.end = place.end,
            _ => self.omitted.push_back(place),
        }
    }

    /// What of the buffer is to be written: the parts between what is left out next.
    pub(super) fn parts<'a>(&self, buffer: &'a [u8]) -> [IoSlice<'a>; PARTS] {
        let place = |at: u64| usize::try_from(at - self.written).unwrap_or(usize::MAX).min(buffer.len());
        let (mut omitted, mut begin) = (self.omitted.iter(), 0);
        std::array::from_fn(|_| {
            let next = omitted.next().map(|omitted| (place(omitted.start), place(omitted.end)));
            let (end, next) = next.unwrap_or((buffer.len(), buffer.len()));
            let part = buffer.get(begin..end).unwrap_or_default();
            begin = next;
            IoSlice::new(part)
        })
    }

    /// So many bytes of these parts were written. Says how many the driver is rid of, with those behind them that are left out.
    pub(super) fn wrote(&mut self, bytes: usize) -> usize {
        let (began, mut left) = (self.written, bytes as u64);
        while let Some(omitted) = self.omitted.front().filter(|next| next.start - self.written <= left) {
            left -= omitted.start - self.written;
            self.written = omitted.end;
            self.omitted.pop_front();
        }
        self.written += left;
        usize::try_from(self.written - began).unwrap_or(usize::MAX)
    }
}

/// Tells the place of each argument of the first request. How long the request is; `None` if it is not whole.
fn request(bytes: &[u8], mut argument: impl FnMut(Range<usize>)) -> Option<usize> {
    let (mut at, arguments) = header::<MOST_DIGITS>(b'*', bytes)?;
    for _ in 0..arguments {
        let (line, len) = header::<MOST_DIGITS>(b'$', bytes.get(at..)?)?;
        let place = at + line..at + line + usize::try_from(len).ok()?;
        at = place.end + 2;
        if at > bytes.len() {
            return None;
        }
        argument(place);
    }
    Some(at)
}

/// The number that a request is called. Names of commands are letters.
fn number(name: &[u8]) -> Option<u64> {
    name.first().filter(|first| first.is_ascii_digit())?;
    str::from_utf8(name).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::store::redis::commands::{get, set};

    /// The first request of each envelope, and how many they are.
    type Envelopes = Vec<(u64, u64)>;

    fn packed(commands: &[Cmd]) -> Vec<u8> {
        commands.iter().flat_map(Cmd::get_packed_command).collect()
    }

    fn within(commands: &[Cmd]) -> Cmd {
        envelope(commands.len(), &packed(commands))
    }

    /// What is written of commands if as many bytes at a time are as `rooms` say in turn, and which envelopes there are.
    fn written(commands: &[Cmd], rooms: &[usize]) -> Result<(Vec<u8>, Envelopes), &'static str> {
        let bytes = packed(commands);
        let (mut requests, mut written, mut envelopes) = (WrittenRequests::default(), Vec::new(), Vec::new());
        let (mut rest, mut rooms) = (&bytes[..], rooms.iter().cycle());
        while !rest.is_empty() {
            requests.read(rest, |first, answers| envelopes.push((first, answers)))?;
            let parts = requests.parts(rest).iter().flat_map(|part| part.to_vec()).collect::<Vec<u8>>();
            let part = &parts[..parts.len().min(*rooms.next().unwrap_or(&usize::MAX))];
            assert!(!part.is_empty(), "there is always something to write");
            written.extend_from_slice(part);
            rest = &rest[requests.wrote(part.len())..];
        }
        Ok((written, envelopes))
    }

    #[test]
    fn envelopes_are_told_and_what_is_within_is_written() {
        let large = set("key", &[b'*'; 1000], None);
        let odd = [&b"1"[..], b"*1\r\n$1\r\n2\r\n", b"", b"\r\n$1\r\n"].map(get);
        let [one, two, three, four] = odd;
        let ping = redis::cmd("PING");
        let all = [&one, &ping, &two, &three, &large, &four].map(Clone::clone);
        let sent = [within(&[one]), ping, within(&[two, three]), within(&[large, four])];
        for room in [1, 7, 64, usize::MAX] {
            let (written, envelopes) = written(&sent, &[room]).expect("requests");
            assert_eq!(written, packed(&all));
            assert_eq!(envelopes, [(0, 1), (2, 2), (4, 2)]);
        }
    }

    #[test]
    fn half_a_request_is_refused() {
        let whole = packed(&[within(&[get(b"key")])]);
        for len in 1..whole.len() {
            assert!(WrittenRequests::default().read(&whole[..len], |_, _| {}).is_err(), "{len}");
        }
    }

    proptest! {
        #[test]
        fn however_much_is_written_at_a_time_it_is_what_is_within(
            groups in vec((any::<bool>(), vec(vec(any::<u8>(), 0..30), 1..4)), 0..12),
            rooms in vec(1_usize..90, 1..20),
        ) {
            let (mut sent, mut all, mut expected) = (Vec::new(), Vec::new(), Envelopes::new());
            for (is_enveloped, keys) in &groups {
                let gets: Vec<Cmd> = keys.iter().map(|key| get(key)).collect();
                if *is_enveloped {
                    expected.push((all.len() as u64, gets.len() as u64));
                    sent.push(within(&gets));
                } else {
                    sent.extend(gets.iter().cloned());
                }
                all.extend(gets);
            }
            prop_assert_eq!(written(&sent, &rooms), Ok((packed(&all), expected)));
        }
    }
}
