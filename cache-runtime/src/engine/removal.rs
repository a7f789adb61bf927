//! Removals of entries and of tags.

use crate::store::vocabulary;
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::retry_queue::{Key, Operation};
use crate::error::Error;
use crate::store::Store;
use crate::tags::any_tag;
use crate::util::clock::after;
use crate::util::random;

/// Removes what is at `key`, or leaves a tombstone that stands for `hold`. One round trip.
pub(crate) async fn remove(cache: &Core, key: &str, hold: Option<Duration>) -> Result<(), Error> {
    let until = after(cache.deadline);
    match hold {
        None => cache.store.remove(key, until).await,
        Some(hold) => cache.store.set(key, &vocabulary::tombstone(&random::nonce()), Some(hold), until).await,
    }
}

/// Removes entries and tags. One round trip. What fails is retried in the background.
pub(crate) async fn remove_all(cache: &Arc<Core>, keys: &[Key<'_>]) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let operation = Operation::begin(cache, keys, None);
    operation.end(unlink(cache, keys).await)
}

/// Removes entries and tags, the latter in one step with the key of any tag: who finds that unchanged knows that no tag was
/// removed. One round trip.
pub(crate) async fn unlink(cache: &Core, keys: &[Key<'_>]) -> Result<(), Error> {
    let any = keys.iter().any(|key| matches!(key, Key::Tag(_))).then(|| any_tag(&cache.prefix));
    let names: Vec<&str> = any.iter().map(|any| &**any).chain(keys.iter().map(|key| key.name())).collect();
    cache.store.remove_all(&names, after(cache.deadline)).await
}
