//! What a look-up of an entry tells beside its value.

use std::time::Duration;

use super::entry::Entry;
use crate::error::Error;

/// A value that was found, and what is known of it: from [`Entry::lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup<T> {
    /// The value.
    pub value: T,
    /// Where it was found.
    pub source: Source,
    /// For how long it has been stored, in milliseconds as the server counts them. `None` if that is not known: the entry does not expire, or it was found
    /// locally.
    pub age: Option<Duration>,
    /// Whether its TTL is over, so that calls serve it only in a stale window: `stale_while_revalidate` or `stale_if_error`. Never for a value that was found
    /// locally.
    pub is_stale: bool,
}

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// In this process, by the option `local`, without a round trip.
    Local,
    /// In Redis, or in the memory that stands for it with `memory://`.
    Store,
}

impl<T> Entry<T> {
    /// The stored value with where it was found, how old it is, and whether it is stale; `None` if there is no valid one within its TTL and its stale windows, so
    /// that a call would be a miss. Computes nothing.
    ///
    /// ```
    /// # use redis_cached::{Cache, Source, redis_cached};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// assert_eq!(square_entry(12).lookup().await?, None);
    /// square(12).await;
    /// let lookup = square_entry(12).lookup().await?.expect("a value");
    /// assert_eq!((lookup.value, lookup.source, lookup.is_stale), (144, Source::Store, false));
    /// assert!(lookup.age < Some(Duration::from_secs(60)));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// No round trip for a value that is cached locally; otherwise one, and two if the value names tags. Unlike [`get`](Self::get), it looks into this process first, as a
    /// call does. [`Stats`](crate::Stats) counts no hit.
    ///
    /// The age is the TTL that the value was stored with, less what the server says is left, so no host's clock takes part and it is exact to a few milliseconds. It counts
    /// from when the value was stored, which is a moment after it was computed.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). An entry that is not valid is
    /// not an error.
    pub async fn lookup(&self) -> Result<Option<Lookup<T>>, Error> {
        if let Some(value) = self.peek_local() {
            return Ok(Some(Lookup { value, source: Source::Local, age: None, is_stale: false }));
        }
        let found = self.found(true).await?;
        Ok(found.map(|(value, left, lifetime)| Lookup {
            value,
            source: Source::Store,
            age: lifetime.age(left),
            is_stale: lifetime.is_stale(left),
        }))
    }
}
