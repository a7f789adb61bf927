//! `EntryOptions`: an entry whose key only the program knows, without an annotated function.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cache::Cache;
use super::entry::{Entry, Hooks};
use crate::codec::Codec;
use crate::engine::Call;
use crate::engine::callsite::Callsite;
use crate::engine::function::Identify;
use crate::entry::identity;
use crate::key::{KeyBuf, KeyBuilder};
use crate::policy::Policy;
use crate::policy::ttl::Ttl;
use crate::tags::{self, Tag};
use crate::util::maybe_static::MaybeStatic;

/// All entries of this kind are counted as one function. No attribute has this template, so none reads what such an entry holds.
static BY_HAND: Callsite = Callsite::new("redis_cached", "entry").template("\u{1}");

/// The options of an entry without an annotated function. Made by [`Cache::entry`]; [`ttl`](Self::ttl) or [`never_expires`](Self::never_expires) returns
/// the entry.
#[derive(Debug)]
#[must_use = "`ttl` or `never_expires` makes the entry"]
pub struct EntryOptions<T> {
    cache: Cache,
    key: KeyBuf,
    tags: Vec<KeyBuf>,
    negative_ttl: Option<Duration>,
    identify: Identify,
    /// Makes what the entry knows of its type and its codec.
    hooks: fn() -> Hooks<T>,
}

impl Cache {
    /// Begins an entry without an annotated function, for keys that only the program knows. `key` is appended to the cache's prefix and is not
    /// encoded, except that the control character 0x01 becomes `%01`. A key over 250 bytes, the prefix included, is shortened as the keys of annotated functions are.
    ///
    /// `T` is encoded with `Bincode`; [`entry_with`](Self::entry_with) takes another codec. Such an entry and the entry of an annotated function with the
    /// same key do not share values: each is a miss for the other. [`Stats`](crate::Stats) counts all these entries in one row, `redis_cached::entry`. No round trip.
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
}

#[cfg(feature = "bincode")]
impl<T: Serialize + DeserializeOwned> EntryOptions<T> {
    pub(super) fn new(cache: &Cache, key: &str) -> Self {
        Self::with_codec::<crate::codec::Bincode>(cache, key)
    }
}

impl<T: Serialize + DeserializeOwned> EntryOptions<T> {
    pub(super) fn with_codec<C: Codec>(cache: &Cache, key: &str) -> Self {
        let mut builder = KeyBuilder::template(&cache.0.prefix, "");
        builder.text(&without_reserved(key));
        Self {
            cache: cache.clone(),
            key: builder.finish(),
            tags: Vec::new(),
            negative_ttl: None,
            identify: identity::of::<T, C, C>,
            hooks: Hooks::of::<C>,
        }
    }

    /// Adds tags by which the entry is invalidated together with others; see [`Cache::invalidate_tag`]. Default: none. A
    /// look-up reads the keys of the tags in the same round trip.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::memory();
    /// let entry = cache.entry::<u64>("visits:rome").tags(["city:rome"]).ttl(Duration::from_secs(60));
    /// entry.put(&7).await?;
    /// cache.invalidate_tag("city:rome").await?;
    /// assert_eq!(entry.get().await?, None);
    /// # Ok(()) }
    /// ```
    pub fn tags(mut self, tags: impl IntoIterator<Item: Tag>) -> Self {
        let prefix = &self.cache.0.prefix;
        self.tags.extend(tags.into_iter().map(|tag| tags::of_function(prefix, &tag)));
        self
    }

    /// How long a `None` is stored. Default: a `None` is not stored. No effect on types without a `None`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let minute = Duration::from_secs(60);
    /// let entry = Cache::memory().entry::<Option<String>>("motd").negative_ttl(minute).ttl(60 * minute);
    /// entry.put(&None).await?;
    /// assert_eq!(entry.get().await?, Some(None));
    /// # Ok(()) }
    /// ```
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    /// Returns the entry; its values expire after `ttl`. With a `ttl` of zero nothing is stored.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let entry = Cache::memory().entry::<String>("motd").ttl(Duration::from_secs(3600));
    /// assert_eq!(entry.get_or_compute(async { "hello".to_owned() }).await, "hello");
    /// assert_eq!(entry.get().await?.as_deref(), Some("hello"));
    /// # Ok(()) }
    /// ```
    pub fn ttl(self, ttl: Duration) -> Entry<T> {
        self.finish(Ttl::Expires(ttl))
    }

    /// Returns the entry; its values do not expire, but the server may evict them.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// let entry = Cache::memory().entry::<u8>("answer").never_expires();
    /// entry.put(&42).await?;
    /// assert_eq!(entry.ttl().await?, Some(redis_cached::Ttl::Never));
    /// # Ok(()) }
    /// ```
    pub fn never_expires(self) -> Entry<T> {
        self.finish(Ttl::Never)
    }

    fn finish(mut self, ttl: Ttl) -> Entry<T> {
        let core = self.cache.0;
        let function = core.function_of(&BY_HAND, self.identify, &mut self.key);
        let policy = Policy { ttl, negative_ttl: self.negative_ttl, ..Policy::NONE };
        let tags = core.tags(self.tags, false);
        let call = Call { cache: MaybeStatic::Counted(core), function, key: self.key, policy, tags };
        Entry::new(call, (self.hooks)())
    }
}

/// Keys of the library's own begin with a control character; none of a program's may.
fn without_reserved(key: &str) -> Cow<'_, str> {
    if tags::is_reserved(key) { Cow::Owned(key.replace('\u{1}', "%01")) } else { Cow::Borrowed(key) }
}
