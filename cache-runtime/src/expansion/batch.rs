//! A call for many keys, from its arguments to its result: what the expansion of `batch` consists of.

mod collection;
mod keys;
mod refresh;
mod verify;

use std::convert::Infallible;

use crate::api::entry::{Entry, Served};
use crate::api::shared_error::Sharing;
use crate::engine::bypass::is_bypassed;
use crate::engine::flight::{Sight, computing, sync_computing};
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{
    Attempt, CallKey, ComputeGuard, Computed, Course, Departure, Encoded, Got, Outcome, Step, TimeBudget,
    encode_absence,
};
use crate::key::KeyTemplate;
use crate::policy::{Admission, Facts, Lifetime};
use crate::runtime::block_on::block_on;

use self::collection::ExactlySized;
pub use self::collection::{BatchKey, Batched, ValueOf, cloned};
use self::keys::BatchKeys;
pub(crate) use self::keys::BatchTags;

/// A call for many keys.
#[allow(missing_debug_implementations, reason = "lives within one expansion")]
#[must_use]
pub struct Batch<C: Batched> {
    /// The entry that all have in common: their function and its options. It has no key.
    entry: Entry<C::Value>,
    keys: BatchKeys<C::Key>,
    outcomes: Outcomes<C::Value>,
    /// The values that were served past their time, by their places, with what a refresh in the background is to replace.
    stale: Vec<(usize, Sight)>,
    /// Whether all is to be computed, whatever is there.
    is_forced: bool,
    /// Whether nothing was looked up yet.
    is_new: bool,
    course: Course,
    /// What is being computed.
    guard: Option<Box<ComputeGuard>>,
}

/// What has become of each key, once that is known: a value, or that there is none.
type Outcomes<V> = Vec<Option<Option<V>>>;

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
        let keys = BatchKeys::new(template, entry.call().cache(), tags, keys);
        let is_forced = is_bypassed(entry.call().cache.arc()) || entry.call().is_kept_out();
        let outcome =
            |key: &CallKey| if is_forced { None } else { entry.local_hit_at(key.question()).map(Some) };
        let outcomes = keys.names.iter().map(outcome).collect();
        let course = Course::new(entry.call(), TimeBudget::of(entry.call().cache().deadline));
        Self { entry, keys, outcomes, stale: Vec::new(), is_forced, is_new: true, course, guard: None }
    }

    /// Looks up what is not here, before anything is computed.
    pub async fn begin(mut self) -> Self {
        if !self.is_forced {
            self.look_up().await;
        }
        self
    }

    /// [`begin`](Self::begin) for blocking code.
    pub fn begin_blocking(self) -> Self {
        block_on(self.begin())
    }

    /// The first look-up, of all keys at once.
    async fn look_up(&mut self) {
        self.is_new = false;
        let open = self.open();
        let got = Box::pin(self.course.begin(&self.entry.reader(), &self.keys.names, open)).await;
        self.got(got);
    }

    /// The places of the keys of which nothing is known.
    fn open(&self) -> Vec<usize> {
        (0..self.outcomes.len()).filter(|place| self.outcomes[*place].is_none()).collect()
    }

    /// The keys that the function is to be called with now; `None` once all is there.
    pub async fn missing(&mut self) -> Option<Vec<C::Key>> {
        let Ok(missing) = self.try_missing::<Infallible>(Sharing::NONE).await;
        missing
    }

    /// The same for a function that can fail.
    ///
    /// # Errors
    /// A clone of the error of a computation that this call waited for.
    pub async fn try_missing<E>(&mut self, sharing: Sharing<E>) -> Result<Option<Vec<C::Key>>, E> {
        if self.is_new {
            if self.is_forced && !self.outcomes.is_empty() {
                self.is_new = false;
                let guard = Box::pin(self.entry.reader().begin_forced(&self.keys.names)).await;
                return Ok(Some(self.started(guard)));
            }
            self.look_up().await;
        }
        loop {
            match self.course.step(&self.entry.reader()).await {
                Step::Done => return Ok(None),
                Step::Decode(got) => self.got(got),
                Step::Failed(error) => {
                    if let Some(error) = sharing.unpack(&error) {
                        #[cfg(feature = "testing")]
                        self.open().into_iter().for_each(|place| {
                            self.entry.call().note(CallSource::Waited, &self.keys.names[place].name);
                        });
                        return Err(error);
                    }
                }
                Step::Compute(guard) => return Ok(Some(self.started(guard))),
            }
        }
    }

    fn got(&mut self, got: Vec<(usize, Got)>) {
        let Self { entry, keys, outcomes, stale, course, .. } = self;
        for (place, got) in got {
            let key = &keys.names[place];
            outcomes[place] = match entry.decoded(&key.name, got) {
                Served::Value(value, sight) => {
                    stale.extend(sight.map(|sight| (place, sight)));
                    Some(Some(value))
                }
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
        let Ok(()) = self.try_compute(Sharing::NONE, async { Ok::<_, Infallible>(compute.await) }).await;
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
        let Ok(()) = self.try_compute_blocking(Sharing::NONE, || Ok::<_, Infallible>(compute()));
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
        let pairs = self.keys.into_keys().into_iter().zip(self.outcomes.into_iter().map(Option::flatten));
        C::collected(ExactlySized { pairs: pairs.filter_map(|(key, value)| Some((key, value?))), left })
    }

    /// The function's body runs next.
    fn started(&mut self, mut guard: Box<ComputeGuard>) -> Vec<C::Key> {
        self.entry.start(&mut guard);
        let missing = self.keys.at(&guard.places());
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
            Ok(values) => Ok(computed(&self.entry, &self.keys, guard, values, &mut self.outcomes)),
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
        guard.returned_error(self.entry.call());
        let read = |(place, bytes): (usize, Vec<u8>)| {
            Some((place, self.entry.read_at(&self.keys.names[place].name, &bytes)?))
        };
        let older: Option<Vec<(usize, C::Value)>> =
            guard.fallbacks().and_then(|older| older.into_iter().map(read).collect());
        let Some(older) = older else {
            guard.fail(self.entry.call(), sharing.pack(&error).as_ref());
            return Err(error);
        };
        for (place, value) in older {
            self.entry.call().function.counters.stale.count();
            #[cfg(feature = "testing")]
            self.entry.call().note(CallSource::Stale, &self.keys.names[place].name);
            self.outcomes[place] = Some(Some(value));
        }
        guard.fail_with_older(self.entry.call(), Attempt::Call, || sharing.reason(&error));
        Ok(Departure::Nothing)
    }
}

/// Takes what the function returned apart, and has it stored. Of two values for one key, the last one counts, as in a map.
fn computed<C: Batched>(
    entry: &Entry<C::Value>,
    keys: &BatchKeys<C::Key>,
    guard: Box<ComputeGuard>,
    values: C,
    outcomes: &mut [Option<Option<C::Value>>],
) -> Departure {
    let places = guard.places();
    places.iter().for_each(|place| outcomes[*place] = Some(None));
    for (place, value) in keys.placed(&places, values.pairs()) {
        outcomes[place] = Some(Some(value));
    }
    // The time that the whole call took: what it would have taken for this key alone is not known, and to have been
    // dearer than it was makes `early_refresh` earlier, not later.
    guard.finish(entry.call(), &mut |computed| match outcomes[computed.place]
        .as_ref()
        .and_then(Option::as_ref)
    {
        Some(value) => entry.outcome(&computed, value),
        None => absence_outcome(entry, &computed),
    })
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
            call.declined(&key.name);
            if has_followers { Outcome::Share(encode(None)) } else { Outcome::Nothing }
        }
    }
}
