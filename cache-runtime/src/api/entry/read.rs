//! Reads of one key, which compute nothing.

use super::Entry;
use crate::entry::header;
use crate::error::Error;
use crate::policy::Lifetime;
use crate::policy::ttl::Ttl;
use crate::store::vocabulary::Left;

impl<T> Entry<T> {
    /// The stored value; `None` if there is no valid one within its TTL and its stale windows. One round trip, and two if the value names
    /// tags. It also reads the store inside [`Cache::bypass`](crate::Cache::bypass), because it has nothing to compute.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// assert_eq!(square_entry(12).get().await?, Some(144));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// While a failed [invalidation](Self::invalidate) of the entry or of one of its tags is pending, it returns `None` without contacting Redis.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). An entry that is not valid is
    /// not an error.
    pub async fn get(&self) -> Result<Option<T>, Error> {
        Ok(self.found(false).await?.map(|(value, ..)| value))
    }

    /// The remaining lifetime of the value that [`get`](Self::get) returns, stale windows included; `None` if there is none. One round trip, in which the
    /// value is transferred as well, because only the value shows whether it is valid; two if the value names tags.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// assert!(square_entry(12).ttl().await?.expect("a value") <= Duration::from_secs(60));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub async fn ttl(&self) -> Result<Option<Ttl>, Error> {
        Ok(match self.found(true).await?.map(|(_, left, _)| left) {
            None | Some(Left::Absent) => None,
            Some(Left::Expires(left)) => Some(Ttl::Expires(left)),
            Some(Left::Never) => Some(Ttl::Never),
        })
    }

    /// The stored value, how long it is there for yet if that is asked for, and the time that it was stored for.
    pub(in crate::api) async fn found(&self, is_timed: bool) -> Result<Option<(T, Left, Lifetime)>, Error> {
        let reader = self.reader();
        if self.call.is_kept_out() || self.call.is_pending(self.call.question()) {
            return Ok(None);
        }
        let Some((bytes, left)) = reader.entry(is_timed, self.call.until()).await? else {
            return Ok(None);
        };
        let lifetime = header::checked(&bytes).map(|value| Lifetime::of(&value.meta));
        Ok(self.read_at(self.key(), &bytes).zip(lifetime).map(|(value, lifetime)| (value, left, lifetime)))
    }

    /// The value that this process has cached, which is not counted as a hit.
    pub(in crate::api) fn peek_local(&self) -> Option<T> {
        self.hooks.local?.give(self.reader().local_hit(self.call.question())?)
    }
}
