//! `BlockingEntry`: the same entry for code that is not async.

use std::time::Duration;

use super::after_lookup::AfterLookup;
use super::entry::Entry;
use super::lookup::Lookup;
use super::shared_error::Sharing;
use crate::error::Error;
use crate::policy::ttl::Ttl;
use crate::runtime::block_on::block_on;

/// An [`Entry`] whose methods block the thread instead of being async. Made by [`Entry::blocking`].
///
/// Works with and without a runtime, on any thread of any kind of runtime. The I/O runs on a thread of the library, computations run on the calling thread.
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # Cache::memory().sync_scope(|| {
/// let entry = square_entry(12).blocking();
/// assert_eq!(entry.get()?, None);
/// assert_eq!(square(12), 144);
/// assert_eq!(entry.get()?, Some(144));
/// entry.invalidate()?;
/// # Ok::<(), redis_cached::Error>(()) })?;
/// # Ok::<(), redis_cached::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockingEntry<T>(Entry<T>);

impl<T> BlockingEntry<T> {
    pub(crate) fn new(entry: Entry<T>) -> Self {
        Self(entry)
    }

    #[cfg(feature = "testing")]
    pub(crate) fn as_async(&self) -> &Entry<T> {
        &self.0
    }

    pub(crate) fn into_async(self) -> Entry<T> {
        self.0
    }

    /// The key in Redis, the cache's prefix included; see [`Entry::key`].
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key()
    }

    /// Like [`Entry::get`], but blocks: for one round trip, and for two if the value names tags.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub fn get(&self) -> Result<Option<T>, Error> {
        block_on(self.0.get())
    }

    /// Like [`Entry::lookup`], but blocks: for one round trip, unless the value is cached locally, and for two if the value names tags.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub fn lookup(&self) -> Result<Option<Lookup<T>>, Error> {
        block_on(self.0.lookup())
    }

    /// Like [`Entry::put`], but blocks: for one round trip, and for two if the entry has tags.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the value, [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if it is too
    /// large; the old value is removed then. Otherwise an error if Redis cannot be reached, refuses the command, or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline); the entry is then invalidated in the background.
    pub fn put(&self, value: &T) -> Result<(), Error> {
        block_on(self.0.put(value))
    }

    /// Like [`Entry::invalidate`], but blocks for its round trip.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background.
    pub fn invalidate(&self) -> Result<(), Error> {
        block_on(self.0.invalidate())
    }

    /// Like [`Entry::ttl`], but blocks: for one round trip, and for two if the value names tags.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub fn ttl(&self) -> Result<Option<Ttl>, Error> {
        block_on(self.0.ttl())
    }

    /// Like [`Entry::invalidate_with_hold`], but blocks for its round trip.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background, with the remaining hold.
    pub fn invalidate_with_hold(&self, hold: Duration) -> Result<(), Error> {
        block_on(self.0.invalidate_with_hold(hold))
    }

    /// Like [`Entry::get_or_compute`], but blocks: for one round trip on a hit, and for three on a miss, because it returns when the value is stored.
    pub fn get_or_compute(&self, compute: impl FnOnce() -> T) -> T {
        self.begin().or_compute_blocking(compute)
    }

    /// Like [`Entry::refresh_with`], but blocks: for three round trips, because it returns when the value is stored.
    pub fn refresh_with(&self, compute: impl FnOnce() -> T) -> T {
        block_on(self.0.begin_forced()).or_compute_blocking(compute)
    }

    /// Like [`Entry::try_refresh_with`], but blocks: for three round trips, because it returns when the value is stored.
    ///
    /// # Errors
    /// The error of `compute`, never an error of the cache.
    pub fn try_refresh_with<E>(&self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        block_on(self.0.begin_forced()).or_try_compute_blocking(Sharing::NONE, compute)
    }

    /// Like [`Entry::get_or_try_compute`], but blocks: for one round trip on a hit, and for three on a miss, because it returns when the value is stored.
    ///
    /// # Errors
    /// The error of `compute`, never an error of the cache.
    pub fn get_or_try_compute<E>(&self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.get_or_try_compute_sharing(Sharing::NONE, compute)
    }

    /// [`get_or_try_compute`](Self::get_or_try_compute) for errors that can be cloned. Expansions call it.
    ///
    /// # Errors
    /// The error of `compute`, or a clone of the error of the computation that this call waited for.
    #[doc(hidden)]
    pub fn get_or_try_compute_sharing<E>(
        &self,
        sharing: Sharing<E>,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin().or_try_compute_blocking(sharing, compute)
    }

    /// As [`Entry::begin`].
    #[doc(hidden)]
    pub fn begin(&self) -> AfterLookup<'_, T> {
        block_on(self.0.begin())
    }
}

impl<T> Entry<T> {
    /// The same operations for code that is not async. They need no runtime.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// # Cache::memory().sync_scope(|| {
    /// square_entry(12).blocking().invalidate()?;
    /// # Ok::<(), redis_cached::Error>(()) })?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[must_use]
    pub fn blocking(&self) -> BlockingEntry<T> {
        BlockingEntry::new(self.clone())
    }
}
