//! `Entry`: one key of one function, typed.

mod decode;
mod encode;
mod finish;
mod hooks;
mod read;
mod write;

use std::fmt;

use crate::engine::bypass::is_bypassed;
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{Call, CallKey, Question, Reader};
use crate::key::KeyBuf;

pub(crate) use decode::Served;
pub(crate) use hooks::Hooks;

/// The cache entry of one call of an annotated function: its key, its type, and the operations on it.
///
/// `get_user_entry(42)` is the entry of `get_user(…, 42)`. Both make the key from one template, so the two cannot drift apart.
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// # Cache::memory().scope(async {
/// let entry = square_entry(12);
/// assert_eq!(entry.get().await?, None);
/// square(12).await;
/// assert_eq!(entry.get().await?, Some(144));
/// entry.invalidate().await?;
/// # Ok(()) }).await }
/// ```
///
/// Methods wait no longer than the cache's [deadline](crate::CacheBuilder::deadline). If Redis cannot be reached, refuses a command or does not answer by then, they
/// return an [`Error`](crate::Error): unlike an annotated call, they cannot compute instead.
pub struct Entry<T> {
    call: Call,
    hooks: Hooks<T>,
}

impl<T> Entry<T> {
    pub(crate) fn new(call: Call, hooks: Hooks<T>) -> Self {
        Self { call, hooks }
    }

    /// The key in Redis, the cache's prefix included. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # Cache::memory().sync_scope(|| {
    /// assert_eq!(square_entry(12).key(), "square:12");
    /// # });
    /// ```
    #[must_use]
    pub fn key(&self) -> &str {
        &self.call.key
    }

    /// The value that this process keeps. First of all, and on its own: what follows is many times dearer, if only to set up.
    #[inline]
    pub(crate) fn local_hit(&self) -> Option<T> {
        if self.hooks.local.is_none() || is_bypassed(self.call.cache.arc()) {
            return None;
        }
        self.local_hit_at(self.call.question())
    }

    /// The same, of a call that returns it at once. Where every hit is verified, none does.
    #[inline]
    pub(crate) fn hit_at_once(&self) -> Option<T> {
        #[cfg(feature = "testing")]
        if self.call.cache().verify.all {
            return None;
        }
        self.local_hit()
    }

    /// The same for any key of the function.
    #[inline]
    pub(crate) fn local_hit_at(&self, question: Question<'_>) -> Option<T> {
        let value = self.hooks.local?.give(self.reader().local_hit(question)?)?;
        self.call.function.counters.local_hits.count();
        #[cfg(feature = "testing")]
        self.call.note(CallSource::Local, question.key);
        Some(value)
    }

    #[inline]
    pub(crate) fn reader(&self) -> Reader<'_> {
        let Hooks { codec, local, serves_absence, .. } = self.hooks;
        let noted = self.call.cache().pending.takeovers.note();
        Reader { call: &self.call, codec, keeps: local.is_some(), serves_absence, values: &self.hooks, noted }
    }

    /// The entry of one key of the function's, where this one is what the keys of a batch have in common.
    pub(crate) fn at(&self, key: KeyBuf, name: &CallKey) -> Self {
        let Call { cache, function, policy, .. } = &self.call;
        let (cache, function, tags) = (cache.clone(), function.clone(), name.tags.clone());
        Self { call: Call { cache, function, key, policy: *policy, tags }, hooks: self.hooks }
    }

    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    pub(crate) fn hooks(&self) -> &Hooks<T> {
        &self.hooks
    }

    pub(crate) fn codec(&self) -> u8 {
        self.hooks.codec
    }
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), hooks: self.hooks }
    }
}

impl<T> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.call.key)
            .field("policy", &self.call.policy)
            .finish_non_exhaustive()
    }
}
