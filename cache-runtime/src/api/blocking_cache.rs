//! `BlockingCache`: what a cache does, for code that is not async.

use super::cache::Cache;
use super::inspect::Inspection;
use crate::engine::prefix_sweep::Sweep;
use crate::error::Error;
use crate::runtime::block_on::block_on;
use crate::tags::Tag;

/// A [`Cache`] whose methods block the thread instead of being async. Made by [`Cache::blocking`].
///
/// Works with and without a runtime, on any thread of any kind of runtime, like [`BlockingEntry`](crate::BlockingEntry).
#[derive(Debug, Clone)]
pub struct BlockingCache(Cache);

impl BlockingCache {
    /// Like [`Cache::finish_verifications`], but blocks.
    pub fn finish_verifications(&self) {
        block_on(self.0.finish_verifications());
    }

    /// Like [`Cache::invalidate_tag`], but blocks for its round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Name`](crate::ErrorKind::Name) if the name is empty. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline); the invalidation is then retried in the background.
    pub fn invalidate_tag(&self, tag: impl Tag) -> Result<(), Error> {
        block_on(self.0.invalidate_tag(tag))
    }

    /// Like [`Cache::invalidate_tags`], but blocks for its round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Name`](crate::ErrorKind::Name) if one of the names is empty. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline); the invalidations are then retried in the background.
    pub fn invalidate_tags<I>(&self, tags: I) -> Result<(), Error>
    where
        I: IntoIterator<Item: Tag>,
    {
        block_on(self.0.invalidate_tags(tags))
    }

    /// Like [`Cache::invalidate_group`], but blocks for its round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Name`](crate::ErrorKind::Name) if the name is empty. Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline); the invalidation is then retried in the background.
    pub fn invalidate_group(&self, name: &str) -> Result<(), Error> {
        block_on(self.0.invalidate_group(name))
    }

    /// Like [`Cache::invalidate_all`], but blocks for its round trip.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if the cache was built without
    /// [`support_invalidate_all`](crate::CacheBuilder::support_invalidate_all). Otherwise an error if Redis cannot be reached or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline); the invalidation is then retried in the background.
    pub fn invalidate_all(&self) -> Result<(), Error> {
        block_on(self.0.invalidate_all())
    }

    /// Like [`Cache::invalidate_prefix`], but blocks: for one or two round trips for each thousand keys of the server.
    ///
    /// # Errors
    /// [`ErrorKind::EmptyPrefix`](crate::ErrorKind::EmptyPrefix) if both prefixes are empty, [`ErrorKind::Name`](crate::ErrorKind::Name) if `prefix`
    /// contains the control character 0x01, and otherwise the error of the step that failed; the message says how many keys were removed.
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<u64, Error> {
        block_on(self.0.invalidate_prefix(prefix))
    }

    /// Like [`Cache::invalidate_prefix_with`], but blocks. `progress` runs on the calling thread.
    ///
    /// # Errors
    /// [`ErrorKind::EmptyPrefix`](crate::ErrorKind::EmptyPrefix) if both prefixes are empty, [`ErrorKind::Name`](crate::ErrorKind::Name) if `prefix`
    /// contains the control character 0x01, and otherwise the error of the step that failed; the message says how many keys were removed.
    pub fn invalidate_prefix_with(&self, prefix: &str, mut progress: impl FnMut(u64)) -> Result<u64, Error> {
        let mut sweep = Sweep::new(&self.0.0, prefix)?;
        loop {
            let is_over = block_on(sweep.step())?;
            // The caller's closure runs outside of our wait.
            progress(sweep.removed());
            if is_over {
                return Ok(sweep.removed());
            }
        }
    }

    /// Like [`Cache::inspect`], but blocks for its round trip.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub fn inspect(&self, key: &str) -> Result<Option<Inspection>, Error> {
        block_on(self.0.inspect(key))
    }

    /// Like [`Cache::flush`], but blocks: for twice the [deadline](crate::CacheBuilder::deadline) at most.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete) if a store fails meanwhile, or if not everything is over by then. The message says how many values
    /// and invalidations Redis has not taken; what is under way continues in the background.
    pub fn flush(&self) -> Result<(), Error> {
        block_on(self.0.flush())
    }
}

impl Cache {
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
        BlockingCache(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on::is_blocking;

    #[test]
    fn progress_is_told_outside_of_the_wait() {
        let cache = Cache::memory().blocking();
        cache.invalidate_prefix_with("a", |_| assert!(!is_blocking())).expect("a sweep in memory");
    }
}
