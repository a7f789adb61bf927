//! Invalidation by attribute: what a function that changes data removes from its caches when it has returned.
//!
//! An expansion makes the targets before the body runs, while the arguments are there, and hands them on when the result
//! is known. What is made before owns its keys, so nothing of the arguments is borrowed meanwhile.
//!
//! Cancellation: a future may be dropped between the commit and the invalidation, and a body may panic after its commit.
//! Nobody can tell from outside, so targets that are dropped before they are settled are invalidated in the background: one
//! that was not needed costs a miss, one that is missing serves old data for a TTL.

use std::mem::take;
use std::sync::Arc;

use crate::api::cache::Cache;
use crate::api::entry::Entry;
use crate::api::global;
use crate::engine::callsite::Callsite;
use crate::engine::core::{Core, by_cache};
use crate::engine::function::Function;
use crate::engine::retry_queue::Key;
use crate::engine::{Operation, remove_all};
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::runtime::block_on::block_on;
use crate::runtime::executor::all;
use crate::tags;
use crate::tags::{Named, Tagging};
use crate::util::maybe_static::MaybeStatic;

/// Begins the targets of one call.
pub fn invalidates() -> Invalidates {
    Invalidates { targets: Vec::new(), on_error: false }
}

/// What is to be invalidated when a function has returned. Dropped before that, it is invalidated in the background.
#[allow(missing_debug_implementations, reason = "lives within one body of an expansion")]
#[must_use]
pub struct Invalidates {
    targets: Vec<InvalidationTarget>,
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

/// One key of one cache, of whatever type the value is.
pub(crate) struct InvalidationTarget {
    cache: MaybeStatic<Core>,
    key: KeyBuf,
    /// Whose entry it is, and whose statistics count a failure; a tag is no function's.
    function: Option<MaybeStatic<Function>>,
}

#[allow(missing_docs, reason = "named by expansions only")]
impl Invalidates {
    #[allow(clippy::needless_pass_by_value, reason = "what an entry's function gives, as it gives it")]
    pub fn entry<T>(mut self, entry: Entry<T>) -> Self {
        let call = entry.call();
        call.function.is_invalidated();
        let function = Some(call.function.clone());
        self.targets.push(InvalidationTarget { cache: call.cache.clone(), key: call.key.clone(), function });
        self
    }

    /// A tag of the current cache.
    #[allow(clippy::needless_pass_by_value, reason = "an expression of the user's, as it gives it")]
    pub fn tag(self, tag: impl Tagging) -> Self {
        let cache = global::current();
        self.tag_of(&cache, &tag)
    }

    #[allow(clippy::needless_pass_by_value, reason = "an expression of the user's, as it gives it")]
    pub fn tag_in(self, cache: &(impl AsRef<Cache> + ?Sized), tag: impl Tagging) -> Self {
        self.tag_of(&MaybeStatic::Counted(Arc::clone(&cache.as_ref().0)), &tag)
    }

    /// What `with` adds for each of `elements`.
    pub fn each<I: IntoIterator>(self, elements: I, with: impl FnMut(Self, I::Item) -> Self) -> Self {
        elements.into_iter().fold(self, with)
    }

    fn tag_of(mut self, cache: &MaybeStatic<Core>, tag: &impl Tagging) -> Self {
        let Some(Named { name, lead }) = tag.named() else { return self };
        if lead.is_none() {
            tags::report_if_unknown(&name);
        }
        let target =
            InvalidationTarget { cache: cache.clone(), key: tags::tag(&cache.prefix, &name), function: None };
        let is_known = |known: &InvalidationTarget| {
            known.key == target.key && Arc::ptr_eq(known.cache.arc(), cache.arc())
        };
        if !self.targets.iter().any(is_known) {
            self.targets.push(target);
        }
        self
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
        remove(&self.targets).await
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
        let done = remove(&self.targets).await;
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
        for (cache, targets) in by_cache(take(&mut self.targets), |target| &target.cache) {
            // Noted first: until Redis has taken it, this process does not use the entries, and if there is no room for the
            // work here, `pending` does it.
            let keys: Vec<Key<'_>> = targets.iter().map(InvalidationTarget::key).collect();
            drop(Operation::begin(cache.arc(), &keys, None));
            let begun = cache.background.store(0, |under_way| async move {
                drop(remove(&targets).await);
                drop(under_way);
            });
            drop(begun);
        }
    }
}

impl InvalidationTarget {
    fn key(&self) -> Key<'_> {
        match self.function {
            Some(_) => Key::entry(&self.key),
            None => Key::Tag(&self.key),
        }
    }
}

/// Removes the targets, each cache's by one command, all caches' at the same time: a frozen one keeps none waiting.
///
/// # Errors
/// The first failure.
async fn remove(targets: &[InvalidationTarget]) -> Result<(), Error> {
    let caches = by_cache(targets, |target| &target.cache);
    all(caches.into_iter().map(remove_of_one_cache)).await.into_iter().collect()
}

async fn remove_of_one_cache(
    (cache, targets): (MaybeStatic<Core>, Vec<&InvalidationTarget>),
) -> Result<(), Error> {
    let keys: Vec<Key<'_>> = targets.iter().map(|target| target.key()).collect();
    let done = remove_all(cache.arc(), &keys).await;
    if let Err(error) = &done {
        let functions = || targets.iter().filter_map(|target| target.function.as_ref());
        functions().for_each(|function| function.counters.store_errors.count());
        // One failure, one line.
        failed(&cache, functions().next().map(|function| function.site), error);
    }
    done
}

pub(crate) fn failed(cache: &Core, site: Option<&Callsite>, error: &Error) {
    let consequence = match error.kind() {
        ErrorKind::NotReplicated => "a failover may lose it",
        _ => "what was to be invalidated is tried again",
    };
    cache.log(site, error, format_args!("{consequence}"));
}
