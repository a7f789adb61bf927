//! Many values in few round trips.

use std::borrow::Borrow;

use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::engine::core::by_cache;
use crate::engine::retry_queue::Key;
use crate::engine::{Encoded, Operation, STORED_AT_ONCE, put};
use crate::error::Error;
use crate::key::KeyBuf;
use crate::runtime::block_on::block_on;

impl<T> Entry<T> {
    /// Stores many values, each as [`put`](Self::put) would: one round trip for every 512 values, and two if they have tags.
    ///
    /// Like `put`, it is for values that the program is the source of. Store rows that are read to warm the cache with
    /// [`warm_up`](Self::warm_up).
    ///
    /// ```
    /// # use redis_cached::{Cache, Entry, redis_cached};
    /// #[redis_cached(ttl = 3600, key = "user:<id>")]
    /// async fn user_name(id: u64) -> String {
    ///     format!("user {id}")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// let names = [(1, "ann".to_owned()), (2, "bob".to_owned())];
    /// Entry::put_many(names.iter().map(|(id, name)| (user_name_entry(*id), name))).await?;
    /// assert_eq!(user_name(2).await, "bob");
    /// # Ok(()) }).await }
    /// ```
    ///
    /// The iterator is advanced by 512 values at a time, so the values of a whole table need not be in memory. The entries may belong to
    /// several functions and to several caches.
    ///
    /// # Errors
    /// The error of the first 512 values of which one fails: [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode a value,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if one is too large (its old value is removed, and the others of the 512 are stored), or an error of Redis. If
    /// Redis failed, all 512 entries are invalidated as soon as Redis is back. The entries after them stay as they were.
    pub async fn put_many<V: Borrow<T>>(values: impl IntoIterator<Item = (Self, V)>) -> Result<(), Error> {
        let mut values = values.into_iter();
        loop {
            let Some(chunk) = Chunk::next(values.by_ref()) else { return Ok(()) };
            chunk.put().await?;
        }
    }
}

impl<T> BlockingEntry<T> {
    /// Like [`Entry::put_many`], but blocks: for one round trip for every 512 values, and for two if they have tags. The iterator runs on the calling thread.
    ///
    /// # Errors
    /// The error of the first 512 values of which one fails: [`ErrorKind::Encode`](crate::ErrorKind::Encode), [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge), or
    /// an error of Redis. If Redis failed, the entries of these values are invalidated in the background. The entries after them stay as they were.
    pub fn put_many<V: Borrow<T>>(values: impl IntoIterator<Item = (Self, V)>) -> Result<(), Error> {
        let mut values = values.into_iter().map(|(entry, value)| (entry.into_async(), value));
        loop {
            // The caller's iterator runs outside of our wait.
            let Some(chunk) = Chunk::next(values.by_ref()) else { return Ok(()) };
            block_on(chunk.put())?;
        }
    }
}

/// An entry and what to put there; nothing if the options keep the value from being stored.
type PreparedPut<T> = (Entry<T>, Option<Encoded>);

/// As many as are sent at once.
struct Chunk<T> {
    puts: Vec<PreparedPut<T>>,
    /// Why one of the values cannot be stored. Its entry is removed.
    refused: Result<(), Error>,
}

impl<T> Chunk<T> {
    fn next<V: Borrow<T>>(values: impl Iterator<Item = (Entry<T>, V)>) -> Option<Self> {
        let mut refused = Ok(());
        let encode = |(entry, value): (Entry<T>, V)| {
            let encoded = entry.encode_to_put(value.borrow()).unwrap_or_else(|error| {
                refused = Err(error);
                None
            });
            (entry, encoded)
        };
        let puts: Vec<_> = values.take(STORED_AT_ONCE).map(encode).collect();
        (!puts.is_empty()).then_some(Self { puts, refused })
    }

    async fn put(self) -> Result<(), Error> {
        let Self { puts, refused: mut all } = self;
        for (cache, mut puts) in by_cache(puts, |(entry, _)| &entry.call().cache) {
            let names: Vec<KeyBuf> = puts.iter().map(|(entry, _)| entry.call().key.clone()).collect();
            let keys: Vec<Key<'_>> = names.iter().map(|name| Key::entry(name)).collect();
            let operation = Operation::begin(cache.arc(), &keys, None);
            let puts = puts.iter_mut().map(|(entry, encoded)| (entry.call(), encoded.take()));
            all = all.and(operation.end(put(&mut puts.collect::<Vec<_>>()).await));
        }
        all
    }
}
