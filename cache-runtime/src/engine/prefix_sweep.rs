//! All keys that begin with a prefix, removed step by step.

use std::sync::Arc;

use super::core::Core;
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::store::vocabulary::{Cursor, Scanned};
use crate::tags;
use crate::util::clock::after;

/// One way through all keys of a database.
pub(crate) struct Sweep<'a> {
    cache: &'a Arc<Core>,
    prefix: String,
    /// Where to go on.
    from: Cursor,
    removed: u64,
}

impl<'a> Sweep<'a> {
    /// Of the keys that begin with `prefix`, behind the cache's own.
    pub(crate) fn new(cache: &'a Arc<Core>, prefix: &str) -> Result<Self, Error> {
        if tags::is_reserved(prefix) {
            return Err(Error::new(ErrorKind::Name, tags::RESERVED_IN_PREFIX));
        }
        let prefix = format!("{}{prefix}", cache.prefix);
        if prefix.is_empty() {
            let message = "an empty prefix would remove every key of the database: give the cache a prefix";
            return Err(Error::new(ErrorKind::EmptyPrefix, message));
        }
        Ok(Self { cache, prefix, from: Cursor::default(), removed: 0 })
    }

    /// Goes on by one step, which is two round trips at most; whether it was the last.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        self.try_step().await.map_err(|error| {
            let message = format!("{error}; {} keys were removed before that", self.removed);
            Error::with_source(error.kind(), message, error)
        })
    }

    async fn try_step(&mut self) -> Result<bool, Error> {
        let Core { store, tier, deadline, .. } = &**self.cache;
        let until = after(*deadline);
        let Scanned { next, keys } = store.scan(&self.prefix, self.from, until).await?;
        let removed = store.remove(&keys.iter().map(|key| &key[..]).collect::<Vec<_>>(), until).await;
        // Also where that failed: they may be gone all the same.
        self.cache.note_invalidated(keys.iter().map(|key| &key[..]));
        if let Some(tier) = tier {
            keys.iter().for_each(|key| tier.forget(key));
        }
        self.removed += removed?;
        self.from = next.unwrap_or_default();
        Ok(next.is_none())
    }

    pub(crate) fn removed(&self) -> u64 {
        self.removed
    }
}
