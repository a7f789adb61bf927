//! What a primary says of what a replica has: the beginning of each entry, which tells it from every other.

use std::time::Instant;

use redis::{Cmd, cmd};

use crate::error::Error;
use crate::store::redis::commands::{get, pipeline, pttl};
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::replies::timed;
use crate::store::vocabulary::{Found, KeyAnswer, LEASE, SLOT_LEN, TOMBSTONE, is_slot};

/// What a primary is asked about a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MarkQuestion<'a> {
    pub(crate) key: &'a str,
    pub(crate) about: About,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The mark of an entry.
    Mark,
    /// That, and the time that it has left.
    TimedMark,
    /// All of a tag's nonce.
    Nonce,
}

impl MarkQuestion<'_> {
    fn commands(&self) -> impl Iterator<Item = Cmd> {
        let key = self.key;
        // The time first, as for a value.
        let time = (self.about == About::TimedMark).then(|| pttl(key));
        let question = match self.about {
            About::Nonce => get(key.as_bytes()),
            About::Mark | About::TimedMark => beginning(key),
        };
        time.into_iter().chain([question])
    }
}

fn beginning(key: &str) -> Cmd {
    let mut command = cmd("GETRANGE");
    command.arg(key).arg(0).arg(SLOT_LEN - 1);
    command
}

impl RuntimeConnection {
    /// An answer for each question: what is at the key, or its beginning, and how long it has left.
    pub(crate) async fn marks(
        &self,
        asked: &[MarkQuestion<'_>],
        until: Instant,
    ) -> Result<Vec<KeyAnswer>, Error> {
        let commands = pipeline(asked.iter().flat_map(MarkQuestion::commands));
        let (answers, _) = self.run_all("GETRANGE", &commands, until).await?;
        timed("GETRANGE", answers, asked.iter().map(|question| question.about == About::TimedMark))
    }
}

/// What is at a key whose beginning the primary has told. `copy` is what a replica has there.
///
/// A mark is never written twice, so what begins with the primary's is what the primary has. `None` if the replica has something else.
pub(super) fn confirmed(mark: Found, copy: Option<Found>) -> Option<Found> {
    let mark = match mark {
        Found::Bytes(mark) => mark,
        other => return Some(other),
    };
    match mark.first() {
        // Of a missing key there is no beginning.
        None => Some(Found::Absent),
        // They have nothing behind their beginning.
        Some(&(LEASE | TOMBSTONE)) if is_slot(&mark) => Some(Found::Bytes(mark)),
        Some(_) => match copy {
            Some(Found::Bytes(copy)) if mark.len() == SLOT_LEN && copy.starts_with(&mark) => {
                Some(Found::Bytes(copy))
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::vocabulary::{lease, tombstone};

    fn bytes(bytes: &[u8]) -> Found {
        Found::Bytes(bytes.to_vec())
    }

    #[test]
    fn only_what_the_primary_has_is_confirmed() {
        let (mark, value) = (b"V0123456789abcdef", b"V0123456789abcdef and a value");
        assert_eq!(confirmed(bytes(mark), Some(bytes(value))), Some(bytes(value)));
        for copy in
            [Some(bytes(b"V0123456789abcdeg and a value")), Some(Found::Absent), Some(Found::Foreign), None]
        {
            assert_eq!(confirmed(bytes(mark), copy), None);
        }
        // What has no mark is not told from anything.
        assert_eq!(confirmed(bytes(b"short"), Some(bytes(b"short and more"))), None);
    }

    #[test]
    fn what_the_primary_says_completely_needs_no_copy() {
        let nonce = [7; 16];
        for slot in [lease(&nonce), tombstone(&nonce)] {
            assert_eq!(
                confirmed(bytes(&slot), Some(bytes(b"V0123456789abcdef and a value"))),
                Some(bytes(&slot))
            );
        }
        assert_eq!(confirmed(bytes(b""), Some(bytes(b"V0123456789abcdef and a value"))), Some(Found::Absent));
        assert_eq!(confirmed(Found::Foreign, None), Some(Found::Foreign));
    }
}
