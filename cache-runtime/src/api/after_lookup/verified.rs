//! `verify`: hits whose functions are run as well, to see whether what is cached is what they return now.
//!
//! The call takes no part in it: it draws, clones the arguments and goes on with its value. All else is in the background, in steps that the
//! async and the blocking form have in common: see the entry ([`HitCheck::begin`]), compute, compare, wait, compute once more. When that
//! counts is argued in [`verification`](crate::engine::verification).

use std::convert::Infallible;

use tokio::sync::OwnedSemaphorePermit;

use crate::api::after_lookup::{AfterLookup, Decoded};
use crate::api::comparison::{Comparison, encoded};
use crate::api::entry::Entry;
use crate::api::global;
use crate::engine::verification::{Judgement, Witness, comparing, sync_comparing};
use crate::runtime::block_on::{block_on, library_runtime};
use crate::runtime::executor::home;

impl<T: 'static> AfterLookup<'_, T> {
    /// Has this share of hits compared with what `make`'s computation gives.
    pub fn verify<F>(self, share: f64, comparison: Comparison<T>, make: impl Fn() -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.try_verify(share, comparison, || {
            let compute = make();
            async { Ok::<_, Infallible>(compute.await) }
        })
    }

    /// The same for what may fail.
    pub fn try_verify<E, F>(self, share: f64, comparison: Comparison<T>, make: impl Fn() -> F) -> Self
    where
        E: 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        if let Some((served, room)) = self.drawn(share)
            && let Ok(home) = home()
        {
            let (entry, computations, scoped) = (self.entry.clone(), [make(), make()], global::scoped());
            home.spawn(global::within(scoped, async move {
                let _room = room;
                verify(&entry, comparison, &served, computations).await;
            }));
        }
        self
    }

    /// [`verify`](Self::verify) for blocking code, on a thread of the library's.
    pub fn verify_blocking<F>(self, share: f64, comparison: Comparison<T>, make: impl Fn() -> F) -> Self
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.try_verify_blocking(share, comparison, || {
            let compute = make();
            || Ok::<_, Infallible>(compute())
        })
    }

    /// [`try_verify`](Self::try_verify) for blocking code.
    pub fn try_verify_blocking<E, F>(
        self,
        share: f64,
        comparison: Comparison<T>,
        make: impl Fn() -> F,
    ) -> Self
    where
        E: 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        if let Some((served, room)) = self.drawn(share)
            && let Ok(library) = library_runtime()
        {
            let (entry, computations, scoped) = (self.entry.clone(), [make(), make()], global::scoped());
            library.spawn_blocking(move || {
                let _room = room;
                global::sync_within(scoped, || verify_blocking(&entry, comparison, &served, computations));
            });
        }
        self
    }

    /// The bytes of what is served, and the room to verify it, if it is to be. Not of what is past its time: that is being refreshed.
    fn drawn(&self, share: f64) -> Option<(Vec<u8>, OwnedSemaphorePermit)> {
        let Decoded::Value(value) = &self.next else { return None };
        let room = self.entry.call().room_to_verify(share)?;
        Some((encoded(self.entry.hooks(), value)?, room))
    }
}

async fn verify<T, E>(
    entry: &Entry<T>,
    comparison: Comparison<T>,
    served: &[u8],
    [first, second]: [impl Future<Output = Result<T, E>>; 2],
) {
    let Some(check) = HitCheck::begin(entry, comparison, served).await else { return };
    let computed = check.recomputed(comparing(first).await);
    let Some(computed) = check.differing(computed).await else { return };
    if check.outlasts_grace().await {
        let again = check.recomputed(comparing(second).await);
        check.conclude(&computed, again).await;
    }
}

fn verify_blocking<T, E>(
    entry: &Entry<T>,
    comparison: Comparison<T>,
    served: &[u8],
    [first, second]: [impl FnOnce() -> Result<T, E>; 2],
) {
    let Some(check) = block_on(HitCheck::begin(entry, comparison, served)) else { return };
    let computed = check.recomputed(sync_comparing(first));
    let Some(computed) = block_on(check.differing(computed)) else { return };
    if block_on(check.outlasts_grace()) {
        let again = check.recomputed(sync_comparing(second));
        block_on(check.conclude(&computed, again));
    }
}

/// What a function returned to be compared.
#[derive(Debug)]
pub(crate) enum Recomputed {
    /// As it would be stored.
    Bytes(Vec<u8>),
    /// No value: a batch's function has left out the key.
    Absent,
}

/// An entry that was served and is being compared. Each step that ends it counts what it came to.
pub(crate) struct HitCheck<'a, T> {
    entry: &'a Entry<T>,
    comparison: Comparison<T>,
    /// What the store has.
    stored: Vec<u8>,
    pub(super) witness: Witness,
}

impl<'a, T> HitCheck<'a, T> {
    /// Looks at the entry, before anything is computed. `None` if it is not what was served any more.
    pub(crate) async fn begin(entry: &'a Entry<T>, comparison: Comparison<T>, served: &[u8]) -> Option<Self> {
        let check = match entry.reader().witnessed().await {
            Some((bytes, witness)) => {
                let value = entry.read_at(entry.key(), &bytes);
                let stored = value.and_then(|value| encoded(entry.hooks(), &value));
                stored.map(|stored| Self { entry, comparison, stored, witness })
            }
            None => None,
        };
        let check = check.filter(|check| check.are_same(served, &check.stored) == Some(true));
        if check.is_none() {
            entry.call().verified(Judgement::Unjudged);
        }
        check
    }

    /// A result, as it would be stored; `None` if there is none.
    pub(super) fn recomputed<E>(&self, result: Result<T, E>) -> Option<Recomputed> {
        self.bytes_of(&result.ok()?).map(Recomputed::Bytes)
    }

    /// A value as bytes, as it would be stored; `None` if it cannot be.
    pub(crate) fn bytes_of(&self, value: &T) -> Option<Vec<u8>> {
        encoded(self.entry.hooks(), value)
    }

    fn are_same(&self, a: &[u8], b: &[u8]) -> Option<bool> {
        self.comparison.are_same(self.entry.hooks(), a, b)
    }

    /// Whether the entry has what was computed. `None` if that cannot be told.
    fn has(&self, computed: &Recomputed) -> Option<bool> {
        match computed {
            Recomputed::Bytes(bytes) => self.are_same(bytes, &self.stored),
            Recomputed::Absent => Some(false),
        }
    }

    /// Whether both computations came to the same.
    fn is_repeated(&self, computed: &Recomputed, again: &Recomputed) -> bool {
        match (computed, again) {
            (Recomputed::Bytes(computed), Recomputed::Bytes(again)) => {
                self.are_same(again, computed) == Some(true)
            }
            (Recomputed::Absent, Recomputed::Absent) => true,
            _ => false,
        }
    }

    /// Compares what was computed. Gives it back if it differs and the entry still stands.
    pub(crate) async fn differing(&self, computed: Option<Recomputed>) -> Option<Recomputed> {
        let call = self.entry.call();
        match computed.as_ref().and_then(|computed| self.has(computed)) {
            Some(true) => call.verified(Judgement::Equal),
            Some(false) if call.still_has(&self.witness).await => return computed,
            Some(false) | None => call.verified(Judgement::Unjudged),
        }
        None
    }

    pub(crate) async fn outlasts_grace(&self) -> bool {
        let outlasts = self.entry.call().outlasts_grace(&self.witness).await;
        if !outlasts {
            self.entry.call().verified(Judgement::Unjudged);
        }
        outlasts
    }

    /// Compares what was computed the second time, when an invalidation on its way has arrived. It has to be what was computed the first time:
    /// otherwise the data is being changed, or the function returns something else each time, such as the time.
    pub(crate) async fn conclude(&self, computed: &Recomputed, again: Option<Recomputed>) {
        let differs =
            again.is_some_and(|again| self.has(&again) == Some(false) && self.is_repeated(computed, &again));
        let call = self.entry.call();
        let verdict = if differs && call.still_has(&self.witness).await {
            Judgement::Different(self.witness.age)
        } else {
            Judgement::Unjudged
        };
        call.verified(verdict);
    }
}
