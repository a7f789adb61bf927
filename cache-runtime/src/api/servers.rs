//! Questions to the servers themselves, over a cache's own connections.
//!
//! For the command `redis-cached`, which judges whether a server suits a cache and explains what it finds there. Its judgement is in the command and not
//! here: it changes more often than the library, and no program needs it in its binary. Hidden, because no promise is made of it between versions, and
//! because a program that sends commands of its own has a client for that.

use super::cache::Cache;
use crate::entry::header;
use crate::entry::header::KeyState;
use crate::entry::sealed::sealed_entry;
use crate::error::Error;
use crate::store::Store;
use crate::store::vocabulary::{Cursor, Found};
pub use crate::store::vocabulary::{ReplyValue, ServerReply};
use crate::util::clock::after;

impl Cache {
    /// What the server answers to a command, or each primary of a cluster, as they were last known. One round trip.
    #[doc(hidden)]
    pub async fn ask_servers(&self, command: &[&[u8]]) -> Result<Vec<ServerReply>, Error> {
        self.0.store.ask_servers(command, after(self.0.deadline)).await
    }

    /// Steps through all keys that begin with `prefix`, the whole beginning, and gives each step's to `found`, until that says no. Says whether those were all. A
    /// round trip for each step, which looks at a thousand keys of the database; a key may be given twice.
    #[doc(hidden)]
    pub async fn each_key(
        &self,
        prefix: &str,
        mut found: impl FnMut(Vec<Vec<u8>>) -> bool,
    ) -> Result<bool, Error> {
        let mut from = Cursor::default();
        loop {
            let scanned = self.0.store.scan(prefix, from, after(self.0.deadline)).await?;
            let goes_on = found(scanned.keys);
            match scanned.next {
                None => return Ok(true),
                Some(_) if !goes_on => return Ok(false),
                Some(next) => from = next,
            }
        }
    }

    /// What protects the entries at these keys, and how many bytes they take together. What is no sound entry is left out. One round trip, in which the values are transferred.
    #[doc(hidden)]
    pub async fn protection(&self, keys: &[&str]) -> Result<(Vec<Protection>, u64), Error> {
        let found = self.0.store.read_as_stored(keys, after(self.0.deadline)).await?.found;
        let (mut all, mut bytes) = (Vec::new(), 0);
        for (key, found) in keys.iter().zip(found) {
            let Found::Bytes(entry) = found? else { continue };
            bytes += entry.len() as u64;
            if let Some(sealed) = sealed_entry(key, &entry) {
                all.push(Protection::SealedUnder(sealed.key_id));
            } else if matches!(header::decode_any(key, &entry), Ok(KeyState::Value(_))) {
                all.push(Protection::None);
            }
        }
        Ok((all, bytes))
    }
}

/// What protects an entry from who can read in Redis.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    None,
    /// The first four bytes of SHA-256 of the key's name.
    SealedUnder([u8; 4]),
}
