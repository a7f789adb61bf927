//! Removals of entries and of tags, each tried once.

use std::time::Duration;

use smallvec::SmallVec;

use crate::engine::core::Core;
use crate::engine::retry_queue::Key;
use crate::error::Error;
use crate::store::vocabulary::KeyWrite;
use crate::store::{Store, vocabulary};
use crate::tags::any_tag;
use crate::util::clock::after;
use crate::util::random;

/// Removes what is at `key`, or leaves a tombstone that stands for `hold`, in all buckets. One round trip.
pub(crate) async fn remove(cache: &Core, key: &str, hold: Option<Duration>) -> Result<(), Error> {
    let tombstone = hold.map(|_| vocabulary::tombstone(&random::nonce()));
    let names = cache.names(&[Key::Entry(key)]);
    let set = |key| KeyWrite { key, value: tombstone.as_ref().map(|tombstone| &tombstone[..]), ttl: hold };
    let sets: SmallVec<[KeyWrite<'_>; 1]> = names.iter().map(|name| set(name)).collect();
    cache.store.set(&sets, after(cache.deadline)).await
}

/// Removes entries and tags. The key that stands for any tag goes before the tags, so a reader that finds it unchanged knows that no tag has been
/// removed. One round trip if one server has all keys.
pub(crate) async fn unlink(cache: &Core, keys: &[Key<'_>]) -> Result<(), Error> {
    let any = keys.iter().any(|key| matches!(key, Key::Tag(_))).then(|| any_tag(&cache.prefix));
    let names = cache.names(keys);
    let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    let until = after(cache.deadline);
    let removed = match any {
        Some(any) => cache.store.remove_in_order(any.as_bytes(), &names, until).await,
        None => cache.store.remove(&names, until).await,
    };
    removed.map(drop)
}
