//! Writes to one key: a value, or its removal.

use std::time::Duration;

use super::Entry;
use crate::engine::retry_queue::Key;
use crate::engine::{Operation, put, remove};
use crate::error::Error;

impl<T> Entry<T> {
    /// Stores `value` as a call would have, with the function's TTL, in place of whatever is there. One round trip, and two if the entry has tags.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square_entry(12).put(&145).await?;
    /// assert_eq!(square(12).await, 145); // not computed
    /// # Ok(()) }).await }
    /// ```
    ///
    /// A running computation will not overwrite it. If the function's options prevent the store (`cache_if`, a `None` without
    /// `negative_ttl`, a TTL of zero), the entry is removed instead: after `put`, an older value is never served.
    ///
    /// Use it for values that the program is the source of, and whose only writer it is. A row that was read may be older than an
    /// invalidation that has come since, which `put` would overwrite; for rows use [`warm_up`](Self::warm_up) or
    /// [`refresh_with`](Self::refresh_with).
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the value, and
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if it takes more than [`max_value_size`](crate::CacheBuilder::max_value_size) or the function's `max_size`; the old value is
    /// removed then. [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if the function is `sealed` and the cache has no keyring. Otherwise an error if Redis cannot be reached, refuses the command, or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline). In that case, and if the future is dropped meanwhile, the entry is invalidated as soon as Redis is back; see
    /// [`invalidate`](Self::invalidate).
    pub async fn put(&self, value: &T) -> Result<(), Error> {
        // Encoded before the first await, so that the future does not hold the reference.
        let encoded = self.encode_to_put(value);
        async move {
            self.call.named()?;
            self.call.function.is_invalidated();
            let key = [Key::entry(self.key())];
            let operation = Operation::begin(self.call.cache.arc(), &key, None);
            let (encoded, refused) = match encoded {
                Ok(encoded) => (encoded, Ok(())),
                // The old value is not this one either.
                Err(error) => (None, Err(error)),
            };
            let done = operation.end(put(&mut [(&self.call, encoded)]).await);
            refused.and(done)
        }
        .await
    }

    /// Removes the stored value, if any. One round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// square_entry(12).invalidate().await?;
    /// assert_eq!(square_entry(12).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// An invalidation wins over every computation that began before it: its value is returned to its callers, but not
    /// stored. Call it after the change is committed; a computation in between may read, and store, the old data.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background until Redis takes it, for a day at most; until then this cache does not use the entry. [`Stats`](crate::Stats) counts
    /// these invalidations. A cancelled one, whose future is dropped after its first poll, is retried as well: Redis may not have taken it.
    pub async fn invalidate(&self) -> Result<(), Error> {
        self.remove(None).await
    }

    /// Removes the stored value, and prevents any other from being stored for as long as `hold`: for a database whose replicas
    /// lag, so that nobody caches what a replica still returns. One round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square_entry(12).invalidate_with_hold(Duration::from_secs(2)).await?;
    /// square(12).await; // computed, and not stored
    /// assert_eq!(square_entry(12).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// Meanwhile each call computes for itself. A later [`put`](Self::put) or [`invalidate`](Self::invalidate) ends the hold.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background, with the remaining hold, as described at [`invalidate`](Self::invalidate).
    pub async fn invalidate_with_hold(&self, hold: Duration) -> Result<(), Error> {
        self.remove(Some(hold)).await
    }

    async fn remove(&self, hold: Option<Duration>) -> Result<(), Error> {
        self.call.named()?;
        self.call.function.is_invalidated();
        let key = [Key::entry(self.key())];
        let operation = Operation::begin(self.call.cache.arc(), &key, hold);
        operation.end(remove(self.call.cache(), self.key(), hold).await)
    }
}
