//! Checks what arrives from a server before the driver's parser sees it.
//!
//! The parser trusts its input: it waits for as many bytes as a length claims, and scans a line from its start each time more of it
//! arrives. With a peer that is not Redis, or is broken, a program would buffer bytes without end. A frame that no server sends
//! therefore ends the connection, with an error that says what it was.
//!
//! The parser also rejects an error line that is not UTF-8, which ends the connection and every request in flight. But a server that
//! does not know a command repeats its arguments, and those of a cache are bytes: a nonce, an entry, a key that is cut inside a
//! character. Every byte of an error line that is not ASCII is therefore replaced by a question mark.
//!
//! The limits are those of Redis or higher: a string has 512 MiB at most (`proto-max-bulk-len`), a status or an error is one line.

mod answers;
mod pieces;
mod requests;
mod scanner;

use std::error::Error;
use std::fmt;
use std::io;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use redis::{RedisError, Value, parse_redis_value};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) use self::answers::{answers, whole};
use self::pieces::AnswerPieces;
use self::requests::WrittenRequests;
pub(super) use self::requests::{commands, envelope};
pub(crate) use self::scanner::Scanner;
use super::foreign::recognised;
use crate::store::redis::error::as_io;

/// What has arrived is no frame of Redis.
#[derive(Debug)]
struct Strange(&'static str);

impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Strange {}

/// Whether an error says that an answer was no frame of Redis.
pub(crate) fn is_strange(error: &RedisError) -> bool {
    as_io(error).and_then(io::Error::get_ref).is_some_and(|within| within.is::<Strange>())
}

/// A stream of which only frames of Redis can be read.
pub(crate) struct Frames<S> {
    stream: S,
    scanner: Scanner,
    requests: WrittenRequests,
    pieces: AnswerPieces,
    first_answer: FirstAnswer,
    /// What has arrived of the first answer.
    opening: Vec<u8>,
}

/// The first answer on a connection: in RESP3 that to `HELLO`, which the driver sends and keeps to itself.
pub(crate) type FirstAnswer = Arc<OnceLock<Value>>;

/// The most bytes of an answer to `HELLO`. Of a longer one it is not known what it says.
const LONGEST_GREETING: usize = 64 * 1024;

impl<S> Frames<S> {
    pub(crate) fn new(stream: S, first_answer: FirstAnswer) -> Self {
        Self {
            stream,
            scanner: Scanner::default(),
            requests: WrittenRequests::default(),
            pieces: AnswerPieces::default(),
            first_answer,
            opening: Vec::new(),
        }
    }

    /// Reads what has arrived. Says how much at its beginning the driver is to be given as it is.
    fn read(&mut self, arrived: &mut [u8]) -> io::Result<usize> {
        if self.scanner.arrived == 0 {
            self.read_first(arrived)?;
        } else if self.pieces.are_none() {
            self.scanner.read(arrived).map_err(strange)?;
        } else {
            return self.pieces.take(&mut self.scanner, arrived).map_err(strange);
        }
        Ok(arrived.len())
    }

    /// Reads a part of the first answer.
    fn read_first(&mut self, arrived: &mut [u8]) -> io::Result<()> {
        if self.opening.is_empty()
            && let Some(other) = recognised(arrived)
        {
            return Err(other);
        }
        let room = LONGEST_GREETING.saturating_sub(self.opening.len());
        self.opening.extend(arrived.iter().take(room).copied());
        self.scanner.read(arrived).map_err(strange)?;
        if self.scanner.arrived > 0 {
            let opening = take(&mut self.opening);
            if let Ok(answer) = parse_redis_value(&opening) {
                // Set once: this is the one stream of the connection.
                let _ = self.first_answer.set(answer);
            }
        }
        Ok(())
    }
}

pub(super) fn strange(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Strange(what))
}

impl<S: AsyncRead + Unpin> AsyncRead for Frames<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        loop {
            if self.pieces.give(buffer) {
                return Poll::Ready(Ok(()));
            }
            let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
            let Some(arrived @ [_, ..]) = buffer.filled_mut().get_mut(before..) else {
                // Otherwise the driver would report the truncated frame as an invalid one.
                if matches!(read, Poll::Ready(Ok(()))) && room > 0 && self.scanner.is_within() {
                    let cut = "the connection was closed in the middle of an answer";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut)));
                }
                return read;
            };
            let left = self.read(arrived)?;
            buffer.set_filled(before + left);
            if left > 0 {
                return read;
            }
            // To be given nothing would be the end: a part of a piece is waited behind.
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, scanner, requests, pieces, .. } = &mut *self;
        requests.read(buffer, |first, answers| pieces.expect(first, answers)).map_err(strange)?;
        let written = ready!(Pin::new(stream).poll_write_vectored(cx, &requests.parts(buffer)))?;
        scanner.written = scanner.written.saturating_add(written as u64);
        Poll::Ready(Ok(requests.wrote(written)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
