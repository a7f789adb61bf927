//! Invalidation by attribute: what a function that changes data removes from its caches when it has returned.
//!
//! An expansion makes the targets before the body runs, while the arguments are there, and hands them on when the result
//! is known. What is made before owns its keys, so nothing of the arguments is borrowed meanwhile.
//!
//! Cancellation: a future may be dropped between the commit and the invalidation, and a body may panic after its commit.
//! Nobody can tell from outside, so targets that are dropped before they are settled are invalidated in the background: one
//! that was not needed costs a miss, one that is missing serves old data for a TTL.

use std::sync::Arc;

use crate::api::cache::Cache;
use crate::api::global;
use crate::engine::targets::InvalidationTargets;
use crate::error::Error;
use crate::expansion::target_entry::TargetEntry;
use crate::runtime::block_on::block_on;
use crate::tags::Tagging;
use crate::util::maybe_static::MaybeStatic;

/// Begins the targets of one call.
pub fn invalidates() -> Invalidates {
    Invalidates { targets: InvalidationTargets::default(), on_error: false }
}

/// What is to be invalidated when a function has returned. Dropped before that, it is invalidated in the background.
#[allow(missing_debug_implementations, reason = "lives within one body of an expansion")]
#[must_use]
pub struct Invalidates {
    targets: InvalidationTargets,
    on_error: bool,
}

/// An error that a failed invalidation can become.
#[diagnostic::on_unimplemented(
    message = "`strict` cannot return a failed invalidation as `{Self}`",
    label = "needs `impl From<redis_cached::Error> for {Self}`",
    note = "write the `impl`, or with `thiserror` a variant `Cache(#[from] redis_cached::Error)`; without `strict` a failed invalidation is retried and not returned"
)]
pub trait Strict: Sized {
    /// The error.
    fn of(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> Strict for E {
    fn of(error: Error) -> Self {
        error.into()
    }
}

/// What a strict function returns.
///
/// # Errors
/// Its own error, or that of its invalidation.
pub fn strict<T, E: Strict>(result: Result<T, E>, done: Result<(), Error>) -> Result<T, E> {
    let value = result?;
    done.map_or_else(|error| Err(E::of(error)), |()| Ok(value))
}

#[allow(missing_docs, reason = "named by expansions only")]
impl Invalidates {
    pub fn entry<T>(mut self, entry: impl TargetEntry<T>) -> Self {
        self.targets.add_entry(entry.whole().call());
        self
    }

    /// A tag of the current cache.
    #[allow(clippy::needless_pass_by_value, reason = "an expression of the user's, as it gives it")]
    pub fn tag(mut self, tag: impl Tagging) -> Self {
        self.targets.add_tag(&global::current(), &tag);
        self
    }

    #[allow(clippy::needless_pass_by_value, reason = "an expression of the user's, as it gives it")]
    pub fn tag_in(mut self, cache: &(impl AsRef<Cache> + ?Sized), tag: impl Tagging) -> Self {
        self.targets.add_tag(&MaybeStatic::Counted(Arc::clone(&cache.as_ref().0)), &tag);
        self
    }

    /// What `with` adds for each of `elements`.
    pub fn each<I: IntoIterator>(self, elements: I, with: impl FnMut(Self, I::Item) -> Self) -> Self {
        elements.into_iter().fold(self, with)
    }

    /// Also if the function fails.
    pub fn on_error(mut self) -> Self {
        self.on_error = true;
        self
    }

    /// Invalidates before the body, and keeps the targets for after it.
    pub async fn before(&self) {
        drop(self.try_before().await);
    }

    pub fn before_blocking(&self) {
        block_on(self.before());
    }

    /// The same, for a function that fails where this does.
    ///
    /// # Errors
    /// The first failure. All are made up for in the background.
    pub async fn try_before(&self) -> Result<(), Error> {
        self.targets.remove().await
    }

    /// The same for blocking functions.
    ///
    /// # Errors
    /// The first failure.
    pub fn try_before_blocking(&self) -> Result<(), Error> {
        block_on(self.try_before())
    }

    /// What is left to do after a result, of which `ok` is the value if it is no error.
    pub fn after<R>(self, ok: Option<&R>) -> Self {
        self.after_with(ok, |targets, _| targets)
    }

    /// The same, with targets that the value tells.
    pub fn after_with<R>(mut self, ok: Option<&R>, with: impl FnOnce(Self, &R) -> Self) -> Self {
        match ok {
            Some(value) => with(self, value),
            None => {
                if !self.on_error {
                    self.targets.clear();
                }
                self
            }
        }
    }

    /// Removes all of them: one command for each cache. A failure is counted, logged and made up for in the background.
    pub async fn invalidate(self) {
        drop(self.try_invalidate().await);
    }

    pub fn invalidate_blocking(self) {
        block_on(self.invalidate());
    }

    /// The same, for a function that fails where this does.
    ///
    /// # Errors
    /// The first failure. All are made up for in the background.
    pub async fn try_invalidate(mut self) -> Result<(), Error> {
        let done = self.targets.remove().await;
        // Only now: dropped while it waits, it begins anew in the background.
        self.targets.clear();
        done
    }

    /// The same for blocking functions.
    ///
    /// # Errors
    /// The first failure.
    pub fn try_invalidate_blocking(self) -> Result<(), Error> {
        block_on(self.try_invalidate())
    }

    /// There is nothing left to do.
    pub(crate) fn disarm(mut self) {
        self.targets.clear();
    }
}

impl Drop for Invalidates {
    fn drop(&mut self) {
        self.targets.remove_in_background();
    }
}
