//! `verify` of a batch: the function is called once more, in the background, with those of its keys whose hits are drawn.
//!
//! The steps are those of [`verified`](crate::api::after_lookup), for several keys at once: one call for all that are to be compared, one
//! grace, and one more call for those that differ.

use std::convert::Infallible;
use std::mem::take;

use tokio::sync::OwnedSemaphorePermit;

use super::keys::BatchKeys;
use super::{Batch, Batched};
use crate::api::after_lookup::{HitCheck, Recomputed};
use crate::api::comparison::{Comparison, encoded};
use crate::api::entry::Entry;
use crate::api::global;
use crate::engine::verification::{comparing, is_drawn, sync_comparing};
use crate::key::KeyBuf;
use crate::runtime::block_on::{block_on, library_runtime};
use crate::runtime::executor::{all, home};

impl<C: Batched<Key: Send> + 'static> Batch<C> {
    /// Has this share of the hits compared with what `make`'s computation gives for their keys.
    pub fn verify<G, F>(self, share: f64, comparison: Comparison<C::Value>, make: impl Fn() -> G) -> Self
    where
        G: FnOnce(Vec<C::Key>) -> F + Send + 'static,
        F: Future<Output = C> + Send + 'static,
    {
        self.try_verify(share, comparison, || {
            let compute = make();
            move |keys| {
                let compute = compute(keys);
                async { Ok::<_, Infallible>(compute.await) }
            }
        })
    }

    /// The same for what may fail.
    pub fn try_verify<E, G, F>(
        self,
        share: f64,
        comparison: Comparison<C::Value>,
        make: impl Fn() -> G,
    ) -> Self
    where
        E: 'static,
        G: FnOnce(Vec<C::Key>) -> F + Send + 'static,
        F: Future<Output = Result<C, E>> + Send + 'static,
    {
        if let Some(drawn) = self.drawn(share)
            && let Ok(home) = home()
        {
            let (first, second, scoped) = (make(), make(), global::scoped());
            home.spawn(global::within(scoped, async move {
                let Drawn { entries, served, keys, _room } = drawn;
                let mut check = BatchCheck::begin(&entries, &served, keys, comparison).await;
                let Some(missing) = check.keys() else { return };
                // Keys need not be `Sync`, so the check is not borrowed while it waits.
                let result = comparing(first(missing)).await.ok();
                let computed = check.recomputed(result);
                check = check.differing(computed).await;
                let Some(missing) = check.keys() else { return };
                let result = comparing(second(missing)).await.ok();
                let again = check.recomputed(result);
                check.conclude(again).await;
            }));
        }
        self
    }

    /// [`verify`](Self::verify) for blocking code, on a thread of the library's.
    pub fn verify_blocking<G>(
        self,
        share: f64,
        comparison: Comparison<C::Value>,
        make: impl Fn() -> G,
    ) -> Self
    where
        G: FnOnce(Vec<C::Key>) -> C + Send + 'static,
    {
        self.try_verify_blocking(share, comparison, || {
            let compute = make();
            |keys| Ok::<_, Infallible>(compute(keys))
        })
    }

    /// [`try_verify`](Self::try_verify) for blocking code.
    pub fn try_verify_blocking<E, G>(
        self,
        share: f64,
        comparison: Comparison<C::Value>,
        make: impl Fn() -> G,
    ) -> Self
    where
        E: 'static,
        G: FnOnce(Vec<C::Key>) -> Result<C, E> + Send + 'static,
    {
        if let Some(drawn) = self.drawn(share)
            && let Ok(library) = library_runtime()
        {
            let (first, second, scoped) = (make(), make(), global::scoped());
            library.spawn_blocking(move || {
                let Drawn { entries, served, keys, _room } = drawn;
                global::sync_within(scoped, || {
                    let mut check = block_on(BatchCheck::begin(&entries, &served, keys, comparison));
                    let Some(missing) = check.keys() else { return };
                    let computed = check.recomputed(sync_comparing(|| first(missing)).ok());
                    check = block_on(check.differing(computed));
                    let Some(missing) = check.keys() else { return };
                    let again = check.recomputed(sync_comparing(|| second(missing)).ok());
                    block_on(check.conclude(again));
                });
            });
        }
        self
    }

    /// The hits that are to be verified, with the room for them, which is that of one call. Not what is past its time: that is being refreshed. A key
    /// without a value is not compared.
    fn drawn(&self, share: f64) -> Option<Drawn<C>> {
        let mut places = Vec::new();
        for (place, outcome) in self.outcomes.iter().enumerate() {
            if matches!(outcome, Some(Some(_)))
                && is_drawn(share)
                && self.stale.iter().all(|(stale, _)| *stale != place)
            {
                places.push(place);
            }
        }
        if places.is_empty() {
            return None;
        }
        let _room = self.entry.call().verification_room()?;
        // What cannot be written is a key that the function is not called for.
        let served = |place: &usize| {
            let value = self.outcomes[*place].as_ref()?.as_ref()?;
            Some((*place, encoded(self.entry.hooks(), value)?))
        };
        let (places, served): (Vec<usize>, Vec<Vec<u8>>) = places.iter().filter_map(served).unzip();
        let keys = self.keys.part(&places);
        let entry = |(name, key): (_, KeyBuf)| self.entry.at(key, name);
        let entries = keys.named().map(entry).collect();
        Some(Drawn { entries, served, keys, _room })
    }
}

/// The hits that are compared. No value is in it, so values need not be `Send`.
struct Drawn<C: Batched> {
    /// One for each key.
    entries: Vec<Entry<C::Value>>,
    served: Vec<Vec<u8>>,
    keys: BatchKeys<C::Key>,
    _room: OwnedSemaphorePermit,
}

/// Those that are not judged yet.
struct BatchCheck<'a, C: Batched> {
    keys: BatchKeys<C::Key>,
    /// With their places among the keys, in that order.
    checks: Vec<(usize, HitCheck<'a, C::Value>)>,
    /// What the first call returned for them.
    computed: Vec<Recomputed>,
}

impl<'a, C: Batched> BatchCheck<'a, C> {
    async fn begin(
        entries: &'a [Entry<C::Value>],
        served: &'a [Vec<u8>],
        keys: BatchKeys<C::Key>,
        comparison: Comparison<C::Value>,
    ) -> Self {
        let begun =
            entries.iter().zip(served).map(|(entry, served)| HitCheck::begin(entry, comparison, served));
        let checks = all(begun).await.into_iter().enumerate();
        let checks = checks.filter_map(|(place, check)| Some((place, check?))).collect();
        Self { keys, checks, computed: Vec::new() }
    }

    fn places(&self) -> Vec<usize> {
        self.checks.iter().map(|(place, _)| *place).collect()
    }

    /// The keys to call the function with; `None` if nothing is left to be judged.
    fn keys(&self) -> Option<Vec<C::Key>> {
        let places = self.places();
        (!places.is_empty()).then(|| self.keys.at(&places))
    }

    /// What the function returned for the keys that are left. Nothing for all of them if it failed; a key that it does not return has no value.
    fn recomputed(&self, result: Option<C>) -> Vec<Option<Recomputed>> {
        let places = self.places();
        let Some(values) = result else { return places.iter().map(|_| None).collect() };
        let mut by_place: Vec<Option<Recomputed>> =
            self.keys.names.iter().map(|_| Some(Recomputed::Absent)).collect();
        for (place, value) in self.keys.placed(&places, values.pairs()) {
            if let Ok(at) = places.binary_search(&place) {
                by_place[place] = self.checks[at].1.bytes_of(&value).map(Recomputed::Bytes);
            }
        }
        places.iter().map(|place| by_place[*place].take()).collect()
    }

    /// Compares what was computed. Keeps what differs and whose entries outlast the grace.
    async fn differing(mut self, computed: Vec<Option<Recomputed>>) -> Self {
        let compared =
            take(&mut self.checks).into_iter().zip(computed).map(|((place, check), computed)| async move {
                let computed = check.differing(computed).await?;
                check.outlasts_grace().await.then_some((place, check, computed))
            });
        for (place, check, computed) in all(compared).await.into_iter().flatten() {
            self.checks.push((place, check));
            self.computed.push(computed);
        }
        self
    }

    async fn conclude(self, again: Vec<Option<Recomputed>>) {
        let checks = self.checks.iter().zip(&self.computed).zip(again);
        all(checks.map(|(((_, check), computed), again)| check.conclude(computed, again))).await;
    }
}
