//! Invalidations of many entries at once: by prefix, by tag, by group, and of all.

use super::Cache;
use crate::engine;
use crate::engine::prefix_sweep::Sweep;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::tags;
use crate::tags::Tag;

impl Cache {
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
    /// finish a step within the [deadline](crate::CacheBuilder::deadline). The message then says how many keys were removed; the rest is not retried.
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
    /// [deadline](crate::CacheBuilder::deadline). In that case, and if the future is dropped after its first poll, the invalidation is retried in
    /// the background until Redis takes it, for a day at most; until then this cache does not use entries with this tag. [`Stats`](crate::Stats)
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
    /// the [deadline](crate::CacheBuilder::deadline); all the invalidations are then retried in the background.
    pub async fn invalidate_tags<I>(&self, tags: I) -> Result<(), Error>
    where
        I: IntoIterator<Item: Tag>,
    {
        // Before the first await, so that the future does not hold the names.
        let keys = tags.into_iter().map(|tag| self.tag(&tag)).collect::<Result<Vec<KeyBuf>, Error>>()?;
        engine::invalidate_tags(&self.0, keys).await
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
    /// [deadline](crate::CacheBuilder::deadline); the invalidation is then retried in the background.
    pub async fn invalidate_group(&self, name: &str) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::Name,
                "the name of the group that was to be invalidated is empty",
            ));
        }
        self.invalidate_tag(format!("group:{name}")).await
    }

    /// Invalidates all entries of this cache, of all functions and in all processes that share its prefix. One command and one round trip, however many entries there
    /// are. For that the entries share a tag, which [`CacheBuilder::support_invalidate_all`](crate::CacheBuilder::support_invalidate_all) gives them.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::builder().url("memory://").support_invalidate_all().connect_lazy()?;
    /// # cache.scope(async {
    /// square(12).await;
    /// cache.invalidate_all().await?;
    /// assert_eq!(square_entry(12).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// As with [`invalidate_tag`](Self::invalidate_tag), no value of a computation that began before is served afterwards. Entries of a cache with another
    /// prefix stay valid, also if the prefix begins with this one. Nothing is deleted but the tag: the old entries are replaced by new ones or end with their TTL. To free their memory at once,
    /// use [`invalidate_prefix`](Self::invalidate_prefix).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] if the cache was built without [`support_invalidate_all`](crate::CacheBuilder::support_invalidate_all); a
    /// [disabled](Self::disabled) cache has no entries and needs no option. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline). In that case, and if the future is dropped after its first poll, the invalidation is retried in
    /// the background until Redis takes it, for a day at most; until then this cache uses no entry. [`Stats`](crate::Stats) counts these invalidations.
    pub async fn invalidate_all(&self) -> Result<(), Error> {
        engine::invalidate_all(&self.0).await
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
}
