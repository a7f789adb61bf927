//! A cache: a store and what belongs to it.

use crate::engine::core::Core;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use super::blocking_cache::BlockingCache;
use super::builder::CacheBuilder;
use super::global;
use super::stats::Stats;
use crate::engine;
use crate::engine::bypass;
use crate::engine::prefix_sweep::Sweep;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::runtime::executor;
use crate::tags;
use crate::tags::Tag;
use crate::util::clock::after;

/// Where annotated functions keep their values. Cloning is cheap and gives the same cache.
///
/// A function without the `cache` option uses [`Cache::global`]. Nothing that happens to a cache fails or delays an
/// annotated call: see [`CacheBuilder::deadline`].
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Core>);

impl Cache {
    /// Connects to `url` with the defaults of [`CacheBuilder`]; see there for the forms of a URL.
    ///
    /// # Errors
    /// Fails fast, within two seconds, and never with the password in the message: [`ErrorKind::Url`],
    /// [`ErrorKind::Connection`] or [`ErrorKind::Timeout`] for an unreachable server, [`ErrorKind::Permission`] for a wrong
    /// password. Use [`CacheBuilder::connect_lazy`] to start without the server.
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder().url(url).connect().await
    }

    /// A cache with options.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// A cache within this process, of 256 MiB at most: for tests, for development, and to look around without a server.
    #[must_use]
    pub fn memory() -> Self {
        Self::builder().memory()
    }

    /// Makes this the cache of all functions without the `cache` option.
    ///
    /// # Errors
    /// [`ErrorKind::GlobalAlreadySet`] if there is one already, be it that [`Cache::global`] made it. Set it first thing
    /// in `main`.
    pub fn set_global(&self) -> Result<(), Error> {
        global::set(self)
    }

    /// The cache of functions without the `cache` option: within [`scope`](Self::scope) that one, else the one that
    /// [`set_global`](Self::set_global) set, else one that connects at first use to the URL in the environment variable
    /// `REDIS_URL`, else to `redis://127.0.0.1:6379`.
    ///
    /// If `REDIS_URL` is set and is not a URL that can be used, be it empty, this is logged once as an error, and every call computes.
    #[must_use]
    pub fn global() -> Self {
        Self(Arc::clone(global::current().arc()))
    }

    /// Runs `future` with this cache in place of the global one, so that tests run side by side.
    ///
    /// Holds for the future itself, not for tasks that it spawns.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        global::scope(self.clone(), future).await
    }

    /// Runs `work` with this cache in place of the global one, for blocking functions.
    pub fn sync_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        global::sync_scope(self.clone(), work)
    }

    /// Removes all keys that begin with `prefix`, which stands behind the cache's own prefix; says how many there were.
    ///
    /// *All* keys: entries of any function, and whatever else is under that name, also what another program has put there. The
    /// prefix is literal: `*`, `?` and `[` stand for themselves.
    ///
    /// Goes through the whole database, a thousand keys at a time, other clients being served in between (`SCAN` and `UNLINK`, never
    /// `KEYS`): for a rare clean-up. What belongs together and changes often is better given a tag.
    ///
    /// What is there throughout is removed. A computation that is under way is not stored; one that begins meanwhile may be.
    ///
    /// # Errors
    /// [`ErrorKind::EmptyPrefix`] if both `prefix` and that of the cache are empty: that is what `FLUSHDB` is for. [`ErrorKind::Name`] if
    /// `prefix` contains the control character 0x01, behind which are the library's own keys. Otherwise if Redis
    /// cannot be reached, or does not carry out a step within the [deadline](CacheBuilder::deadline). Then the message says how many
    /// keys were removed; the rest is not retried.
    pub async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, Error> {
        self.invalidate_prefix_with(prefix, |_| ()).await
    }

    /// [`invalidate_prefix`](Self::invalidate_prefix) that tells after each step how many keys it has removed so far.
    ///
    /// # Errors
    /// As there.
    pub async fn invalidate_prefix_with(
        &self,
        prefix: &str,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, Error> {
        let mut sweep = Sweep::new(&self.0, prefix)?;
        loop {
            let is_over = sweep.step().await?;
            progress(sweep.removed());
            if is_over {
                return Ok(sweep.removed());
            }
        }
    }

    /// Runs `future` without reading from this cache: every annotated function that uses it computes, and what it gives takes the
    /// place of what was stored, or removes it if it is not to be stored. For requests that ask for fresh data, such as `Cache-Control:
    /// no-cache`.
    ///
    /// Functions with `batch` too, with all keys. What is done with an [`Entry`](crate::Entry) by hand is as ever, but for `get_or_compute`, which is a call. One
    /// bypass within another is of both caches.
    ///
    /// As [`Entry::refresh_with`](crate::Entry::refresh_with) in all else. Holds for the future itself, not for tasks that it spawns.
    pub async fn bypass<F: Future>(&self, future: F) -> F::Output {
        bypass::scope(self, future).await
    }

    /// [`bypass`](Self::bypass) for blocking functions.
    pub fn sync_bypass<R>(&self, work: impl FnOnce() -> R) -> R {
        bypass::sync_scope(self, work)
    }

    /// The counters so far, per function.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            functions: self.0.functions.rows(),
            local: self.0.tier.as_ref().map(|tier| tier.stats()),
            pending_invalidations: self.0.pending.len() as u64,
            retried_invalidations: self.0.pending.retried.get(),
            lost_invalidations: self.0.pending.lost.get(),
        }
    }

    /// Waits until the values that were computed so far are stored, and retries the invalidations that failed.
    ///
    /// A caller does not wait for its value to be stored. A program that is about to end, and wants another to find what it
    /// computed, calls this. Waits for twice the [deadline](CacheBuilder::deadline) at most, within which a store is over; under
    /// steady load there may always be another one.
    pub async fn flush(&self) {
        let until = after(self.0.deadline.saturating_mul(2));
        let flushed = pin!(async {
            self.0.background.flush().await;
            self.0.pending.flush().await;
        });
        let _ = executor::timeout_at(until, flushed).await;
    }

    /// Invalidates all entries that have this tag, of all functions and in all processes. One command and one round trip,
    /// however many there are.
    ///
    /// `tag` is a type that the program has declared with [`#[derive(Tag)]`](derive@crate::Tag), or the name as text with the arguments in it as
    /// they are: for `tags = ["city:<city>"]` it is `format!("city:{city}")`.
    ///
    /// As with [`Entry::invalidate`](crate::Entry::invalidate), what a computation gives that began before is not served
    /// afterwards. Call it after the change is committed. In debug builds a text like which no called function has a tag is logged once as a warning.
    ///
    /// # Errors
    /// [`ErrorKind::Name`] if the name is empty. Otherwise if Redis cannot be reached, or not in time. Then, and if the future is dropped after its first poll, the invalidation is retried in
    /// the background until Redis takes it, for a day at most; until then this cache does not use entries with this tag. [`Stats`]
    /// count them.
    pub async fn invalidate_tag(&self, tag: impl Tag) -> Result<(), Error> {
        self.invalidate_tags([tag]).await
    }

    /// [`invalidate_tag`](Self::invalidate_tag) for several tags, in one command. Of several types, they are given as `&dyn Tag`.
    ///
    /// # Errors
    /// As there; if one of the names is empty, nothing is invalidated.
    pub async fn invalidate_tags<I>(&self, tags: I) -> Result<(), Error>
    where
        I: IntoIterator<Item: Tag>,
    {
        // Before the first await, so that the future does not hold the names.
        let keys = tags.into_iter().map(|tag| self.tag(&tag)).collect::<Result<Vec<KeyBuf>, Error>>()?;
        engine::invalidate_tags(&self.0, keys).await
    }

    fn tag(&self, tag: &impl Tag) -> Result<KeyBuf, Error> {
        let name = tag.tag_name();
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::Name,
                "the name of the tag that was to be invalidated is empty",
            ));
        }
        if tag.lead().is_none() {
            tags::report_if_unknown(&name);
        }
        Ok(tags::tag(&self.0.prefix, &name))
    }

    /// Invalidates all that functions with `group = "<name>"` have stored, as [`invalidate_tag`](Self::invalidate_tag) does: a group is the
    /// tag `group:<name>`.
    ///
    /// # Errors
    /// As there.
    pub async fn invalidate_group(&self, name: &str) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::Name,
                "the name of the group that was to be invalidated is empty",
            ));
        }
        self.invalidate_tag(format!("group:{name}")).await
    }

    /// The same operations for code that is not async.
    #[must_use]
    pub fn blocking(&self) -> BlockingCache {
        BlockingCache::new(self.clone())
    }

    pub(crate) fn new(inner: Core) -> Self {
        Self(Arc::new(inner))
    }
}

impl AsRef<Cache> for Cache {
    fn as_ref(&self) -> &Cache {
        self
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
