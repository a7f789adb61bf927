//! Invalidations, and writes in their place, from their beginning to their outcome.

use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::removal::unlink;
use super::retry;
use super::retry_queue::Key;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;

/// An invalidation, or a write in its place, from its beginning to its outcome.
///
/// Dropped without a success it has failed, as far as anybody knows: also if its caller went away while it was under way.
#[must_use]
pub(crate) struct Operation<'a> {
    cache: &'a Arc<Core>,
    keys: &'a [Key<'a>],
    /// For how long a tombstone is to stand at the keys.
    hold: Option<Duration>,
    number: u64,
    has_succeeded: bool,
}

impl<'a> Operation<'a> {
    /// To be called before anything is sent.
    pub(crate) fn begin(cache: &'a Arc<Core>, keys: &'a [Key<'a>], hold: Option<Duration>) -> Self {
        Self { cache, keys, hold, number: cache.pending.number(), has_succeeded: false }
    }

    pub(crate) fn end(mut self, done: Result<(), Error>) -> Result<(), Error> {
        self.has_succeeded = is_done(&done);
        done
    }

    /// Drops what this process keeps at the keys.
    fn forget(&self) {
        if let Some(tier) = &self.cache.tier {
            self.cache.names(self.keys).iter().for_each(|name| tier.forget(name.as_bytes()));
        }
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        let entries = self.keys.iter().filter(|key| matches!(key, Key::Entry(_)));
        self.cache.note_invalidated(entries.map(|key| key.name().as_bytes()));
        if let Some(counters) = &self.cache.observing.tag_counters {
            let tags = self.keys.iter().filter(|key| matches!(key, Key::Tag(_)));
            tags.for_each(|tag| counters.count_invalidation(tag.name()));
        }
        let pending = &self.cache.pending;
        if !self.has_succeeded {
            // Added first: a read from before that is let in meanwhile is forgotten, and a later one is kept out.
            if pending.failed(self.keys, self.number, self.hold) {
                retry::start(self.cache);
            }
            return self.forget();
        }
        // Forgotten first: who finds nothing pending any more must not find a kept value either.
        self.forget();
        pending.succeeded(self.keys, self.number, self.hold);
        // Whoever has acknowledged it may have been replaced meanwhile, by a server that does not know of it.
        if self.cache.store.may_be_taken_over()
            && !pending.acknowledged(self.keys, self.number, self.hold)
            && pending.failed(self.keys, pending.number(), self.hold)
        {
            retry::start(self.cache);
        }
    }
}

/// Whether Redis has done what was asked, whatever its replicas have.
pub(super) fn is_done(done: &Result<(), Error>) -> bool {
    done.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::NotReplicated)
}

/// Removes entries and tags. One round trip. What fails is retried in the background.
pub(crate) async fn remove_all(cache: &Arc<Core>, keys: &[Key<'_>]) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let operation = Operation::begin(cache, keys, None);
    operation.end(unlink(cache, keys).await)
}

/// Removes the keys of tags. One round trip.
pub(crate) async fn invalidate_tags(cache: &Arc<Core>, keys: Vec<KeyBuf>) -> Result<(), Error> {
    let keys: Vec<Key<'_>> = keys.iter().map(|key| Key::Tag(key)).collect();
    remove_all(cache, &keys).await
}

const NOT_SHARED: &str = "`invalidate_all` needs a cache whose entries share a tag: build it with `Cache::builder().support_invalidate_all()`, in all programs \
                          that share its prefix; without that, `invalidate_prefix(\"\")` scans the server and removes all keys that begin with the cache's prefix";

/// Removes the tag that all entries share. One round trip.
pub(crate) async fn invalidate_all(cache: &Arc<Core>) -> Result<(), Error> {
    match &cache.shared_tags {
        Some(shared) => invalidate_tags(cache, shared.keys().to_vec()).await,
        // There is never anything in it.
        None if cache.is_disabled => Ok(()),
        None => Err(Error::new(ErrorKind::InvalidOption, NOT_SHARED)),
    }
}
