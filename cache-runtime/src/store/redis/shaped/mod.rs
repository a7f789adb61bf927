//! The store of values in parts: a Redis in which an entry is a hash, a set, a sorted set or a list, and a lease is the string that it always is.
//!
//! Callers give and get entries as of any other store. A whole entry is read by the command of its type, and written by one script on its key; what
//! is no entry goes to the store beneath.

mod answers;
mod layout;
mod whole;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;

use super::RedisStore;
use super::key_request::{KeyAction, KeyRequest};
use super::lua::{SHAPED_READ, SHAPED_WRITE};
use super::replies::strange;
use super::scripts::compare::sized;
use super::scripts::millis_text;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor::{all, both};
use crate::store::vocabulary::parts::{Heads, ShapeKind};
use crate::store::vocabulary::{
    CasToken, Cursor, Epochs, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Left, Nonce, Reading,
    SLOT_LEN, Scanned, Several, Swap, TagTtl,
};
use crate::store::{Acquired, Store};

#[derive(Debug)]
pub(crate) struct ShapedStore {
    redis: Arc<RedisStore>,
    heads: &'static dyn Heads,
    /// As what an entry is asked for first. One that is not of this type takes a second round trip.
    kind: ShapeKind,
}

impl ShapedStore {
    pub(crate) fn new(redis: Arc<RedisStore>, heads: &'static dyn Heads, kind: ShapeKind) -> Self {
        Self { redis, heads, kind }
    }

    /// The store beneath.
    pub(crate) fn inner(&self) -> &RedisStore {
        &self.redis
    }

    /// What is at a key, and how long it has left. One round trip for an entry and for nothing; a lease takes another, for it is of another type.
    async fn entry(&self, key: &str, until: Instant) -> Result<(Found, Left), Error> {
        let command = whole::command(self.kind, key);
        let request = KeyRequest { doing: "read", is_write: false, action: KeyAction::Timed(&command) };
        let Value::Array(answer) = self.redis.at_key(key, request, until).await? else {
            return self.entry_or_lease(key, None, until).await;
        };
        let answer: [Value; 2] = answer.try_into().map_err(|_| strange("read"))?;
        whole::found(self.heads, key, self.kind, answer).ok_or_else(|| strange("read"))
    }

    /// What is at a key, of whatever type. Puts the lease there where nothing is.
    async fn entry_or_lease(
        &self,
        key: &str,
        lease: Option<(&CasToken, Duration)>,
        until: Instant,
    ) -> Result<(Found, Left), Error> {
        let millis = millis_text(lease.map(|(_, ttl)| ttl));
        let mark = lease.map_or(&[][..], |(mark, _)| mark);
        let action = KeyAction::Script(&SHAPED_READ, &[key], &[mark, &millis]);
        let request = KeyRequest { doing: "read", is_write: lease.is_some(), action };
        let answer = self.redis.at_key(key, request, until).await?;
        whole::found_by_script(self.heads, key, answer).ok_or_else(|| strange("read"))
    }

    /// Says whether it was done.
    async fn write(
        &self,
        key: &str,
        (todo, mark): (&[u8], &[u8]),
        ttl: Option<Duration>,
        words: &[&[u8]],
        until: Instant,
    ) -> Result<bool, Error> {
        let millis = millis_text(ttl);
        let arguments: Vec<&[u8]> = [todo, mark, &millis].into_iter().chain(words.iter().copied()).collect();
        let doing = sized("store", words.iter().max_by_key(|word| word.len()).copied().unwrap_or_default());
        let action = KeyAction::Script(&SHAPED_WRITE, &[key], &arguments);
        // A lease in place of something else: whoever asks for it waits, as for any lease.
        let is_lease = matches!(words, [b"SET", lease] if lease.len() == SLOT_LEN);
        let request = KeyRequest { doing: &doing, is_write: is_lease, action };
        match self.redis.at_key(key, request, until).await? {
            Value::Int(done) => Ok(done > 0),
            _ => Err(strange("store")),
        }
    }

    /// Replaces one field of a hash, and its head, if it still begins with the mark; whatever else is there is removed. Says which.
    pub(crate) async fn put_field(
        &self,
        key: &str,
        mark: &CasToken,
        head: &[u8],
        (name, value): (&[u8], &[u8]),
        until: Instant,
    ) -> Result<bool, Error> {
        let words = [b"HSET", layout::HEAD_FIELD, head, name, value];
        self.write(key, (b"field", mark), None, &words, until).await
    }

    async fn swap_at(&self, Swap { key, mark, value, ttl }: Swap<'_>, until: Instant) -> Result<bool, Error> {
        let (todo, words) = layout::swap_words(self.heads, key, mark, value);
        let words: Vec<&[u8]> = words.iter().map(|word| &word[..]).collect();
        self.write(key, (todo, mark), ttl, &words, until).await
    }

    async fn set_at(&self, KeyWrite { key, value, ttl }: KeyWrite<'_>, until: Instant) -> Result<(), Error> {
        let Some(value) = value else { return self.redis.remove(&[key.as_bytes()], until).await.map(drop) };
        if self.redis.waits_for_replicas() {
            // Acknowledged by replicas, as no script is. One of them that lacks the new value has none.
            self.redis.remove(&[key.as_bytes()], until).await?;
        }
        let words = layout::written(self.heads, key, value);
        let words: Vec<&[u8]> = words.iter().map(|word| &word[..]).collect();
        self.write(key, (b"set", b""), ttl, &words, until).await.map(drop)
    }
}

/// The first error, if there is one.
fn all_done<T>(done: Vec<Result<T, Error>>) -> Result<(), Error> {
    done.into_iter().try_for_each(|done| done.map(drop))
}

impl Store for ShapedStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        self.entry(key, until).await.map(|(found, _)| found)
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        let entries = match how {
            Reading::Plain => keys.len(),
            Reading::Timed(entries) => entries,
            Reading::Tracked(_) | Reading::Replica(_) => {
                return Err(Error::new(
                    ErrorKind::Server,
                    "a value in parts is neither tracked nor read from a replica",
                ));
            }
        };
        let (entries, others) = keys.split_at(entries.min(keys.len()));
        let timed = entries.len();
        let entries = all(entries.iter().map(|key| self.entry(key, until)));
        let others = async {
            match others {
                [] => Ok(Vec::new()),
                others => self.redis.read(others, Reading::Plain, until).await.map(|several| several.found),
            }
        };
        let (entries, others) = both(Box::pin(entries), Box::pin(others)).await;
        let entries = entries.into_iter().map(|entry| entry.map(|(found, left)| (found, Some(left))));
        let others = others?.into_iter().map(|found| found.map(|found| (found, None)));
        let timed = if matches!(how, Reading::Plain) { 0 } else { timed };
        Ok(Several::of(entries.chain(others).collect(), timed, Epochs::default()))
    }

    /// Of copies in this process, which no value in parts has.
    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error> {
        self.redis.ask(asked, until).await
    }

    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Acquired {
        let acquired = leases.iter().map(async |(key, mark)| {
            self.entry_or_lease(key, Some((mark, ttl)), until).await.map(|(found, _)| found)
        });
        Ok(all(acquired).await.into())
    }

    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error> {
        self.entry_or_lease(key, Some((lease, ttl)), until).await.map(|(found, _)| Some(found))
    }

    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool> {
        Ok(all(swaps.iter().map(|swap| self.swap_at(*swap, until))).await)
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        let released = leases
            .iter()
            .map(async |(key, mark)| self.write(key, (b"release", mark), None, &[], until).await);
        all_done(all(released).await)
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.write(key, (b"clear", b""), None, &[], until).await.map(drop)
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        all_done(all(sets.iter().map(|set| self.set_at(*set, until))).await)
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.redis.remove(keys, until).await
    }

    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.redis.remove_in_order(first, then, until).await
    }

    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error> {
        self.redis.scan(prefix, from, until).await
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        self.redis.tag(keys, life, until).await
    }

    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.redis.tag_in_order(first, last, life, until).await
    }
}
