//! A call for many keys, from its arguments to its result: what the expansion of `batch` consists of.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::api::entry::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::batch::{Got, Name, Outcome, Run, Step, Work, encode_absence};
use crate::engine::bypass::is_bypassed;
use crate::engine::flight::{computing, sync_computing};
use crate::engine::{Departure, Encoded};
use crate::error::ErrorKind;
use crate::key::{KeyBuf, KeyPart, KeyTemplate};
use crate::policy::{Admission, Facts};
use crate::runtime::block_on::block_on;
use crate::util::process;

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
    hooks: Hooks<C::Key>,
    /// One for each slot of the run.
    keys: Vec<C::Key>,
    run: Run,
    /// What has become of each, once that is known: a value, or that there is none.
    outcomes: Vec<Option<Option<C::Value>>>,
    /// What is being computed.
    work: Option<Work>,
}

/// What the batch knows of its keys' type: plain functions, so that a type that will not do is one error, where the batch is
/// made, and not one for each method.
struct Hooks<K> {
    render: fn(&KeyTemplate, &K) -> KeyBuf,
    clone: fn(&K) -> K,
}

impl<C: Batched> Batch<C> {
    pub(crate) fn new(
        entry: Entry<C::Value>,
        template: KeyTemplate,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Self
    where
        C::Key: BatchKey,
    {
        let (keys, names) = distinct(&template, keys);
        let is_fresh = is_bypassed(entry.call().cache.arc());
        let kept = |name: &Name| if is_fresh { None } else { entry.kept_at(name).map(Some) };
        let outcomes: Vec<_> = names.iter().map(kept).collect();
        let run = Run::new(entry.call(), names, is_fresh, |slot| outcomes[slot].is_some());
        let hooks = Hooks { render: KeyTemplate::key, clone: C::Key::clone };
        Self { entry, template, hooks, keys, run, outcomes, work: None }
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
        loop {
            match self.run.step(&self.entry.reader()).await {
                Step::Done => return Ok(None),
                Step::Decode(got) => got.into_iter().for_each(|(slot, got)| self.got(slot, got)),
                Step::Failed(slot, error) => match sharing.unpack(&error) {
                    Some(error) => return Err(error),
                    None => self.run.compute_alone(slot),
                },
                Step::Compute(work) => return Ok(Some(self.started(work))),
            }
        }
    }

    fn got(&mut self, slot: usize, got: Got) {
        let Self { entry, run, outcomes, .. } = self;
        let (reader, name) = (entry.reader(), run.name(slot));
        outcomes[slot] = match got {
            Got::Absent => Some(None),
            Got::FlightResult(bytes) if reader.is_absence(name, &bytes) => Some(None),
            Got::FlightResult(bytes) => {
                let value = entry.read_at(name, &bytes);
                if value.is_none() {
                    run.compute_alone(slot);
                }
                value.map(Some)
            }
            Got::Hit(hit) => {
                let value = entry.value_at(name, &hit);
                run.decoded(&reader, slot, &hit, value.is_some());
                value.map(Some)
            }
        };
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
        let Some(work) = self.work.take() else { return Ok(()) };
        let keys = work.keys(self.entry.call(), |slot| Arc::clone(self.run.name(slot)));
        let result = computing(keys, self.run.patience(), compute).await;
        let departure = self.finished(work, result, sharing)?;
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
        let Some(work) = self.work.take() else { return Ok(()) };
        let keys = work.keys(self.entry.call(), |slot| Arc::clone(self.run.name(slot)));
        let result = sync_computing(keys, self.run.patience(), compute);
        block_on(async {
            let departure = self.finished(work, result, sharing)?;
            self.entry.call().depart(departure).await;
            Ok(())
        })
    }

    /// All values that were found or computed, in the order in which their keys were first named.
    pub fn finish(self) -> C {
        let left = self.outcomes.iter().flatten().flatten().count();
        let pairs = self.keys.into_iter().zip(self.outcomes.into_iter().map(Option::flatten));
        C::collected(Counted { pairs: pairs.filter_map(|(key, value)| Some((key, value?))), left })
    }

    /// The function's body runs next.
    fn started(&mut self, mut work: Work) -> Vec<C::Key> {
        self.entry.call().function.counters.computes.count();
        let missing = work.begin().into_iter().map(|slot| (self.hooks.clone)(&self.keys[slot])).collect();
        self.work = Some(work);
        missing
    }

    fn finished<E>(&mut self, work: Work, result: Result<C, E>, sharing: Sharing<E>) -> Result<Departure, E> {
        self.run.waited_since(work.began());
        match result {
            Ok(values) => Ok(self.computed(work, values).within(self.run.left())),
            Err(error) => {
                self.entry.call().function.counters.failed.count();
                work.fail(sharing.pack(&error).as_ref());
                Err(error)
            }
        }
    }

    /// Keys that were not asked for are left out, as they would be if all had been found. Of two values for one key, the
    /// last one counts, as in a map.
    fn computed(&mut self, work: Work, values: C) -> Departure {
        let compute_time = work.began().elapsed();
        let slots = work.slots();
        let by_name: HashMap<Name, usize> =
            slots.iter().map(|slot| (Arc::clone(self.run.name(*slot)), *slot)).collect();
        slots.into_iter().for_each(|slot| self.outcomes[slot] = Some(None));
        for (key, value) in values.pairs() {
            if let Some(slot) = by_name.get(&*(self.hooks.render)(&self.template, &key)) {
                self.outcomes[*slot] = Some(Some(value));
            }
        }
        let Self { entry, run, outcomes, .. } = self;
        work.finish(entry.call(), |slot, has_followers| {
            let key = run.name(slot);
            let outcome = match &outcomes[slot].as_ref().and_then(Option::as_ref) {
                Some(value) => value_outcome(entry, key, value, compute_time, has_followers),
                None => absence_outcome(entry, key, compute_time, has_followers),
            };
            (Arc::clone(key), outcome)
        })
    }
}

/// The keys without those that were there before, and their names. Two keys are one if their names are: equal keys render
/// equally, and others differently.
fn distinct<K: KeyPart>(template: &KeyTemplate, keys: impl IntoIterator<Item = K>) -> (Vec<K>, Vec<Name>) {
    let keys: Vec<K> = keys.into_iter().collect();
    let names: Vec<Name> = template.keys(&keys).collect();
    if all_differ(&names) {
        return (keys, names);
    }
    let mut known = HashSet::with_capacity(names.len());
    keys.into_iter().zip(names).filter(|(_, name)| known.insert(Arc::clone(name))).unzip()
}

/// Whether this is sure: to sort hashes costs less than to keep a set of names, and mostly it is enough.
fn all_differ(names: &[Name]) -> bool {
    let mut hashes: Vec<u64> = names.iter().map(|name| xxh3_64(name.as_bytes())).collect();
    hashes.sort_unstable();
    hashes.windows(2).all(|pair| pair[0] != pair[1])
}

/// Pairs of which it is known how many there are, so that a map is made as large as it has to be at once.
struct Counted<P> {
    pairs: P,
    left: usize,
}

impl<P: Iterator> Iterator for Counted<P> {
    type Item = P::Item;

    fn next(&mut self) -> Option<P::Item> {
        self.left = self.left.saturating_sub(1);
        self.pairs.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

fn value_outcome<T>(
    entry: &Entry<T>,
    key: &str,
    value: &T,
    compute_time: std::time::Duration,
    has_followers: bool,
) -> Outcome {
    // The time that the whole call took: what it would have taken for this key alone is not known, and to have been
    // dearer than it was makes `early_refresh` earlier, not later.
    match entry.encode(process::known(), key, value, compute_time, &[]) {
        Ok(Some(Encoded { bytes, lifetime, .. })) => Outcome::Store(bytes, lifetime),
        Ok(None) => {
            entry.call().function.counters.not_stored.count();
            match has_followers.then(|| entry.encode_unstored(key, value)).flatten() {
                Some(bytes) => Outcome::Share(bytes),
                None => Outcome::Nothing,
            }
        }
        Err(error) => {
            entry.call().failed(&error);
            let is_shared = has_followers && error.kind() == ErrorKind::TooLarge;
            match is_shared.then(|| entry.encode_unstored(key, value)).flatten() {
                Some(bytes) => Outcome::Share(bytes),
                None => Outcome::Nothing,
            }
        }
    }
}

/// What becomes of a key that the function did not return.
fn absence_outcome<T>(
    entry: &Entry<T>,
    key: &str,
    compute_time: std::time::Duration,
    has_followers: bool,
) -> Outcome {
    let call = entry.call();
    let facts = Facts { is_none: true, own_ttl: None, wanted: true };
    let encode = |ttl| encode_absence(key, entry.codec(), call.function.fingerprint, ttl, compute_time);
    match call.admit(facts) {
        Admission::Store(lifetime) => Outcome::Store(encode(lifetime.fresh), lifetime),
        Admission::Skip => {
            call.function.counters.not_stored.count();
            if has_followers { Outcome::Share(encode(None)) } else { Outcome::Nothing }
        }
    }
}
