//! `BlockingCache`: what a cache does, for code that is not async.

use crate::engine::prefix_sweep::Sweep;
use crate::error::Error;
use crate::runtime::block_on::block_on;
use crate::{Cache, Tag};

/// A [`Cache`] whose methods block the thread instead of being async. Made by [`Cache::blocking`].
///
/// Works with and without a runtime, on any thread of any kind of runtime, as [`BlockingEntry`](crate::BlockingEntry) does.
#[derive(Debug, Clone)]
pub struct BlockingCache(Cache);

impl BlockingCache {
    pub(crate) fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// As [`Cache::invalidate_tag`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_tag(&self, tag: impl Tag) -> Result<(), Error> {
        block_on(self.0.invalidate_tag(tag))
    }

    /// As [`Cache::invalidate_tags`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_tags<I>(&self, tags: I) -> Result<(), Error>
    where
        I: IntoIterator<Item: Tag>,
    {
        block_on(self.0.invalidate_tags(tags))
    }

    /// As [`Cache::invalidate_group`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_group(&self, name: &str) -> Result<(), Error> {
        block_on(self.0.invalidate_group(name))
    }

    /// As [`Cache::invalidate_prefix`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<u64, Error> {
        block_on(self.0.invalidate_prefix(prefix))
    }

    /// As [`Cache::invalidate_prefix_with`].
    ///
    /// # Errors
    /// As there.
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

    /// As [`Cache::flush`].
    pub fn flush(&self) {
        block_on(self.0.flush());
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
