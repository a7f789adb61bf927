//! A question about a part of a value, to be awaited or waited for.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use crate::error::Error;
use crate::runtime::block_on::block_on;

/// A question about a part of a cached value, which is sent when this is awaited.
///
/// The answer is `Ok(None)` if there is no valid value, or the value is `None`. In code that is not async, call [`blocking`](Self::blocking).
#[must_use = "nothing is asked before this is awaited"]
pub struct PartRequest<'e, V>(Pin<Box<dyn Future<Output = PartResult<V>> + Send + 'e>>);

type PartResult<V> = Result<Option<V>, Error>;

impl<'e, V> PartRequest<'e, V> {
    pub(super) fn new(asking: impl Future<Output = PartResult<V>> + Send + 'e) -> Self {
        Self(Box::pin(asking))
    }

    /// Asks, and blocks the thread until the answer is there.
    ///
    /// # Errors
    /// Those of the question.
    pub fn blocking(self) -> Result<Option<V>, Error> {
        block_on(self.0)
    }
}

impl<'e, V> IntoFuture for PartRequest<'e, V> {
    type Output = PartResult<V>;
    type IntoFuture = Pin<Box<dyn Future<Output = PartResult<V>> + Send + 'e>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0
    }
}

impl<V> fmt::Debug for PartRequest<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartRequest").finish_non_exhaustive()
    }
}
