//! The last call of an expansion's chain before the value is asked for. With `local` it looks whether this process keeps the value,
//! and makes the entry only if not.
//!
//! An entry is some three hundred bytes, which to put together and hand on takes longer than to find a value here. So nothing of
//! it is made for a hit; what a call needs beyond one stands in functions of its own.

use std::pin::Pin;
#[cfg(feature = "testing")]
use std::sync::Arc;

use super::{EntryBuilder, KeyedEntry, RemoteOnly, WithLocal, in_use};
use crate::api::entry::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::bypass::is_bypassed;
use crate::engine::core::Core;
use crate::engine::function::Function;
#[cfg(feature = "testing")]
use crate::engine::observation::{self, CallSource};
use crate::key::{KeyBuilder, Pieces};
use crate::local::Terms;
use crate::util::maybe_static::MaybeStatic;

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, K: Pieces> KeyedEntry<'_, T, RemoteOnly, K> {
    #[must_use]
    #[inline]
    pub fn look_up(self) -> Entry<T> {
        self.build()
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, K: Pieces> KeyedEntry<'_, T, WithLocal, K> {
    /// No reference is taken to the options, which would have the compiler write them all down: they are taken apart, and put
    /// together again where there is no hit.
    #[inline]
    pub fn look_up(self) -> LookedUp<T> {
        let Self { options, key: pieces } = self;
        let EntryBuilder { site, here, cache, policy, identify, hooks, place } = options;
        let in_use = in_use(cache);
        let local = match (hooks.local, &in_use.untagged_tier) {
            (Some(keep), Some(tier)) if !is_bypassed(in_use.arc()) => Some((keep, tier)),
            _ => None,
        };
        let (longest, early_refresh) = (Terms::longest(policy.local.unasked()), policy.early_refresh);
        let has_identity = early_refresh <= 0.0;
        let identity = |function: &Function| function.identity.identity(|identity| pieces.identify(identity));
        if let Some((keep, tier)) = local
            && has_identity
            && let Some(value) = in_use.functions.with(site, identify, |function| {
                let value = keep.give(tier.find_in_front(&identity(function)?, longest)?)?;
                function.counters.count_one(|counters| &counters.local_hits);
                #[cfg(feature = "testing")]
                note_local(in_use.arc(), function, &pieces);
                Some(value)
            })
        {
            return LookedUp::Local(value);
        }
        let mut key = KeyBuilder::new();
        key.write(&in_use.prefix, &pieces);
        if let Some((keep, tier)) = local
            && let Some(value) = in_use.functions.with(site, identify, |function| {
                let terms = Terms::new(function.fingerprint, longest, early_refresh);
                if in_use.separates_versions {
                    key.put_into_bucket(function.fingerprint);
                }
                let identity = if has_identity { identity(function) } else { None };
                let value = keep.give(tier.find_for(identity.as_ref(), key.finished(), &terms)?)?;
                function.counters.count_one(|counters| &counters.local_hits);
                #[cfg(feature = "testing")]
                note_local(in_use.arc(), function, &pieces);
                Some(value)
            })
        {
            return LookedUp::Local(value);
        }
        let options = EntryBuilder { site, here, cache, policy, identify, hooks, place };
        options.elsewhere(in_use, &mut key)
    }
}

#[cfg(feature = "testing")]
fn note_local(cache: &Arc<Core>, function: &Function, pieces: &impl Pieces) {
    let key = || {
        let mut key = KeyBuilder::key(&cache.prefix, pieces);
        if cache.separates_versions {
            key.put_into_bucket(function.fingerprint);
        }
        vec![(*key).to_owned()]
    };
    observation::note(cache, function.site, CallSource::Local, key);
}

impl<T> EntryBuilder<'_, T, WithLocal> {
    #[cold]
    #[inline(never)]
    fn elsewhere(self, cache: MaybeStatic<Core>, key: &mut KeyBuilder) -> LookedUp<T> {
        let (key, tags) = (key.take_key(), cache.shared_tags.clone());
        let is_tagged = tags.is_some();
        let entry = self.entry(cache, key, tags);
        if is_tagged { LookedUp::of(entry) } else { LookedUp::remote(entry) }
    }
}

/// What a look-up in this process has given.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub enum LookedUp<T> {
    /// The value.
    Local(T),
    /// Nothing: Redis is to be asked.
    Remote(RemoteEntry<T>),
}

/// An entry whose value is not in this process. Boxed, as its futures are: the caller's own has room for a hit.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct RemoteEntry<T>(Box<Entry<T>>);

impl<T> LookedUp<T> {
    pub(crate) fn of(entry: Entry<T>) -> Self {
        match entry.hit_at_once() {
            Some(value) => Self::Local(value),
            None => Self::remote(entry),
        }
    }

    fn remote(entry: Entry<T>) -> Self {
        Self::Remote(RemoteEntry(Box::new(entry)))
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T> RemoteEntry<T> {
    #[cold]
    #[inline(never)]
    pub fn get_or_compute<F>(self, compute: F) -> Pin<Box<impl Future<Output = T>>>
    where
        F: Future<Output = T>,
    {
        Box::pin(async move { self.0.begin_remote().await.or_compute(compute).await })
    }

    #[cold]
    #[inline(never)]
    pub fn get_or_try_compute_sharing<E, F>(
        self,
        sharing: Sharing<E>,
        compute: F,
    ) -> Pin<Box<impl Future<Output = Result<T, E>>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        Box::pin(async move { self.0.begin_remote().await.or_try_compute(sharing, compute).await })
    }
}
