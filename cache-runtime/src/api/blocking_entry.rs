//! `BlockingEntry`: the same entry for code that is not async.

use std::time::Duration;

use super::after_lookup::Begun;
use super::entry::Entry;
use super::shared_error::Sharing;
use crate::error::Error;
use crate::policy::ttl::Ttl;
use crate::runtime::block_on::block_on;

/// An [`Entry`] whose methods block the thread instead of being async. Made by [`Entry::blocking`].
///
/// Works with and without a runtime, on any thread of any kind of runtime. The I/O runs on a thread of the library's, the
/// computation on the caller's.
#[derive(Debug, Clone)]
pub struct BlockingEntry<T>(Entry<T>);

impl<T> BlockingEntry<T> {
    pub(crate) fn new(entry: Entry<T>) -> Self {
        Self(entry)
    }

    pub(crate) fn into_async(self) -> Entry<T> {
        self.0
    }

    /// As [`Entry::key`].
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key()
    }

    /// As [`Entry::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self) -> Result<Option<T>, Error> {
        block_on(self.0.get())
    }

    /// As [`Entry::put`].
    ///
    /// # Errors
    /// As there.
    pub fn put(&self, value: &T) -> Result<(), Error> {
        block_on(self.0.put(value))
    }

    /// As [`Entry::invalidate`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate(&self) -> Result<(), Error> {
        block_on(self.0.invalidate())
    }

    /// As [`Entry::ttl`].
    ///
    /// # Errors
    /// As there.
    pub fn ttl(&self) -> Result<Option<Ttl>, Error> {
        block_on(self.0.ttl())
    }

    /// As [`Entry::invalidate_with_hold`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_with_hold(&self, hold: Duration) -> Result<(), Error> {
        block_on(self.0.invalidate_with_hold(hold))
    }

    /// As [`Entry::get_or_compute`].
    pub fn get_or_compute(&self, compute: impl FnOnce() -> T) -> T {
        self.begin().or_compute_blocking(compute)
    }

    /// As [`Entry::refresh_with`].
    pub fn refresh_with(&self, compute: impl FnOnce() -> T) -> T {
        block_on(self.0.begin_fresh()).or_compute_blocking(compute)
    }

    /// As [`Entry::try_refresh_with`].
    ///
    /// # Errors
    /// The error of `compute`, never one of the cache.
    pub fn try_refresh_with<E>(&self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        block_on(self.0.begin_fresh()).or_try_compute_blocking(Sharing::NONE, compute)
    }

    /// As [`Entry::get_or_try_compute`].
    ///
    /// # Errors
    /// The error of `compute`, never one of the cache.
    pub fn get_or_try_compute<E>(&self, compute: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.get_or_try_compute_sharing(Sharing::NONE, compute)
    }

    /// As [`Entry::get_or_try_compute_sharing`].
    ///
    /// # Errors
    /// As there.
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
    pub fn begin(&self) -> Begun<'_, T> {
        block_on(self.0.begin())
    }
}
