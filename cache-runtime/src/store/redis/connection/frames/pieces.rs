//! Answers that are given to the driver in one piece: as one string that contains their frames as they arrived. A large piece is a list of such
//! strings, because the driver keeps the memory that its largest string took.
//!
//! The driver's parser combines several parsers for each element of a list, and keeps what it knows of each until it is whole. Of one string it
//! makes a copy.

use std::collections::VecDeque;
use std::mem::{swap, take};

use tokio::io::ReadBuf;

use super::scanner::Scanner;

/// The line that a piece of one string begins with. Its length is filled in at the end.
const HEADER: &[u8; 9] = b"$000000\r\n";
/// The most bytes of a string.
const LARGEST: usize = 256 * 1024;
/// A longer piece does not leave its memory to the next one.
const LARGEST_KEPT: usize = 64 * 1024;

/// Answers that are one piece: the first of them, counted from the connection's first answer, and how many are still to come.
#[derive(Debug)]
struct Group {
    first: u64,
    left: u64,
}

#[derive(Debug, Default)]
pub(super) struct AnswerPieces {
    groups: VecDeque<Group>,
    /// Whether the frame that is arriving is a part of a piece.
    is_within: bool,
    /// What has arrived of the piece.
    piece: Vec<u8>,
    /// What the driver is to be given next, and how much of it it has been given.
    ready: Vec<u8>,
    given: usize,
}

impl AnswerPieces {
    /// The answers from the `first` on, so many, are to be one piece.
    pub(super) fn expect(&mut self, first: u64, answers: u64) {
        if answers > 0 {
            self.groups.push_back(Group { first, left: answers });
        }
    }

    /// Whether none are expected.
    pub(super) fn are_none(&self) -> bool {
        self.groups.is_empty()
    }

    /// Gives the driver what is ready, if there is anything.
    pub(super) fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let given = rest.len().min(buffer.remaining());
        if given == 0 {
            return false;
        }
        buffer.put_slice(&rest[..given]);
        self.given += given;
        if self.given == self.ready.len() {
            self.given = 0;
            self.ready.clear();
            self.ready.shrink_to(LARGEST_KEPT);
        }
        true
    }

    /// Takes the pieces out of what has arrived. Says how much at its beginning is none of theirs; what follows is to be
    /// [given](Self::give).
    pub(super) fn take(&mut self, scanner: &mut Scanner, arrived: &mut [u8]) -> Result<usize, &'static str> {
        let (mut at, mut left) = (0, 0);
        while let Some(rest @ [_, ..]) = arrived.get_mut(at..) {
            if !scanner.is_within() {
                self.is_within = rest[0] != b'>' && self.begins(scanner.answers)?;
            }
            let read = scanner.read_frame(rest)?;
            let frame = &rest[..read];
            if self.is_within {
                if self.piece.is_empty() {
                    self.piece.extend_from_slice(HEADER);
                }
                self.piece.extend_from_slice(frame);
                if !scanner.is_within() {
                    // The next one may begin before another piece is expected, and then nobody asks here whose it is.
                    self.is_within = false;
                    self.end_frame();
                }
            } else if left == at && self.ready.is_empty() {
                left += read;
            } else {
                self.ready.extend_from_slice(frame);
            }
            at += read;
        }
        Ok(left)
    }

    /// Whether the answer that begins is a part of the next piece.
    fn begins(&self, answer: u64) -> Result<bool, &'static str> {
        match self.groups.front() {
            // The driver would take what follows for the piece.
            Some(group) if self.piece.is_empty() && group.first < answer => {
                Err("there are answers that nobody has asked for")
            }
            Some(group) => Ok(group.first <= answer),
            None => Ok(false),
        }
    }

    fn end_frame(&mut self) {
        let Some(group) = self.groups.front_mut() else { return };
        group.left -= 1;
        if group.left > 0 {
            return;
        }
        self.groups.pop_front();
        let (piece, ready) = (&mut self.piece, &mut self.ready);
        let len = piece.len() - HEADER.len();
        if len > LARGEST {
            let frames = take(piece);
            ready.extend_from_slice(format!("*{}\r\n", len.div_ceil(LARGEST)).as_bytes());
            for part in frames[HEADER.len()..].chunks(LARGEST) {
                ready.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
                ready.extend_from_slice(part);
                ready.extend_from_slice(b"\r\n");
            }
            return;
        }
        let digits = format!("{len:06}");
        piece[1..=digits.len()].copy_from_slice(digits.as_bytes());
        piece.extend_from_slice(b"\r\n");
        if ready.is_empty() {
            swap(ready, piece);
        } else {
            ready.append(piece);
        }
    }
}
