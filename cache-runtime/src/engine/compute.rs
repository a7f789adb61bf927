//! The right, and the obligation, to compute.

use std::mem::{replace, take};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::course::{Miss, Stage};
use super::flight::SharedError;
use super::store;
use super::store::{Removed, StoreRequest};
use crate::engine::flight::{Computation, FlightResult, Keys, Lateness, Leader, OfferedValue};
use crate::engine::lease::{self, Lease};
use crate::engine::{Attempt, Call, CallKey, Departure};
use crate::entry::header;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::policy::Lifetime;
use crate::report::miss_reason::MissReason;
use crate::store::vocabulary::{CasToken, Nonce};
use crate::util::clock::after;
#[cfg(feature = "tracing")]
use crate::util::trace::Span;

/// Held while the function computes. Dropping it, because the caller went away or panicked, gives the leases back and hands the
/// flights over.
pub(crate) struct ComputeGuard {
    keys: Vec<Miss>,
    began: Option<Instant>,
    /// How long its caller would still wait for others.
    patience: Duration,
    /// From when on the call would rather have an older value than wait.
    late_at: Option<Instant>,
    /// The older value that the body may look at.
    offered: Option<Arc<OfferedValue>>,
}

/// The right to store.
pub(crate) struct StorePermit {
    pub(super) lease: Lease,
    /// The value that is to be replaced; `None` if the lease itself is in its place.
    pub(super) base: Option<CasToken>,
    /// The nonces of the tags, read before the computation.
    pub(super) nonces: Vec<Nonce>,
}

impl StorePermit {
    /// What the value replaces.
    pub(super) fn mark(&self) -> &CasToken {
        self.base.as_ref().unwrap_or(self.lease.mark())
    }
}

/// A value as it is to be stored.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lifetime: Lifetime,
    pub(crate) compute_time: Duration,
    /// The keys of the tags that the value names. Their nonces are not in the bytes yet.
    pub(crate) named: Vec<KeyBuf>,
}

/// What a call has in hand should its computation be late.
pub(crate) struct Older {
    pub(crate) bytes: Vec<u8>,
    pub(crate) late_at: Instant,
    lateness: Option<Lateness>,
}

impl Older {
    /// The computation is late: who finds it under way, and has an older value too, need not wait for it.
    pub(crate) fn note_late(&self) {
        self.lateness.iter().for_each(Lateness::note);
    }
}

/// What to do with a key that was computed.
pub(crate) enum Outcome {
    Store(Encoded),
    /// Shared with waiting callers, and not stored.
    Share(Vec<u8>),
    Nothing,
}

/// A computed key whose value others can use.
pub(crate) struct Computed<'a> {
    pub(crate) place: usize,
    pub(crate) key: &'a CallKey,
    /// The nonces that its tags had before the computation.
    pub(crate) nonces: &'a [Nonce],
    pub(crate) compute_time: Duration,
    pub(crate) has_followers: bool,
}

impl Miss {
    fn take_permit(&mut self) -> Option<StorePermit> {
        match replace(&mut self.stage, Stage::Done) {
            Stage::Leading(permit) => permit,
            _ => None,
        }
    }
}

#[allow(clippy::boxed_local, reason = "as it is held")]
impl ComputeGuard {
    /// Boxed, so that a call that finds its value reserves no room for it.
    pub(super) fn new(keys: Vec<Miss>, patience: Duration, late_at: Option<Instant>) -> Box<Self> {
        Box::new(Self { keys, began: None, patience, late_at, offered: None })
    }

    /// For a call that computes for itself, without the right to store.
    pub(crate) fn alone(call: &Call, fallback: Option<Vec<u8>>) -> Box<Self> {
        let late_at = call.policy.timeout().map(after);
        Self::new(vec![Miss::alone(0, call.call_key(), fallback)], call.max_wait(), late_at)
    }

    /// Marks the beginning of the computation.
    pub(crate) fn begin(&mut self, call: &Call) {
        self.began = Some(Instant::now());
        if call.policy.conditional {
            self.offer();
        }
    }

    /// Offers the body the older value of its only key, if there is one.
    #[cold]
    fn offer(&mut self) {
        if let [Miss { fallback: Some(older), .. }] = &self.keys[..] {
            self.offered = Some(Arc::new(OfferedValue::new(older.clone())));
        }
    }

    /// The time since the computation began.
    pub(crate) fn compute_time(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// The function has returned: gives the time that it took.
    fn returned(&self, call: &Call) -> Duration {
        let compute_time = self.compute_time();
        call.function.compute_times.record(compute_time);
        compute_time
    }

    /// The function has returned an error. To be told once, before one of the methods by which a guard ends.
    pub(crate) fn returned_error(&self, call: &Call) {
        self.returned(call);
        call.function.counters.compute_errors.count();
    }

    /// The places of what is to be computed, in the order in which the caller named it.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.keys.iter().map(|miss| miss.place).collect();
        places.sort_unstable();
        places
    }

    /// The keys of what is to be computed, in the order in which the caller named them.
    #[cfg(feature = "testing")]
    pub(crate) fn key_names(&self) -> Vec<String> {
        let mut keys: Vec<(usize, &str)> =
            self.keys.iter().map(|miss| (miss.place, &*miss.key.name)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key.to_owned()).collect()
    }

    /// What the computation is for, and for how long calls within it may wait for others.
    pub(crate) fn computation(&self, call: &Call) -> (Computation, Duration) {
        let mut keys = self.keys.iter().map(|miss| miss.key.flight_key(call));
        let keys = match (keys.next(), self.keys.len()) {
            (Some(key), 1) => Keys::One(key),
            (first, _) => first.into_iter().chain(keys).collect(),
        };
        let computation = Computation {
            keys,
            offered: self.offered.clone(),
            #[cfg(feature = "tracing")]
            span: Span::compute(call.function.site),
        };
        (computation, self.patience)
    }

    /// Older values to serve should the computation fail, with their places; `None` if there is not one for each key.
    pub(crate) fn fallbacks(&mut self) -> Option<Vec<(usize, Vec<u8>)>> {
        if self.keys.iter().any(|miss| miss.fallback.is_none()) {
            return None;
        }
        let mut keys = self.keys.iter_mut();
        Some(keys.by_ref().filter_map(|miss| Some((miss.place, miss.fallback.take()?))).collect())
    }

    /// The older value of its only key, and from when on the call would rather have that than wait; `None` if it waits in any case.
    pub(crate) fn older(&self) -> Option<Older> {
        let (late_at, miss) = (self.late_at?, self.keys.first()?);
        let lateness = miss.lead.as_ref().map(Leader::lateness);
        Some(Older { bytes: miss.fallback.clone()?, late_at, lateness })
    }

    /// The nonces that the tags of its only key had before the computation.
    pub(crate) fn nonces(&self) -> &[Nonce] {
        match self.keys.first().map(|miss| &miss.stage) {
            Some(Stage::Leading(Some(permit))) => &permit.nonces,
            _ => &[],
        }
    }

    /// There are values: shares what there is, and stores in the background what is to be stored and may be. What replaces nothing
    /// removes: the older value that it would have replaced would be served again else, and a row that was deleted would live on. Compiled once, and not for
    /// every type.
    pub(crate) fn finish(
        mut self: Box<Self>,
        call: &Call,
        outcome: &mut dyn FnMut(Computed<'_>) -> Outcome,
    ) -> Departure {
        let compute_time = self.returned(call);
        if self.offered.as_ref().is_some_and(|offered| offered.is_confirmed()) {
            return self.renew(call, compute_time);
        }
        let (mut stored, mut removed) = (SmallVec::new(), Vec::new());
        for mut miss in take(&mut self.keys) {
            call.source_succeeded(|| miss.key.flight_key(call));
            let (permit, lead) = (miss.take_permit(), miss.lead);
            let has_followers = lead.as_ref().is_some_and(Leader::has_followers);
            if permit.is_none() && !has_followers {
                // Nobody would read the encoded value.
                call.function.while_away.took(compute_time);
                lead.into_iter().for_each(|lead| lead.land(FlightResult::Nothing));
                continue;
            }
            let nonces = permit.as_ref().map(|permit| &permit.nonces[..]).unwrap_or_default();
            let computed =
                Computed { place: miss.place, key: &miss.key, nonces, compute_time, has_followers };
            let landed = match outcome(computed) {
                Outcome::Store(encoded) => {
                    let Encoded { bytes, lifetime, compute_time, named } = encoded;
                    let bytes = Arc::new(bytes);
                    let landing = lead.map(|lead| lead.land_before_stored(Arc::clone(&bytes)));
                    let Some(permit) = permit else { continue };
                    let key = miss.key;
                    stored.push(StoreRequest {
                        key,
                        permit,
                        bytes,
                        lifetime,
                        compute_time,
                        named,
                        renews: false,
                        _landing: landing,
                    });
                    continue;
                }
                Outcome::Share(bytes) => FlightResult::Bytes(Arc::new(bytes)),
                Outcome::Nothing => FlightResult::Nothing,
            };
            lead.into_iter().for_each(|lead| lead.land(landed.clone()));
            removed.extend(permit.and_then(|permit| Removed::of(miss.key.name, permit)));
        }
        store::begin(call, stored, removed)
    }

    /// The body has said that the older value is what its source has: the entry stays as it is for as long as it was stored for, if it is still there.
    #[cold]
    fn renew(mut self: Box<Self>, call: &Call, compute_time: Duration) -> Departure {
        let mut stored = SmallVec::new();
        for mut miss in take(&mut self.keys) {
            call.source_succeeded(|| miss.key.flight_key(call));
            let (permit, lead) = (miss.take_permit(), miss.lead.take());
            let Some(older) = miss.fallback.take() else { continue };
            let lifetime = header::checked(&older).map(|entry| Lifetime::of(&entry.meta));
            let landing = lead.map(|lead| lead.land_before_stored(Arc::new(older)));
            if let (Some(StorePermit { base: Some(mark), .. }), Some(lifetime)) = (&permit, lifetime) {
                let bytes = Arc::new(mark.to_vec());
                stored.extend(permit.map(|permit| StoreRequest {
                    key: miss.key,
                    permit,
                    bytes,
                    lifetime,
                    compute_time,
                    named: Vec::new(),
                    renews: true,
                    _landing: landing,
                }));
            }
        }
        store::begin(call, stored, Vec::new())
    }

    /// Stores the value of its only key, if there is the right to, and waits for it. Says whether it is stored: not if it was
    /// invalidated meanwhile.
    pub(crate) async fn store_now(mut self: Box<Self>, call: &Call, encoded: Encoded) -> Result<bool, Error> {
        let Some(mut miss) = take(&mut self.keys).pop() else { return Ok(false) };
        let Some(permit) = miss.take_permit() else { return Ok(false) };
        let Encoded { bytes, lifetime, compute_time, named } = encoded;
        let (key, bytes) = (miss.key, Arc::new(bytes));
        let stored =
            StoreRequest { key, permit, bytes, lifetime, compute_time, named, renews: false, _landing: None };
        store::store(call, vec![stored]).await.pop().unwrap_or(Ok(false))
    }

    /// The function has failed. Shares the error, if it is given.
    pub(crate) fn fail(self: Box<Self>, call: &Call, error: Option<&SharedError>) {
        self.keys.iter().for_each(|miss| call.note_not_stored(&miss.key.name, MissReason::Failed));
        self.give_up(error);
    }

    fn give_up(mut self: Box<Self>, error: Option<&SharedError>) {
        let mut keys = take(&mut self.keys);
        // The leases first: who is told of the failure, and computes, is to find them gone, or on their way.
        lease::give_back(keys.iter_mut().filter_map(Miss::take_permit).map(|permit| permit.lease));
        for lead in keys.into_iter().filter_map(|miss| miss.lead) {
            lead.land(error.cloned().map_or(FlightResult::Failed, FlightResult::Error));
        }
    }

    /// The function has failed, and older values are served, or stay. Of a refresh in the background, no other process is to try again
    /// before the source has rested.
    pub(crate) fn fail_with_older(
        mut self: Box<Self>,
        call: &Call,
        attempt: Attempt,
        reason: impl Fn() -> Option<String>,
    ) {
        for miss in &mut self.keys {
            call.source_failed(miss.key.flight_key(call), attempt, &reason);
            if attempt == Attempt::Refresh
                && let Some(permit) = miss.take_permit()
            {
                permit.lease.rest(call.cache().retry_after);
            }
        }
        self.give_up(None);
    }
}

impl Drop for ComputeGuard {
    fn drop(&mut self) {
        lease::give_back(self.keys.iter_mut().filter_map(Miss::take_permit).map(|permit| permit.lease));
    }
}
