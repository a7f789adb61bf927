//! What all calls of a cache share.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::callsite::Callsite;
use super::flight::Flights;
use super::following::Following;
use super::function::{Function, Functions, Identify};
use super::observe::Observing;
use super::retry_queue::{Key, Pending};
use super::verification::{Verifications, VerifyOptions};
use super::{Background, Failures, GivenUp, Prolongations, Renewals};
use crate::entry::head::EntryHeads;
use crate::error::{Error, ErrorKind};
use crate::key::{KeyBuf, SecretNames, bucket};
use crate::local::Tier;
use crate::store::AnyStore;
use crate::store::vocabulary::parts::ShapeKind;
use crate::tags::Tags;
use crate::util::maybe_static::MaybeStatic;
use crate::util::process::PerProcess;
use crate::util::test_clock::Clock;

/// A cache: a store and what belongs to it.
pub(crate) struct Core {
    pub(crate) store: AnyStore,
    /// For functions with a `shape`, where their values are not stored as all others are.
    pub(crate) shaped: Option<Box<Shaped>>,
    /// Where there is a Redis to watch.
    pub(crate) tier: Option<Arc<Tier>>,
    /// The same for entries without tags; `None` where all have one.
    pub(crate) untagged_tier: Option<Arc<Tier>>,
    /// For values that Redis, or the memory that stands for it, is asked about each time.
    pub(crate) copies: Option<Arc<Tier>>,
    pub(crate) prefix: String,
    /// What secret arguments are called.
    pub(crate) names: SecretNames,
    /// The tag that all entries have, where the cache asks for one.
    pub(crate) shared_tags: Option<Arc<Tags>>,
    pub(crate) deadline: Duration,
    /// How long a lease is, before it is renewed.
    pub(crate) lease: Duration,
    /// The longest that a call waits for another's computation.
    pub(crate) wait: Duration,
    /// The most bytes that an entry may have.
    pub(crate) max_value_size: u64,
    pub(crate) functions: Functions,
    /// Whether the keys of a function's entries are in its [bucket](crate::key::bucket).
    pub(crate) separates_versions: bool,
    pub(crate) flights: Arc<Flights>,
    pub(crate) background: PerProcess<Background>,
    pub(crate) renewals: PerProcess<Renewals>,
    pub(crate) prolongations: PerProcess<Prolongations>,
    pub(crate) given_up: PerProcess<GivenUp>,
    pub(crate) failures: PerProcess<Failures>,
    /// How long after a failure a source is asked again.
    pub(crate) retry_after: Duration,
    /// By which it is asked again, and entries in this process expire.
    pub(crate) clock: Clock,
    pub(crate) pending: PerProcess<Pending>,
    pub(crate) following: PerProcess<Following>,
    pub(crate) observing: Observing,
    pub(crate) verify: VerifyOptions,
    pub(crate) verifications: PerProcess<Verifications>,
    /// Whether nothing is ever read from it; see [`bypass`](super::bypass).
    pub(crate) is_disabled: bool,
}

/// A store for each shape.
pub(crate) struct Shaped([AnyStore; 4]);

impl Shaped {
    /// Those beside a store; `None` where values in parts are stored as all others are.
    pub(crate) fn beside(store: &AnyStore) -> Option<Box<Self>> {
        let of = |kind| store.shaped(&EntryHeads, kind);
        let [hash, set, sorted_set, list] = ShapeKind::ALL.map(of);
        Some(Box::new(Self([hash?, set?, sorted_set?, list?])))
    }

    #[inline]
    pub(crate) fn of(&self, kind: ShapeKind) -> &AnyStore {
        let [hash, set, sorted_set, list] = &self.0;
        match kind {
            ShapeKind::Hash => hash,
            ShapeKind::Set => set,
            ShapeKind::SortedSet => sorted_set,
            ShapeKind::List => list,
        }
    }
}

impl Core {
    /// The function at a site, into whose bucket the key is put, where versions are kept apart.
    #[inline]
    pub(crate) fn function_of(
        &self,
        site: &'static Callsite,
        identify: Identify,
        key: &mut KeyBuf,
    ) -> MaybeStatic<Function> {
        let function = self.functions.get(site, identify);
        if self.separates_versions {
            key.put_into_bucket(function.fingerprint);
        }
        function
    }

    /// The names in Redis of what these keys stand for: where versions are kept apart, an entry's key stands for that in each bucket.
    pub(crate) fn names<'k>(&self, keys: &[Key<'k>]) -> SmallVec<[Cow<'k, str>; 1]> {
        let mut names = SmallVec::with_capacity(keys.len());
        for key in keys {
            match key {
                Key::Entry(name) if self.separates_versions => {
                    names.extend(bucket::in_each(bucket::common(name)).map(Cow::Owned));
                }
                _ => names.push(Cow::Borrowed(key.name())),
            }
        }
        names
    }

    /// Where versions are kept apart: the names of what others than this version have stored at these keys, and of nothing else.
    pub(super) fn names_of_others<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<String> {
        if !self.separates_versions {
            return Vec::new();
        }
        let of_others = |key: &'k str| bucket::in_each(bucket::common(key)).filter(move |name| name != key);
        keys.flat_map(of_others).collect()
    }

    /// The tags of an entry: its own and, where there is one, the tag that all entries share.
    pub(crate) fn tags(&self, mut own: Vec<KeyBuf>, of_value: bool) -> Option<Arc<Tags>> {
        if own.is_empty() && !of_value {
            return self.shared_tags.clone();
        }
        own.extend(self.shared_tags.iter().flat_map(|shared| shared.keys().iter().cloned()));
        Some(Arc::new(Tags::new(own, &self.prefix, of_value)))
    }

    /// Logs an error that no caller will see: the first of its kind of each function as a warning, with what follows from it. `None`: what
    /// failed is no function's.
    pub(crate) fn log(&self, site: Option<&Callsite>, error: &Error, consequence: fmt::Arguments<'_>) {
        // An outage is logged once, by what connects, with its end.
        if error.is_logged() || matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) {
            return log::debug!("{error}");
        }
        if self.functions.is_first_told(site, error.kind()) {
            log::warn!("{error}; {consequence}; further errors of this kind are counted and not logged");
        }
    }
}

/// What belongs to each of several caches, in the order in which they come.
pub(crate) fn by_cache<T>(
    items: impl IntoIterator<Item = T>,
    cache: impl Fn(&T) -> &MaybeStatic<Core>,
) -> Vec<(MaybeStatic<Core>, Vec<T>)> {
    let mut groups: Vec<(MaybeStatic<Core>, Vec<T>)> = Vec::new();
    for item in items {
        let of_item = cache(&item);
        match groups.iter_mut().find(|(known, _)| Arc::ptr_eq(known.arc(), of_item.arc())) {
            Some((_, group)) => group.push(item),
            None => groups.push((of_item.clone(), vec![item])),
        }
    }
    groups
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("store", &self.store)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
