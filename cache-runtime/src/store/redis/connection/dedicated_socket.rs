//! A socket that its caller reads and writes, bounded by an instant.
//!
//! It speaks RESP2, which every server knows: nothing is pushed, and each request has one answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use redis::{Cmd, Parser, RedisResult, Value};

use super::frames::{Scanner, strange};

/// To set the time limit is a system call, and most callers have as much time as the one before: it is left where it is off by no more.
const LATER: Duration = Duration::from_millis(1);
const EARLIER: Duration = Duration::from_millis(10);
/// For what has arrived when the time is over.
const LAST_LOOK: Duration = Duration::from_millis(1);

pub(super) struct Socket {
    wire: BoundedStream,
    parser: Parser,
    request: Vec<u8>,
    asked: u64,
    used: Instant,
    log_in_at: Option<Instant>,
}

/// The stream, of which only frames of Redis can be read, in time.
struct BoundedStream {
    stream: TcpStream,
    scanner: Scanner,
    until: Instant,
    /// The stream's own time limit.
    limit: Duration,
    has_heard: bool,
    /// Whether the time was over when it was read last.
    is_over: bool,
}

impl Socket {
    pub(super) fn connect(
        address: SocketAddr,
        log_in_at: Option<Instant>,
        until: Instant,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let stream = TcpStream::connect_timeout(&address, left(until).max(LAST_LOOK))?;
        stream.set_nodelay(true)?;
        let wire = BoundedStream {
            stream,
            scanner: Scanner::default(),
            until,
            limit: Duration::MAX,
            has_heard: false,
            is_over: false,
        };
        Ok(Self { wire, parser: Parser::new(), request: Vec::new(), asked: 0, used: now, log_in_at })
    }

    /// Whether it was used within `limit`, and is still logged in.
    pub(super) fn is_fresh(&self, limit: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.used) <= limit && self.log_in_at.is_none_or(|at| now < at)
    }

    /// Whether anything of the last answer has arrived.
    pub(super) fn has_heard(&self) -> bool {
        self.wire.has_heard
    }

    /// Sends a command and waits for its answer. After an error it is of no use.
    pub(super) fn ask(&mut self, command: &Cmd, until: Instant) -> RedisResult<Value> {
        let Self { wire, parser, request, asked, used, .. } = self;
        request.clear();
        command.write_packed_command(request);
        (wire.until, wire.has_heard, wire.is_over) = (until, false, false);
        wire.scanner.written += request.len() as u64;
        wire.stream.write_all(request)?;
        *asked += 1;
        let answer = parser.parse_value(&mut *wire)?;
        if wire.scanner.arrived != *asked || wire.scanner.is_within() {
            // What follows would be taken for the next answer.
            return Err(strange("there is more than one answer").into());
        }
        *used = Instant::now();
        Ok(answer)
    }
}

impl BoundedStream {
    /// Sets the stream's time limit. After the last instant it is set once more, for what has arrived meanwhile.
    fn bound(&mut self) -> io::Result<()> {
        let mut left = left(self.until);
        if left.is_zero() {
            if std::mem::replace(&mut self.is_over, true) {
                return Err(ErrorKind::TimedOut.into());
            }
            left = LAST_LOOK;
        }
        if self.limit > left + LATER || self.limit + EARLIER < left {
            self.stream.set_read_timeout(Some(left))?;
            self.limit = left;
        }
        Ok(())
    }
}

impl Read for BoundedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.bound()?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => {
                    self.has_heard = true;
                    self.scanner.read(buffer.get_mut(..len).unwrap_or_default()).map_err(strange)?;
                    return Ok(len);
                }
                // Perhaps there is some time left.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use redis_cached_test_support::{Act, Event, Peer};

    use super::*;
    use crate::store::redis::commands::get;
    use crate::util::clock::after;

    /// What is heard from a peer that does this when it is asked, and whether anything was heard.
    fn asked(act: Act, limit: Duration) -> (RedisResult<Value>, bool) {
        let peer = Peer::start(move |event| match event {
            Event::Accepted => Act::Nothing,
            Event::Asked(_) => act.clone(),
        });
        let address = (Ipv4Addr::LOCALHOST, peer.port()).into();
        let mut socket = Socket::connect(address, None, after(Duration::from_secs(30))).expect("a peer");
        let answer = socket.ask(&get(b"key"), after(limit));
        (answer, socket.has_heard())
    }

    #[test]
    fn one_answer_in_time_is_an_answer() {
        let long = Duration::from_secs(30);
        let (answer, _) = asked(Act::Say(b"$1\r\na\r\n".to_vec()), long);
        assert_eq!(answer, Ok(Value::BulkString(b"a".to_vec())));
        let slowly = Act::Drip(b"$1\r\na\r\n".to_vec(), Duration::from_millis(5));
        assert_eq!(asked(slowly, long).0, Ok(Value::BulkString(b"a".to_vec())));
        for act in [
            // It would be taken for the answer to the next request.
            Act::Say(b"$1\r\na\r\n$1\r\nb\r\n".to_vec()),
            Act::Say(b"HTTP/1.1 400 Bad Request\r\n".to_vec()),
            Act::SayAndClose(b"$1\r\n".to_vec()),
            Act::SayAndClose(Vec::new()),
        ] {
            let (answer, _) = asked(act.clone(), long);
            assert!(answer.is_err_and(|error| !error.is_timeout()), "{act:?}");
        }
    }

    #[test]
    fn a_peer_that_does_not_answer_and_one_that_does_not_end_are_not_waited_for() {
        let limit = Duration::from_millis(100);
        let (answer, has_heard) = asked(Act::Nothing, limit);
        assert!(answer.is_err_and(|error| error.is_timeout()) && !has_heard);
        let endless = Act::SayForEver(b"$500000000\r\n".to_vec(), b"more".to_vec());
        let (answer, has_heard) = asked(endless, limit);
        assert!(answer.is_err_and(|error| error.is_timeout()) && has_heard);
    }
}
