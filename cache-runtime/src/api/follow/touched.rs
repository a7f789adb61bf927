//! What a change concerns.

use std::fmt;
use std::sync::Arc;

use crate::api::cache::Cache;
use crate::api::entry::Entry;
use crate::engine::core::Core;
use crate::engine::targets::InvalidationTargets;
use crate::error::Error;
use crate::tags::Tag;
use crate::util::maybe_static::MaybeStatic;

/// The entries and tags that a change concerns, said to [`Cache::follow`].
///
/// ```
/// # use redis_cached::{Touched, redis_cached};
/// # #[redis_cached(ttl = 60, key = "user:<id>")] async fn get_user(id: u64) -> u64 { id }
/// # #[redis_cached(ttl = 60, key = "users")] async fn list_users() -> u64 { 0 }
/// struct UsersChanged {
///     ids: Vec<u64>,
///     org: Option<u64>,
/// }
///
/// fn touches(change: UsersChanged, touched: Touched) -> Touched {
///     touched
///         .entries(change.ids.into_iter().map(get_user_entry))
///         .entry(list_users_entry())
///         .tags(change.org.map(|org| format!("org:{org}")))
/// }
/// ```
///
/// What is named twice, by several changes that come at once, is invalidated once or twice; the order does not matter.
#[must_use = "what a change touches is returned"]
pub struct Touched {
    /// Whose tags they are.
    cache: MaybeStatic<Core>,
    targets: InvalidationTargets,
}

impl Touched {
    pub(super) fn by(cache: &Cache) -> Self {
        let cache = MaybeStatic::Counted(Arc::clone(&cache.0));
        Self { cache, targets: InvalidationTargets::default() }
    }

    /// An entry, of whatever cache.
    #[allow(clippy::needless_pass_by_value, reason = "what an entry function gives, as it gives it")]
    pub fn entry<T>(mut self, entry: Entry<T>) -> Self {
        self.targets.add_entry(entry.call());
        self
    }

    /// Many entries of one type.
    pub fn entries<T>(self, entries: impl IntoIterator<Item = Entry<T>>) -> Self {
        entries.into_iter().fold(self, Self::entry)
    }

    /// All entries with this tag of the cache that follows: text, or a type that the program declares, as for [`Cache::invalidate_tag`].
    #[allow(clippy::needless_pass_by_value, reason = "as `invalidate_tag` takes it")]
    pub fn tag(mut self, tag: impl Tag) -> Self {
        self.targets.add_tag(&self.cache, &tag);
        self
    }

    /// All entries with one of these tags. Also for an `Option` of a tag.
    pub fn tags(self, tags: impl IntoIterator<Item: Tag>) -> Self {
        tags.into_iter().fold(self, Self::tag)
    }

    /// All entries of functions with `group = "<name>"`, as [`Cache::invalidate_group`].
    pub fn group(self, name: &str) -> Self {
        self.tag(format!("group:{name}"))
    }

    /// Removes all.
    ///
    /// # Errors
    /// The first failure. Everything is retried in the background, too.
    pub(super) async fn invalidate(&self) -> Result<(), Error> {
        self.targets.remove_in_steps().await
    }
}

impl fmt::Debug for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Touched").field("keys", &self.targets.len()).finish_non_exhaustive()
    }
}
