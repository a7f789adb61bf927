//! The tags of an entry. It has the nonces that they had, and not their names: those are known to the function, or found by a tag's own nonce.

use std::collections::BTreeMap;

use redis_cached::{Cache, Inspection, KeyContent};
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::own_keys::TAG;
use crate::text::shown;

/// How many keys are read at a time.
const AT_ONCE: usize = 256;

type Nonce = [u8; 16];

/// A tag, and what it says of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TagState {
    /// The entry has it, and it was not invalidated since.
    Current(String),
    /// It has another nonce than any of the entry's tags: the entry does not have it, or it was invalidated and computed for since.
    Other(String),
    /// It has no key, so no entry with it is served.
    Missing(String),
    /// The nonce of no tag that was found: the entry's tag was invalidated, or its key evicted.
    Unknown,
}

/// The nonces of an entry's tags, if it has any.
pub(super) fn nonces(found: &Inspection) -> Option<&[Nonce]> {
    match &found.content {
        KeyContent::Entry(entry) if !entry.tags.is_empty() => Some(&entry.tags),
        _ => None,
    }
}

/// What tags of these names say.
pub(super) async fn ask(
    cache: &Cache,
    prefix: &str,
    names: &[String],
    nonces: &[Nonce],
) -> Result<Vec<TagState>, Failure> {
    let mut states = Vec::new();
    for name in names {
        let tag = nonce(cache, &format!("{prefix}{TAG}{name}")).await?;
        let name = shown(name.as_bytes());
        states.push(match tag {
            None => TagState::Missing(name),
            Some(tag) if nonces.contains(&tag) => TagState::Current(name),
            Some(_) => TagState::Other(name),
        });
    }
    Ok(states)
}

/// The names behind the entry's nonces: of all tags under the cache's prefix, those with the same nonce. Where no prefix was given, of those under any beginning of the
/// key: a tag's key has the cache's prefix too.
pub(super) async fn find(
    cache: &Cache,
    prefix: &str,
    key: &[u8],
    nonces: &[Nonce],
) -> Result<Vec<TagState>, Failure> {
    let own = |found: &String| {
        found.split_once('\u{1}').is_some_and(|(prefix, _)| key.starts_with(prefix.as_bytes()))
    };
    let beginning = if prefix.is_empty() { String::new() } else { format!("{prefix}\u{1}") };
    let mut candidates = Vec::new();
    cache
        .each_key(&beginning, |keys| {
            candidates.extend(keys.into_iter().filter_map(|key| String::from_utf8(key).ok()).filter(own));
            true
        })
        .await?;
    let mut names: BTreeMap<Nonce, String> = BTreeMap::new();
    for keys in candidates.chunks(AT_ONCE) {
        for (key, tag) in read(cache, keys).await? {
            if nonces.contains(&tag) {
                names.insert(tag, name_of(&key));
            }
        }
    }
    Ok(nonces
        .iter()
        .map(|nonce| names.get(nonce).map_or(TagState::Unknown, |name| TagState::Current(name.clone())))
        .collect())
}

/// The nonces at several keys, where there are any.
async fn read(cache: &Cache, keys: &[String]) -> Result<Vec<(String, Nonce)>, Failure> {
    let mut reads = JoinSet::new();
    for key in keys {
        let (cache, key) = (cache.clone(), key.clone());
        reads.spawn(async move { nonce(&cache, &key).await.map(|nonce| nonce.map(|nonce| (key, nonce))) });
    }
    let found: Result<Vec<Option<_>>, Failure> = reads.join_all().await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

async fn nonce(cache: &Cache, key: &str) -> Result<Option<Nonce>, Failure> {
    Ok(match cache.inspect(key).await?.map(|found| found.content) {
        Some(KeyContent::Foreign(bytes)) => Nonce::try_from(bytes).ok(),
        _ => None,
    })
}

/// The tag's name, in words where it is one of the library's own.
fn name_of(key: &str) -> String {
    match key.split_once('\u{1}').map_or(key, |(_, own)| own) {
        "all" => "(of all entries of the cache)".to_owned(),
        "tags" => "(of all tags)".to_owned(),
        own => shown(own.strip_prefix("tag:").unwrap_or(own).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn tags_are_called_as_in_the_program() {
        assert_eq!(name_of("shop:\u{1}tag:city:rome"), "city:rome");
        assert_eq!(name_of("\u{1}tag:\u{1b}"), "\\u{1b}");
        assert_eq!(name_of("shop:\u{1}all"), "(of all entries of the cache)");
    }
}
