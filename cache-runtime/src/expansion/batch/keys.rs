//! The keys of a batch, each with its name and its tags.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::collection::BatchKey;
use crate::engine::CallKey;
use crate::engine::core::Core;
use crate::key::{KeyBuf, KeyPart, KeyTemplate};
use crate::tags::TagTemplate;

/// The tags of a batch's entries.
pub(crate) struct BatchTags {
    /// The keys of those that all entries have.
    pub(crate) common: Vec<KeyBuf>,
    /// Those in whose names a key of the batch stands, each with its place among all.
    pub(crate) of_keys: Vec<(usize, TagTemplate)>,
    /// Whether values name some.
    pub(crate) of_value: bool,
}

/// The keys of a batch, each once, in the order in which they were first named.
pub(super) struct BatchKeys<K> {
    template: KeyTemplate,
    hooks: KeyHooks<K>,
    keys: Vec<K>,
    /// One for each of them.
    pub(super) names: Vec<CallKey>,
}

/// What the batch knows of its keys' type: plain functions, so that a type that will not do is one error, where the batch is
/// made, and not one for each method.
struct KeyHooks<K> {
    render: fn(&KeyTemplate, &K) -> KeyBuf,
    clone: fn(&K) -> K,
}

impl<K> BatchKeys<K> {
    pub(super) fn new(
        template: KeyTemplate,
        cache: &Core,
        tags: &BatchTags,
        keys: impl IntoIterator<Item = K>,
    ) -> Self
    where
        K: BatchKey,
    {
        let (keys, names) = distinct(&template, keys);
        let names = with_tags(cache, tags, &keys, names);
        Self { template, hooks: KeyHooks { render: KeyTemplate::key, clone: K::clone }, keys, names }
    }

    /// The keys at these places, to call the function with.
    pub(super) fn at(&self, places: &[usize]) -> Vec<K> {
        places.iter().map(|place| (self.hooks.clone)(&self.keys[*place])).collect()
    }

    /// A batch's keys of their own: those at these places.
    pub(super) fn part(&self, places: &[usize]) -> Self {
        let KeyHooks { render, clone } = self.hooks;
        Self {
            template: self.template.clone(),
            hooks: KeyHooks { render, clone },
            keys: self.at(places),
            names: places.iter().map(|place| self.names[*place].clone()).collect(),
        }
    }

    /// What each key is called, as a batch knows it and as an entry does.
    pub(super) fn named(&self) -> impl Iterator<Item = (&CallKey, KeyBuf)> {
        self.names.iter().zip(self.keys.iter().map(|key| (self.hooks.render)(&self.template, key)))
    }

    /// The values that the function returned for the keys at `places`, each with its place. Keys that were not asked for are left
    /// out, as they would be if all had been found.
    pub(super) fn placed<V>(
        &self,
        places: &[usize],
        pairs: impl Iterator<Item = (K, V)>,
    ) -> impl Iterator<Item = (usize, V)> {
        let by_name: HashMap<&str, usize> =
            places.iter().map(|place| (&*self.names[*place].name, *place)).collect();
        pairs.filter_map(move |(key, value)| {
            let place = by_name.get(&*(self.hooks.render)(&self.template, &key))?;
            Some((*place, value))
        })
    }

    pub(super) fn into_keys(self) -> Vec<K> {
        self.keys
    }
}

/// The keys with their tags.
fn with_tags<K: KeyPart>(cache: &Core, tags: &BatchTags, keys: &[K], names: Vec<Arc<str>>) -> Vec<CallKey> {
    let BatchTags { common, of_keys, of_value } = tags;
    if of_keys.is_empty() {
        let tags = cache.tags(common.clone(), *of_value);
        return names.into_iter().map(|name| CallKey { name, tags: tags.clone() }).collect();
    }
    let with_tags = |(key, name)| {
        let mut all = common.clone();
        // In the order in which a function for one key has them.
        of_keys.iter().for_each(|(place, tag)| all.insert(*place, tag.of(&cache.prefix, &cache.names, key)));
        CallKey { name, tags: cache.tags(all, *of_value) }
    };
    keys.iter().zip(names).map(with_tags).collect()
}

/// The keys without those that were there before, and their names. Two keys are one if their names are: equal keys render
/// equally, and others differently.
fn distinct<K: KeyPart>(
    template: &KeyTemplate,
    keys: impl IntoIterator<Item = K>,
) -> (Vec<K>, Vec<Arc<str>>) {
    let keys: Vec<K> = keys.into_iter().collect();
    let names: Vec<Arc<str>> = template.keys(&keys).collect();
    if all_differ(&names) {
        return (keys, names);
    }
    let mut known = HashSet::with_capacity(names.len());
    keys.into_iter().zip(names).filter(|(_, name)| known.insert(Arc::clone(name))).unzip()
}

/// Whether this is sure: to sort hashes costs less than to keep a set of names, and mostly it is enough.
fn all_differ(names: &[Arc<str>]) -> bool {
    let mut hashes: Vec<u64> = names.iter().map(|name| xxh3_64(name.as_bytes())).collect();
    hashes.sort_unstable();
    hashes.windows(2).all(|pair| pair[0] != pair[1])
}
