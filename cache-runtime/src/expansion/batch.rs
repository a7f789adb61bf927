//! A call for many keys, from its arguments to its result: what the expansion of `batch` consists of.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::api::entry::{Entry, Served};
use crate::api::shared_error::Sharing;
use crate::engine::bypass::is_bypassed;
use crate::engine::flight::{computing, sync_computing};
use crate::engine::{
    Attempt, CallKey, ComputeGuard, Computed, Course, Departure, Encoded, Got, Outcome, Step, TimeBudget,
    encode_absence,
};
use crate::key::{KeyBuf, KeyPart, KeyTemplate};
use crate::policy::{Admission, Facts, Lifetime};
use crate::runtime::block_on::block_on;
use crate::tags::{TagTemplate, Tags};

/// What a batch's function can return: one value for each key that there is a value for.
#[diagnostic::on_unimplemented(
    message = "a function with `batch` returns a map, and `{Self}` is none",
    label = "this type must be `HashMap<K, V>`, `BTreeMap<K, V>` or `Vec<(K, V)>`",
    note = "return the values by their keys, in one of these types or in a `Result` of one"
)]
pub trait Batched: Sized {
    /// What the argument's items are.
    type Key;
    /// What is stored under each key.
    type Value;

    /// Makes the result of a call.
    fn collected(pairs: impl Iterator<Item = (Self::Key, Self::Value)>) -> Self;

    /// Takes the function's result apart.
    fn pairs(self) -> impl Iterator<Item = (Self::Key, Self::Value)>;
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> Batched for HashMap<K, V, S> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

impl<K: Ord, V> Batched for BTreeMap<K, V> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

impl<K, V> Batched for Vec<(K, V)> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

/// The type of what a batch stores under each key, where the return type does not show it.
pub type ValueOf<C> = <C as Batched>::Value;

/// What a batch can be asked for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a batch",
    label = "this type must be `Clone` and a `KeyPart`",
    note = "derive both: `#[derive(Clone, redis_cached::KeyPart)]`"
)]
pub trait BatchKey: KeyPart + Clone {}

#[diagnostic::do_not_recommend]
impl<K: KeyPart + Clone> BatchKey for K {}

/// The keys of a batch that borrows them.
pub fn cloned<K: BatchKey>(keys: &[K]) -> Vec<K> {
    keys.to_vec()
}

/// A call for many keys.
#[allow(missing_debug_implementations, reason = "lives within one expansion")]
#[must_use]
pub struct Batch<C: Batched> {
    /// The entry that all have in common: their function and its options. It has no key.
    entry: Entry<C::Value>,
    template: KeyTemplate,
    hooks: KeyHooks<C::Key>,
    /// In the order in which they were first named.
    keys: Vec<C::Key>,
    /// One for each of them.
    names: Vec<CallKey>,
    /// What has become of each, once that is known: a value, or that there is none.
    outcomes: Vec<Option<Option<C::Value>>>,
    /// Whether all is to be computed, whatever is there.
    is_forced: bool,
    /// Whether nothing was looked up yet.
    is_new: bool,
    course: Course,
    /// What is being computed.
    guard: Option<Box<ComputeGuard>>,
}

/// The tags of a batch's entries.
pub(crate) struct BatchTags {
    /// The keys of those that all entries have.
    pub(crate) common: Vec<KeyBuf>,
    /// Those in whose names a key of the batch stands, each with its place among all.
    pub(crate) of_keys: Vec<(usize, TagTemplate)>,
    /// Whether values name some.
    pub(crate) of_value: bool,
}

/// What the batch knows of its keys' type: plain functions, so that a type that will not do is one error, where the batch is
/// made, and not one for each method.
struct KeyHooks<K> {
    render: fn(&KeyTemplate, &K) -> KeyBuf,
    clone: fn(&K) -> K,
}

impl<C: Batched> Batch<C> {
    pub(crate) fn new(
        entry: Entry<C::Value>,
        template: KeyTemplate,
        tags: &BatchTags,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Self
    where
        C::Key: BatchKey,
    {
        let (keys, names) = distinct(&template, keys);
        let names = with_tags(&entry.call().cache().prefix, tags, &keys, names);
        let is_forced = is_bypassed(entry.call().cache.arc());
        let kept = |key: &CallKey| if is_forced { None } else { entry.kept_at(key.question()).map(Some) };
        let outcomes = names.iter().map(kept).collect();
        let course = Course::new(entry.call(), TimeBudget::of(entry.call().cache().deadline));
        let hooks = KeyHooks { render: KeyTemplate::key, clone: C::Key::clone };
        Self { entry, template, hooks, keys, names, outcomes, is_forced, is_new: true, course, guard: None }
    }

    /// The keys that the function is to be called with now; `None` once all is there.
    pub async fn missing(&mut self) -> Option<Vec<C::Key>> {
        match self.try_missing::<Infallible>(Sharing::NONE).await {
            Ok(missing) => missing,
            Err(never) => match never {},
        }
    }

    /// The same for a function that can fail.
    ///
    /// # Errors
    /// A clone of the error of a computation that this call waited for.
    pub async fn try_missing<E>(&mut self, sharing: Sharing<E>) -> Result<Option<Vec<C::Key>>, E> {
        if std::mem::take(&mut self.is_new) {
            let open: Vec<usize> =
                (0..self.keys.len()).filter(|place| self.outcomes[*place].is_none()).collect();
            if self.is_forced && !open.is_empty() {
                let guard = Box::pin(self.entry.reader().begin_forced(&self.names)).await;
                return Ok(Some(self.started(guard)));
            }
            let got = Box::pin(self.course.begin(&self.entry.reader(), &self.names, open)).await;
            self.got(got);
        }
        loop {
            match self.course.step(&self.entry.reader()).await {
                Step::Done => return Ok(None),
                Step::Decode(got) => self.got(got),
                Step::Failed(error) => {
                    if let Some(error) = sharing.unpack(&error) {
                        return Err(error);
                    }
                }
                Step::Compute(guard) => return Ok(Some(self.started(guard))),
            }
        }
    }

    fn got(&mut self, got: Vec<(usize, Got)>) {
        let Self { entry, names, outcomes, course, .. } = self;
        for (place, got) in got {
            let key = &names[place];
            outcomes[place] = match entry.decoded(&key.name, got) {
                Served::Value(value, _) => Some(Some(value)),
                Served::NoValue => Some(None),
                Served::Undecodable(hit) => {
                    course.undecodable(&entry.reader(), place, key, &hit);
                    None
                }
                Served::Useless(fallback) => {
                    course.compute_alone(place, key, fallback);
                    None
                }
            };
        }
    }

    /// [`missing`](Self::missing) for blocking code.
    pub fn missing_blocking(&mut self) -> Option<Vec<C::Key>> {
        block_on(self.missing())
    }

    /// [`try_missing`](Self::try_missing) for blocking code.
    ///
    /// # Errors
    /// As there.
    pub fn try_missing_blocking<E>(&mut self, sharing: Sharing<E>) -> Result<Option<Vec<C::Key>>, E> {
        block_on(self.try_missing(sharing))
    }

    /// Computes what was missing.
    pub async fn compute(&mut self, compute: impl Future<Output = C>) {
        let result = self.try_compute(Sharing::NONE, async { Ok::<_, Infallible>(compute.await) });
        match result.await {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// The same for a function that can fail.
    ///
    /// # Errors
    /// The error of `compute`.
    pub async fn try_compute<E>(
        &mut self,
        sharing: Sharing<E>,
        compute: impl Future<Output = Result<C, E>>,
    ) -> Result<(), E> {
        let Some(guard) = self.guard.take() else { return Ok(()) };
        let (keys, patience) = guard.computation(self.entry.call());
        let result = computing(keys, patience, compute).await;
        let departure = self.finished(guard, result, sharing)?;
        self.entry.call().depart(departure).await;
        Ok(())
    }

    /// [`compute`](Self::compute) for blocking code.
    pub fn compute_blocking(&mut self, compute: impl FnOnce() -> C) {
        match self.try_compute_blocking(Sharing::NONE, || Ok::<_, Infallible>(compute())) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// [`try_compute`](Self::try_compute) for blocking code.
    ///
    /// # Errors
    /// The error of `compute`.
    pub fn try_compute_blocking<E>(
        &mut self,
        sharing: Sharing<E>,
        compute: impl FnOnce() -> Result<C, E>,
    ) -> Result<(), E> {
        let Some(guard) = self.guard.take() else { return Ok(()) };
        let (keys, patience) = guard.computation(self.entry.call());
        let result = sync_computing(keys, patience, compute);
        block_on(async {
            let departure = self.finished(guard, result, sharing)?;
            self.entry.call().depart(departure).await;
            Ok(())
        })
    }

    /// All values that were found or computed, in the order in which their keys were first named.
    pub fn finish(self) -> C {
        let left = self.outcomes.iter().flatten().flatten().count();
        let pairs = self.keys.into_iter().zip(self.outcomes.into_iter().map(Option::flatten));
        C::collected(ExactlySized { pairs: pairs.filter_map(|(key, value)| Some((key, value?))), left })
    }

    /// The function's body runs next.
    fn started(&mut self, mut guard: Box<ComputeGuard>) -> Vec<C::Key> {
        self.entry.start(&mut guard);
        let missing = guard.places().into_iter().map(|place| (self.hooks.clone)(&self.keys[place])).collect();
        self.guard = Some(guard);
        missing
    }

    fn finished<E>(
        &mut self,
        guard: Box<ComputeGuard>,
        result: Result<C, E>,
        sharing: Sharing<E>,
    ) -> Result<Departure, E> {
        self.course.put_off(guard.compute_time());
        match result {
            Ok(values) => Ok(self.computed(guard, values)),
            Err(error) => self.fall_back(guard, error, sharing),
        }
    }

    /// Older values in place of the error, if there is one for each key that was to be computed: a result with holes would look like
    /// keys that have no value.
    fn fall_back<E>(
        &mut self,
        mut guard: Box<ComputeGuard>,
        error: E,
        sharing: Sharing<E>,
    ) -> Result<Departure, E> {
        let counters = &self.entry.call().function.counters;
        counters.compute_errors.count();
        let read = |(place, bytes): (usize, Vec<u8>)| {
            Some((place, self.entry.read_at(&self.names[place].name, &bytes)?))
        };
        let older: Option<Vec<(usize, C::Value)>> =
            guard.fallbacks().and_then(|older| older.into_iter().map(read).collect());
        let Some(older) = older else {
            guard.fail(sharing.pack(&error).as_ref());
            return Err(error);
        };
        for (place, value) in older {
            counters.stale.count();
            self.outcomes[place] = Some(Some(value));
        }
        guard.fail_with_older(self.entry.call(), Attempt::Call, || sharing.reason(&error));
        Ok(Departure::Nothing)
    }

    /// Keys that were not asked for are left out, as they would be if all had been found. Of two values for one key, the
    /// last one counts, as in a map.
    fn computed(&mut self, guard: Box<ComputeGuard>, values: C) -> Departure {
        let places = guard.places();
        let by_name: HashMap<&str, usize> =
            places.iter().map(|place| (&*self.names[*place].name, *place)).collect();
        places.iter().for_each(|place| self.outcomes[*place] = Some(None));
        for (key, value) in values.pairs() {
            if let Some(place) = by_name.get(&*(self.hooks.render)(&self.template, &key)) {
                self.outcomes[*place] = Some(Some(value));
            }
        }
        let Self { entry, outcomes, .. } = self;
        // The time that the whole call took: what it would have taken for this key alone is not known, and to have been
        // dearer than it was makes `early_refresh` earlier, not later.
        guard.finish(entry.call(), |computed| {
            match outcomes[computed.place].as_ref().and_then(Option::as_ref) {
                Some(value) => entry.outcome(&computed, value),
                None => absence_outcome(entry, &computed),
            }
        })
    }
}

/// The keys with their tags.
fn with_tags<K: KeyPart>(prefix: &str, tags: &BatchTags, keys: &[K], names: Vec<Arc<str>>) -> Vec<CallKey> {
    let BatchTags { common, of_keys, of_value } = tags;
    if of_keys.is_empty() {
        let has_tags = *of_value || !common.is_empty();
        let tags = has_tags.then(|| Arc::new(Tags::new(common.clone(), prefix, *of_value)));
        return names.into_iter().map(|name| CallKey { name, tags: tags.clone() }).collect();
    }
    let with_tags = |(key, name)| {
        let mut all = common.clone();
        // In the order in which a function for one key has them.
        of_keys.iter().for_each(|(place, tag)| all.insert(*place, tag.of(prefix, key)));
        CallKey { name, tags: Some(Arc::new(Tags::new(all, prefix, *of_value))) }
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

/// Pairs of which it is known how many there are, so that a map is made as large as it has to be at once.
struct ExactlySized<P> {
    pairs: P,
    left: usize,
}

impl<P: Iterator> Iterator for ExactlySized<P> {
    type Item = P::Item;

    fn next(&mut self) -> Option<P::Item> {
        self.left = self.left.saturating_sub(1);
        self.pairs.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// What becomes of a key that the function did not return. An absence has no window: it is asked for anew when its time is over.
fn absence_outcome<T>(entry: &Entry<T>, computed: &Computed<'_>) -> Outcome {
    let (call, &Computed { key, nonces, compute_time, has_followers, .. }) = (entry.call(), computed);
    let facts = Facts { is_none: true, own_ttl: None, wanted: true };
    // Those of its arguments: no value names any.
    let tags = key.tags.as_ref().map_or(0, |tags| tags.of_arguments().len());
    let nonces = &nonces[..nonces.len().min(tags)];
    let encode = |ttl| {
        let (codec, fingerprint) = (entry.codec(), call.function.fingerprint);
        encode_absence(&key.name, codec, fingerprint, ttl, compute_time, nonces)
    };
    match call.admit(facts) {
        Admission::Store(Lifetime { fresh, .. }) => {
            let lifetime = Lifetime { fresh, stale: std::time::Duration::ZERO };
            Outcome::Store(Encoded { bytes: encode(fresh), lifetime, compute_time, named: Vec::new() })
        }
        Admission::Skip => {
            call.function.counters.not_stored.count();
            if has_followers { Outcome::Share(encode(None)) } else { Outcome::Nothing }
        }
    }
}
