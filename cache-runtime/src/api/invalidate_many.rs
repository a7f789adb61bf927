//! Many invalidations in one round trip.

use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::engine::core::{Core, by_cache};
use crate::engine::remove_all;
use crate::engine::retry_queue::Key;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::runtime::block_on::block_on;
use crate::runtime::executor::all;
use crate::util::maybe_static::MaybeStatic;

impl<T> Entry<T> {
    /// Removes many stored values, each as [`invalidate`](Self::invalidate) would: one round trip for all of them.
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
    /// # user_name(1).await;
    /// Entry::invalidate_many([1, 2].map(user_name_entry)).await?;
    /// assert_eq!(user_name_entry(1).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// The entries may belong to several functions and to several caches, which are asked at the same time. Redis removes the entries of one cache
    /// by one command, during which it serves nobody else: pass many thousands in parts. Without entries nothing is sent.
    ///
    /// # Errors
    /// The first error of a cache whose Redis cannot be reached, refuses the command, or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline). All its invalidations are then retried in the background, as described at [`invalidate`](Self::invalidate); those of
    /// other caches are made.
    pub async fn invalidate_many(entries: impl IntoIterator<Item = Self>) -> Result<(), Error> {
        let mut nameless = Ok(());
        let keys = entries.into_iter().filter_map(|entry| {
            if let Err(error) = entry.call().named() {
                nameless = Err(error);
                return None;
            }
            entry.call().function.is_invalidated();
            Some((entry.call().cache.clone(), entry.call().key.clone()))
        });
        let caches = by_cache(keys, |(cache, _)| cache);
        // The future holds neither the iterator nor an entry, which need not be `Send`.
        async move {
            let done: Result<(), Error> =
                all(caches.into_iter().map(remove_of_one_cache)).await.into_iter().collect();
            done.and(nameless)
        }
        .await
    }
}

impl<T> BlockingEntry<T> {
    /// Like [`Entry::invalidate_many`], but blocks, for one round trip. The iterator runs on the calling thread.
    ///
    /// # Errors
    /// The first error of a cache whose Redis cannot be reached, refuses the command, or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline). All its invalidations are then retried in the background.
    pub fn invalidate_many(entries: impl IntoIterator<Item = Self>) -> Result<(), Error> {
        let entries: Vec<Entry<T>> = entries.into_iter().map(Self::into_async).collect();
        block_on(Entry::invalidate_many(entries))
    }
}

async fn remove_of_one_cache(
    (cache, entries): (MaybeStatic<Core>, Vec<(MaybeStatic<Core>, KeyBuf)>),
) -> Result<(), Error> {
    let keys: Vec<Key<'_>> = entries.iter().map(|(_, key)| Key::entry(key)).collect();
    remove_all(cache.arc(), &keys).await
}
