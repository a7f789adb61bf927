//! Warm-up: many values that are read from where they come from, and stored as those of calls are.
//!
//! Who has read a row and then stores it may be late: the row has changed and its entry was invalidated in between. So the order is
//! that of a call: a lease, then the reading, then a store that compares.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::engine::{ComputeGuard, STORED_AT_ONCE};
use crate::error::Error;
use crate::runtime::block_on::block_on;
use crate::runtime::executor::all;
use crate::util::process;

impl<T> Entry<T> {
    /// Begins to store the missing ones of many entries: takes a lease for each entry that has no value. Then read the values that [`WarmUp::missing`] names, and
    /// pass them to [`WarmUp::store`].
    ///
    /// ```
    /// # use redis_cached::{Cache, Entry, redis_cached};
    /// #[redis_cached(ttl = 3600, key = "user:<id>")]
    /// async fn user_name(id: u64) -> String {
    ///     format!("user {id}")
    /// }
    ///
    /// # async fn names_of(ids: &[u64]) -> Vec<(u64, String)> {
    /// #     ids.iter().map(|id| (*id, format!("user {id}"))).collect()
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// let ids: Vec<u64> = (1..=2000).collect();
    /// for ids in ids.chunks(500) {
    ///     let warm_up = Entry::warm_up(ids.iter().map(|id| (*id, user_name_entry(*id)))).await?;
    ///     let rows = names_of(warm_up.missing()).await; // one query: … where id in (…)
    ///     warm_up.store(rows).await?;
    /// }
    /// assert_eq!(user_name_entry(1234).get().await?.as_deref(), Some("user 1234"));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// Each entry comes with a name of the caller's choice, which identifies it in `missing` and `store`. Entries that have a value, or that
    /// another caller computes, are skipped. An invalidation after the lease wins, as it does over every call, so a warm-up may run
    /// beside a program that writes. The entries may belong to several functions and to several caches.
    ///
    /// Two round trips for every 512 entries, which together wait no longer than one deadline. More entries at once are not faster, and their leases are
    /// held longer. Callers of a key that has a lease wait for its value.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses a command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The leases are then given back.
    pub async fn warm_up<K>(entries: impl IntoIterator<Item = (K, Self)>) -> Result<WarmUp<K, T>, Error> {
        let (mut keys, mut held) = (Vec::new(), Vec::new());
        let mut entries = entries.into_iter();
        loop {
            let (names, some): (Vec<K>, Vec<Self>) = entries.by_ref().take(STORED_AT_ONCE).unzip();
            if names.is_empty() {
                return Ok(WarmUp { missing: keys, held });
            }
            let leases = some.iter().map(|entry| async {
                let until = entry.call().until();
                entry.reader().begin_warm_up(until).await
            });
            // Those that were granted are given back if one fails.
            let guards: Vec<_> = all(leases).await.into_iter().collect::<Result<_, _>>()?;
            for ((key, entry), guard) in names.into_iter().zip(some).zip(guards) {
                if let Some(mut guard) = guard {
                    guard.begin(entry.call());
                    keys.push(key);
                    held.push((entry, guard));
                }
            }
        }
    }
}

/// Leases of many entries, whose values are to be read and [stored](Self::store). Made by [`Entry::warm_up`].
///
/// The leases are renewed for as long as this value lives, and given back when it is dropped.
#[must_use = "the values are to be read and stored"]
pub struct WarmUp<K, T> {
    missing: Vec<K>,
    /// One for each of them.
    held: Vec<(Entry<T>, Box<ComputeGuard>)>,
}

impl<K, T> WarmUp<K, T> {
    /// The names of the entries that had no value. Read their values now, and not before.
    #[must_use]
    pub fn missing(&self) -> &[K] {
        &self.missing
    }

    /// Stores the values that were read, as calls of the function would, and returns how many were stored. One round trip for every 512 values, and two if they have
    /// tags.
    ///
    /// A value is not stored if its entry was not missing, if it has been invalidated meanwhile, or if the function's options prevent it.
    /// A missing entry without a value stays as it was.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) or [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if a value cannot be stored, or an error of Redis. All other
    /// values are stored nevertheless.
    pub async fn store<V: Borrow<T>>(self, values: impl IntoIterator<Item = (K, V)>) -> Result<usize, Error>
    where
        K: Eq + Hash,
    {
        let mut held: HashMap<K, _> = self.missing.into_iter().zip(self.held).collect();
        let mut values = values.into_iter();
        let (mut stored, mut failed) = (0, None);
        loop {
            let mut is_over = true;
            let mut some = Vec::new();
            for (key, value) in values.by_ref().take(STORED_AT_ONCE) {
                is_over = false;
                let Some((entry, guard)) = held.remove(&key) else { continue };
                let (process, question) = (process::current(), entry.call().question());
                match entry.encode(process, question, value.borrow(), guard.compute_time(), guard.nonces()) {
                    Ok(Some(encoded)) => some.push((entry, guard, encoded)),
                    Ok(None) => entry.call().declined(entry.key()),
                    Err(error) => failed = Some(error),
                }
            }
            if is_over {
                return failed.map_or(Ok(stored), Err);
            }
            let stores = some
                .into_iter()
                .map(|(entry, guard, encoded)| async move { guard.store_now(entry.call(), encoded).await });
            for done in all(stores).await {
                match done {
                    Ok(done) => stored += usize::from(done),
                    Err(error) => failed = Some(error),
                }
            }
        }
    }
}

impl<K, T> std::fmt::Debug for WarmUp<K, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarmUp").field("missing", &self.missing.len()).finish_non_exhaustive()
    }
}

impl<T> BlockingEntry<T> {
    /// Like [`Entry::warm_up`], but blocks: for two round trips for every 512 entries.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses a command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The leases are then given back.
    pub fn warm_up<K>(entries: impl IntoIterator<Item = (K, Self)>) -> Result<BlockingWarmUp<K, T>, Error> {
        let entries: Vec<_> = entries.into_iter().map(|(key, entry)| (key, entry.into_async())).collect();
        block_on(Entry::warm_up(entries)).map(BlockingWarmUp)
    }
}

/// A [`WarmUp`] for code that is not async. Made by [`BlockingEntry::warm_up`].
#[derive(Debug)]
#[must_use = "the values are to be read and stored"]
pub struct BlockingWarmUp<K, T>(WarmUp<K, T>);

impl<K, T> BlockingWarmUp<K, T> {
    /// The names of the entries that had no value; see [`WarmUp::missing`].
    #[must_use]
    pub fn missing(&self) -> &[K] {
        self.0.missing()
    }

    /// Like [`WarmUp::store`], but blocks: for one round trip for every 512 values, and for two if they have tags. The iterator runs on the calling thread.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) or [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if a value cannot be stored, or an error of Redis. All other
    /// values are stored nevertheless.
    pub fn store<V: Borrow<T>>(self, values: impl IntoIterator<Item = (K, V)>) -> Result<usize, Error>
    where
        K: Eq + Hash,
    {
        // The caller's iterator runs outside of our wait.
        let values: Vec<_> = values.into_iter().collect();
        block_on(self.0.store(values))
    }
}
