//! From what was found to a value.

use std::sync::Arc;

use super::Entry;
use crate::engine::flight::Sight;
use crate::engine::{Got, Hit, Locally};
use crate::entry::header;
use crate::local::{Keep, KeptCopy};
use crate::tags;

/// What was there for a key, decoded.
pub(crate) enum Served<T> {
    /// A value; with what it is to be replaced by a refresh in the background, if it is.
    Value(T, Option<Sight>),
    /// The word that there is no value.
    NoValue,
    /// An entry that cannot be decoded.
    Undecodable(Hit),
    /// What another caller's computation has landed with cannot be decoded. With what to serve in place of an error.
    Useless(Option<Vec<u8>>),
}

impl<T> Entry<T> {
    /// What was there at a key of the function, decoded.
    pub(crate) fn decoded(&self, key: &str, got: Got) -> Served<T> {
        match got {
            Got::Entry(hit, when) => {
                let value = self.value_at(key, &hit);
                let sight = self.call.served(when, value.is_some());
                value.map_or(Served::Undecodable(hit), |value| Served::Value(value, sight))
            }
            Got::NoValue => Served::NoValue,
            Got::Landed(bytes, fallback) => match self.read_at(key, &bytes) {
                Some(value) => Served::Value(value, None),
                None if self.reader().is_absence(key, &bytes) => Served::NoValue,
                None => Served::Useless(fallback),
            },
        }
    }

    /// What is to be served, decoded; this process keeps it if it may.
    fn value_at(&self, key: &str, hit: &Hit) -> Option<T> {
        if let Some(Locally::Kept(value)) = hit.locally.as_deref() {
            let value = self.hooks.local?.give(Arc::clone(value))?;
            self.call.function.counters.revalidated_hits.count();
            return Some(value);
        }
        let value = self.hooks.decoded(&header::payload(&hit.bytes)?)?;
        if let Some(keep) = self.hooks.local {
            self.keep(keep, key, hit, &value);
        }
        Some(value)
    }

    /// Keeps a value that was decoded, if that is allowed.
    #[inline(never)]
    fn keep(&self, keep: Keep<T>, key: &str, hit: &Hit, value: &T) {
        if let (Some(Locally::Arriving(guard, arrival)), Some(tier)) =
            (hit.locally.as_deref(), &self.call.cache.tier)
        {
            keep.admit(tier, *guard, key, *arrival, value);
        } else if let Some(tier) = self.reader().copies()
            && let (Some(mark), Some(entry)) = (hit.mark(), header::checked(&hit.bytes))
        {
            let names = self.hooks.tags_of.map(|names| names(value)).unwrap_or_default();
            let Some(named) = tags::of_value(&self.call.cache.prefix, &names, 0) else { return };
            let copy = KeptCopy {
                mark,
                meta: entry.meta,
                tags: entry.tags.into(),
                named,
                type_name: std::any::type_name::<T>(),
                value: keep.take(value),
            };
            tier.keep_copy(key, self.call.function.fingerprint, header::decoded_len(&hit.bytes), copy);
        }
    }

    /// Reads an entry whatever its age and whatever became of its tags.
    pub(crate) fn read_at(&self, key: &str, bytes: &[u8]) -> Option<T> {
        self.hooks.decoded(&self.reader().payload(key, bytes)?)
    }
}
