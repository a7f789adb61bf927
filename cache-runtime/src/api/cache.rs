//! A cache: a store and what belongs to it.

use crate::engine::core::Core;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use super::blocking_cache::BlockingCache;
use super::builder::CacheBuilder;
use super::entry_options::EntryOptions;
use super::global;
use super::stats::Stats;
use crate::codec::Codec;
use crate::engine;
use crate::engine::bypass;
use crate::engine::prefix_sweep::Sweep;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::runtime::executor;
use crate::tags;
use crate::tags::Tag;
use crate::util::clock::after;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where annotated functions store their values. Cloning is cheap and gives the same cache.
///
/// A function without the option `cache` uses [`Cache::global`]. Whatever happens to a cache, an annotated call neither fails because of it nor waits for it
/// longer than [`CacheBuilder::deadline`].
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// // With Redis: `Cache::connect("redis://127.0.0.1").await?`, or `Cache::builder()…connect_lazy()?`.
/// Cache::memory().set_global()?;
/// assert_eq!(square(12), 144); // computed, and stored for a minute
/// assert_eq!(square(12), 144); // served from the cache
/// # Ok::<(), redis_cached::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Core>);

impl Cache {
    /// Connects to `url` with the defaults of [`CacheBuilder`], which lists the forms of a URL. Waits at most
    /// [`connect_timeout`](CacheBuilder::connect_timeout), 2 s.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// Cache::connect("memory://").await?.set_global()?; // or "redis://:PASSWORD@cache.example.com"
    /// # Ok(()) }
    /// ```
    ///
    /// Use [`CacheBuilder::connect_lazy`] for a program that must start without Redis.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] if the URL is not understood, [`ErrorKind::Connection`] or [`ErrorKind::Timeout`] if the server cannot be reached,
    /// [`ErrorKind::Tls`] if TLS fails, [`ErrorKind::Permission`] for a wrong password, [`ErrorKind::Server`] if the server answers but cannot be used. No
    /// message contains a password.
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder().url(url).connect().await
    }

    /// A cache with options.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// let cache = Cache::builder().url("redis://127.0.0.1:6379").prefix("shop:").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// A cache in this process, of 256 MiB at most, for tests, for development, and for a first look without a server.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| assert_eq!(square(12), 144));
    /// assert_eq!(cache.stats().functions[0].misses, 1);
    /// ```
    #[must_use]
    pub fn memory() -> Self {
        Self::builder().memory()
    }

    /// A cache that stores nothing and contacts no server: every annotated function runs its body at each call, entries are always absent, and
    /// every other operation succeeds. Use it to turn caching off by configuration, and to test the code behind the cache.
    ///
    /// ```
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// let cache = Cache::disabled();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// assert_eq!(cache.stats().functions[0].computes, 2);
    /// ```
    #[must_use]
    pub fn disabled() -> Self {
        Self::builder().disabled()
    }

    /// Begins an entry without an annotated function, for keys that only the program knows. `key` is appended to the cache's prefix and is not
    /// encoded, except that the control character 0x01 becomes `%01`. A key over 250 bytes, the prefix included, is shortened as the keys of annotated functions are.
    ///
    /// `T` is encoded with `Bincode`; [`entry_with`](Self::entry_with) takes another codec. Such an entry and the entry of an annotated function with the
    /// same key do not share values: each is a miss for the other. [`Stats`] counts all these entries in one row, `redis_cached::entry`. No round trip.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::memory();
    /// let entry = cache.entry::<Vec<u32>>("scores:today").ttl(Duration::from_secs(60));
    /// let scores = entry.get_or_compute(async { vec![3, 1, 2] }).await;
    /// assert_eq!(entry.get().await?, Some(scores));
    /// entry.invalidate().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "bincode")]
    pub fn entry<T: Serialize + DeserializeOwned>(&self, key: &str) -> EntryOptions<T> {
        EntryOptions::new(self, key)
    }

    /// Like [`entry`](Self::entry), with the codec `C`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::{Cache, codec::Json};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let entry = Cache::memory().entry_with::<Vec<u32>, Json>("scores").ttl(Duration::from_secs(60));
    /// entry.put(&vec![3, 1, 2]).await?;
    /// # Ok(()) }
    /// ```
    pub fn entry_with<T: Serialize + DeserializeOwned, C: Codec>(&self, key: &str) -> EntryOptions<T> {
        EntryOptions::with_codec::<C>(self, key)
    }

    /// Makes this the cache of all functions without the option `cache`. Call it before the first cached call, at the beginning of `main`.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().prefix("shop:").connect_lazy()?.set_global()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::GlobalAlreadySet`] if there is a global cache already, also if [`Cache::global`] made it.
    pub fn set_global(&self) -> Result<(), Error> {
        global::set(self)
    }

    /// The cache of functions without the option `cache`: inside [`scope`](Self::scope) the cache of the scope, otherwise the one that
    /// [`set_global`](Self::set_global) set, otherwise one that connects lazily to the URL in the environment variable `REDIS_URL`, or to
    /// `redis://127.0.0.1:6379`.
    ///
    /// If `REDIS_URL` is set but empty or not a usable URL, an error is logged once, and every call computes.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # Cache::memory().set_global()?;
    /// println!("{}", Cache::global().stats());
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[must_use]
    pub fn global() -> Self {
        Self(Arc::clone(global::current().arc()))
    }

    /// Runs `future` with this cache in place of the global one, so that tests run in parallel. The scope covers the future itself, not the tasks that it spawns.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// async fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// Cache::memory().scope(async { assert_eq!(square(12).await, 144) }).await;
    /// # }
    /// ```
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        global::scope(self.clone(), future).await
    }

    /// Runs `work` with this cache in place of the global one, for blocking functions; see [`scope`](Self::scope).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// Cache::memory().sync_scope(|| assert_eq!(square(12), 144));
    /// ```
    pub fn sync_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        global::sync_scope(self.clone(), work)
    }

    /// Removes all keys that begin with `prefix`, which is appended to the cache's own prefix, and returns how many there were.
    ///
    /// This means *all* keys: entries of any function, and whatever another program has stored under such a name. The prefix is literal: `*`, `?` and
    /// `[` have no special meaning.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::memory();
    /// cache.scope(async { (square(1).await, square(2).await) }).await;
    /// assert_eq!(cache.invalidate_prefix("square:").await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// Scans the whole database, a thousand keys at a time, with `SCAN` and `UNLINK` and never `KEYS`: one or two round trips for each thousand keys of the server,
    /// between which other clients are served. It is meant for a rare clean-up. Give entries that are often invalidated together a tag instead.
    ///
    /// Keys that exist throughout are removed. A computation that is running is not stored; one that begins meanwhile may be.
    ///
    /// # Errors
    /// [`ErrorKind::EmptyPrefix`] if both `prefix` and the cache's prefix are empty: use `FLUSHDB` for that. [`ErrorKind::Name`] if
    /// `prefix` contains the control character 0x01, which begins the library's own keys. Otherwise an error if Redis cannot be reached or does not
    /// finish a step within the [deadline](CacheBuilder::deadline). The message then says how many keys were removed; the rest is not retried.
    pub async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, Error> {
        self.invalidate_prefix_with(prefix, |_| ()).await
    }

    /// Like [`invalidate_prefix`](Self::invalidate_prefix), and calls `progress` after each step with the number of keys removed so far.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::memory();
    /// cache.invalidate_prefix_with("square:", |removed| println!("{removed} removed")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::EmptyPrefix`] if both prefixes are empty, [`ErrorKind::Name`] if `prefix` contains the control character 0x01, and otherwise the error of the
    /// step that failed. The message then says how many keys were removed; the rest is not retried.
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

    /// Runs `future` without reading from this cache: every annotated function that uses the cache computes, and its value replaces
    /// the stored one, or removes it if it is not to be stored. For requests that ask for fresh data, such as `Cache-Control: no-cache`. A
    /// call takes two round trips.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// static ROWS: AtomicU64 = AtomicU64::new(1);
    ///
    /// #[redis_cached(ttl = 60, key = "rows")]
    /// async fn rows() -> u64 {
    ///     ROWS.load(Relaxed)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = Cache::memory();
    /// cache.scope(async {
    ///     assert_eq!(rows().await, 1);
    ///     ROWS.store(2, Relaxed);
    ///     assert_eq!(rows().await, 1); // cached
    ///     assert_eq!(cache.bypass(rows()).await, 2); // computed, and stored
    ///     assert_eq!(rows().await, 2);
    /// }).await;
    /// # }
    /// ```
    ///
    /// Functions with `batch` compute all keys. Operations on an [`Entry`](crate::Entry) are unaffected, except `get_or_compute`, which is a call. A bypass inside
    /// another bypass skips both caches.
    ///
    /// In all other respects it is like [`Entry::refresh_with`](crate::Entry::refresh_with). It covers the future itself, not the tasks that it spawns.
    pub async fn bypass<F: Future>(&self, future: F) -> F::Output {
        bypass::scope(&self.0, future).await
    }

    /// Like [`bypass`](Self::bypass), for blocking functions.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// assert_eq!(cache.sync_scope(|| cache.sync_bypass(|| square(12))), 144); // computed, and stored
    /// ```
    pub fn sync_bypass<R>(&self, work: impl FnOnce() -> R) -> R {
        bypass::sync_scope(&self.0, work)
    }

    /// The counters so far, for each function. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// let stats = cache.stats();
    /// assert_eq!((stats.functions[0].hits, stats.functions[0].computes), (1, 1));
    /// println!("{stats}"); // a table
    /// ```
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
    /// An async caller does not wait for its value to be stored. A program that is about to end, and wants others to find its values, calls this. It
    /// waits for twice the [deadline](CacheBuilder::deadline) at most, within which a store is over; under steady load there may always be another store.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let cache = Cache::memory();
    /// // … at the end of `main` …
    /// if let Err(error) = cache.flush().await {
    ///     eprintln!("the cache lacks some values: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] if a store fails meanwhile, or if not everything is over by then. The message says how many values and invalidations Redis has
    /// not taken; what is under way continues in the background. [`ErrorKind::Runtime`] if the operating system refuses the library's own thread.
    pub async fn flush(&self) -> Result<(), Error> {
        let core = &self.0;
        let time = core.deadline.saturating_mul(2);
        let failed_before = core.background.unstored.get();
        let flushed = pin!(async {
            core.background.flush().await;
            core.pending.flush().await;
        });
        let is_over = executor::timeout_at(after(time), flushed).await?.is_some();
        let failed = core.background.unstored.get() - failed_before;
        if is_over && failed == 0 {
            return Ok(());
        }
        let (writes, invalidations) = (core.background.len(), core.pending.len());
        let message = format!(
            "not everything has reached Redis: {failed} values could not be stored, and after {time:?} at most {writes} values and {invalidations} invalidations are still under way"
        );
        Err(Error::new(ErrorKind::Incomplete, message))
    }

    /// Invalidates all entries that have this tag, of all functions and in all processes. One command and one round trip,
    /// however many entries there are.
    ///
    /// `tag` is a type that the program has declared with [`#[derive(Tag)]`](derive@crate::Tag), or the name as plain text: for
    /// `tags = ["city:<city>"]` it is `format!("city:{city}")`.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "weather:<city>", tags = ["city:<city>"])]
    /// async fn weather(city: &str) -> String {
    ///     format!("rain in {city}")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::memory();
    /// # cache.scope(async {
    /// weather("new york").await;
    /// cache.invalidate_tag("city:new york").await?;
    /// assert_eq!(weather_entry("new york").get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// As with [`Entry::invalidate`](crate::Entry::invalidate), no value of a computation that began before is served
    /// afterwards. Call it after the change is committed. In debug builds, if no function called so far has a tag that resembles the text, a warning is logged once.
    ///
    /// # Errors
    /// [`ErrorKind::Name`] if the name is empty. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](CacheBuilder::deadline). In that case, and if the future is dropped after its first poll, the invalidation is retried in
    /// the background until Redis takes it, for a day at most; until then this cache does not use entries with this tag. [`Stats`]
    /// counts these invalidations.
    pub async fn invalidate_tag(&self, tag: impl Tag) -> Result<(), Error> {
        self.invalidate_tags([tag]).await
    }

    /// Like [`invalidate_tag`](Self::invalidate_tag), for several tags, in one command and one round trip. Pass tags of several types as `&dyn Tag`.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// Cache::memory().invalidate_tags(["city:rome", "city:oslo"]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Name`] if one of the names is empty; nothing is invalidated then. Otherwise an error if Redis cannot be reached or does not answer within
    /// the [deadline](CacheBuilder::deadline); all the invalidations are then retried in the background.
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

    /// Invalidates everything that functions with `group = "<name>"` have stored, like [`invalidate_tag`](Self::invalidate_tag): a group is the
    /// tag `group:<name>`. One round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>", group = "squares")]
    /// async fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// Cache::memory().invalidate_group("squares").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Name`] if the name is empty. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](CacheBuilder::deadline); the invalidation is then retried in the background.
    pub async fn invalidate_group(&self, name: &str) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::Name,
                "the name of the group that was to be invalidated is empty",
            ));
        }
        self.invalidate_tag(format!("group:{name}")).await
    }

    /// The async operations of this cache, for code that is not async. They need no runtime.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// let cache = Cache::memory().blocking();
    /// cache.invalidate_group("squares")?;
    /// cache.flush()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
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
