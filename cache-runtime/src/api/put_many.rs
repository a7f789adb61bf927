//! Many values in few round trips.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::blocking_entry::BlockingEntry;
use super::entry::Entry;
use crate::engine::Encoded;
use crate::engine::batch::STORED_AT_ONCE;
use crate::engine::core::Core;
use crate::engine::retry_queue::{Key, Operation};
use crate::entry::header;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::runtime::block_on::block_on;
use crate::store::Store;
use crate::store::vocabulary::Set;
use crate::store::vocabulary::TagTtl;
use crate::util::clock::after;
use crate::util::process;

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
type Put<T> = (Entry<T>, Option<Encoded>);

/// As many as are sent at once.
struct Chunk<T> {
    puts: Vec<Put<T>>,
    /// Why one of the values cannot be stored. Its entry is removed.
    refused: Result<(), Error>,
}

impl<T> Chunk<T> {
    fn next<V: Borrow<T>>(values: impl Iterator<Item = (Entry<T>, V)>) -> Option<Self> {
        let mut refused = Ok(());
        let encode = |(entry, value): (Entry<T>, V)| {
            let (key, nonces) = (entry.key(), entry.no_nonces());
            let encoded = entry.encode(process::current(), key, value.borrow(), Duration::ZERO, &nonces);
            let encoded = encoded.unwrap_or_else(|error| {
                refused = Err(error);
                None
            });
            (entry, encoded)
        };
        let puts: Vec<_> = values.take(STORED_AT_ONCE).map(encode).collect();
        (!puts.is_empty()).then_some(Self { puts, refused })
    }

    async fn put(self) -> Result<(), Error> {
        let Self { mut puts, refused } = self;
        let mut all = refused;
        while let Some((first, _)) = puts.first() {
            let cache = Arc::clone(first.call().cache.arc());
            let (of_cache, others) =
                puts.into_iter().partition(|(entry, _)| Arc::ptr_eq(entry.call().cache.arc(), &cache));
            let mut of_cache: Vec<Put<T>> = of_cache;
            puts = others;
            let names: Vec<KeyBuf> = of_cache.iter().map(|(entry, _)| entry.call().key.clone()).collect();
            let keys: Vec<Key<'_>> = names.iter().map(|name| Key::Entry(name)).collect();
            let operation = Operation::begin(&cache, &keys, None);
            all = all.and(operation.end(store(&cache, &mut of_cache).await));
        }
        all
    }
}

/// Stores what is of one cache.
async fn store<T>(cache: &Core, puts: &mut [Put<T>]) -> Result<(), Error> {
    let until = after(cache.deadline);
    tag(cache, puts, until).await?;
    let sets = puts.iter().map(|(entry, encoded)| match encoded {
        Some(Encoded { bytes, lifetime, .. }) => {
            Set { key: entry.key(), value: Some(bytes), ttl: lifetime.total() }
        }
        None => Set { key: entry.key(), value: None, ttl: None },
    });
    cache.store.set_many(&sets.collect::<Vec<Set<'_>>>(), until).await
}

/// Puts the nonces into the values that their tags have now: one question for all of them.
async fn tag<T>(cache: &Core, puts: &mut [Put<T>], until: Instant) -> Result<(), Error> {
    let tagged = puts.iter_mut().filter_map(|(entry, encoded)| {
        let (tags, encoded) = (entry.call().tags.as_ref()?, encoded.as_mut()?);
        Some((entry.key(), [tags.of_arguments(), &encoded.named].concat(), encoded))
    });
    let tagged: Vec<(&str, Vec<KeyBuf>, &mut Encoded)> = tagged.collect();
    // Entries share tags, and each is asked for once.
    let keys: BTreeMap<&str, &KeyBuf> =
        tagged.iter().flat_map(|(_, keys, _)| keys).map(|key| (&**key, key)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<KeyBuf> = keys.into_values().cloned().collect();
    let lives = tagged.iter().map(|(.., encoded)| encoded.lifetime.total());
    let longest = lives.max_by_key(|total| total.unwrap_or(Duration::MAX)).flatten();
    let nonces = cache.store.tag(&keys, TagTtl::of_entry(longest), until).await?;
    for (key, of_entry, encoded) in tagged {
        let place = |key: &KeyBuf| keys.binary_search_by(|other| str::cmp(other, key)).ok();
        let nonces: Vec<_> = of_entry.iter().filter_map(|key| nonces.get(place(key)?).copied()).collect();
        header::set_tags(key, &mut encoded.bytes, &nonces);
    }
    Ok(())
}
