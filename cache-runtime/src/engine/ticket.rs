//! The right and the duty to compute.

use crate::tags;
use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Call;
use super::background::{Departure, UnderWay};
use super::flight::{FlightKey, FlightResult, Leader};
use super::lease::Lease;
use super::tagged::both;
use crate::entry::header;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::policy::Lifetime;
use crate::store::BackgroundWrite;
use crate::store::Store;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::TagTtl;
use crate::store::vocabulary::{CasToken, Swap};
use crate::tags::Tags;

/// Held while the function computes. Dropping it, because the caller went away or panicked, gives the lease back and hands
/// the flight over.
#[derive(Default)]
pub(crate) struct ComputeGuard {
    pub(super) lead: Option<Leader>,
    /// Without it the value is not stored.
    pub(super) hold: Option<StorePermit>,
    /// An entry to serve should the computation fail.
    pub(super) fallback: Option<Vec<u8>>,
    /// What its caller would still wait for others. All of it, if it has not come to that.
    pub(super) patience: Option<Duration>,
    began: Option<Instant>,
}

/// The right to store.
pub(super) struct StorePermit {
    pub(super) lease: Lease,
    /// The value that is to be replaced; `None` if the lease itself is in its place.
    pub(super) base: Option<CasToken>,
    /// Those of the tags' keys, from before the computation.
    pub(super) nonces: Vec<Nonce>,
}

impl StorePermit {
    /// What the value takes the place of.
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

impl ComputeGuard {
    pub(super) fn new(lead: Leader, hold: Option<StorePermit>) -> Self {
        Self { lead: Some(lead), hold, ..Self::default() }
    }

    /// For a call that shares with nobody.
    pub(super) fn unshared(hold: Option<StorePermit>) -> Self {
        Self { hold, ..Self::default() }
    }

    /// For a call that computes for itself, without the right to store.
    pub(crate) fn alone(fallback: Option<Vec<u8>>) -> Self {
        Self { fallback, ..Self::default() }
    }

    /// What is computed, for what the computation itself may call.
    pub(crate) fn flight_key(&self, call: &Call) -> FlightKey {
        self.lead.as_ref().map_or_else(|| call.flight_key(), |lead| lead.key().clone())
    }

    /// The function begins to compute now.
    pub(crate) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// How long it has been computing.
    pub(crate) fn compute_time(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// What the computation of `call` is for, and for how long calls within it may wait for others.
    pub(crate) fn computation(&self, call: &Call) -> (FlightKey, Duration) {
        (self.flight_key(call), self.patience.unwrap_or_else(|| call.max_wait()))
    }

    pub(crate) fn take_fallback(&mut self) -> Option<Vec<u8>> {
        self.fallback.take()
    }

    /// Whether a value is of use to anybody but its caller: it may be stored, or somebody waits for it.
    pub(crate) fn is_shared(&self) -> bool {
        self.hold.is_some() || self.has_followers()
    }

    pub(crate) fn has_followers(&self) -> bool {
        self.lead.as_ref().is_some_and(Leader::has_followers)
    }

    /// Shares an encoded value, and stores it in the background, if there is the right to.
    pub(crate) fn store(self, call: &Call, encoded: Encoded) -> Departure {
        let Encoded { bytes, lifetime, compute_time, named } = encoded;
        let bytes = Arc::new(bytes);
        let landing = self.lead.map(|lead| lead.land_before_stored(Arc::clone(&bytes)));
        let Some(hold) = self.hold else { return Departure::Nothing };
        if hold.base.is_some() {
            // At once, for what this caller asks next.
            call.forget();
        }
        let (background, left) = (&call.cache().background, hold.lease.left());
        let begun = match call.tags.clone() {
            None => background.store_value(call.clone(), hold, bytes, lifetime, landing),
            Some(tags) => {
                let tagged = Tagged { tags, named, lifetime, compute_time };
                background.store(bytes.len(), |under_way| {
                    tagged.store(call.clone(), hold, bytes, under_way.with(landing))
                })
            }
        };
        match begun {
            Ok(departure) => departure.within(left),
            Err(error) => {
                call.failed(&error);
                Departure::Nothing
            }
        }
    }

    /// Stores an encoded value, if there is the right to, and waits for it. Says whether it is stored: not if it was invalidated
    /// meanwhile.
    pub(crate) async fn store_now(self, call: &Call, encoded: Encoded) -> Result<bool, Error> {
        let Some(hold) = self.hold else { return Ok(false) };
        let Encoded { bytes, lifetime, compute_time, named } = encoded;
        let Some(tags) = call.tags.clone() else {
            let stored = swap(call, &hold, &bytes, lifetime).await;
            settled(call, hold, stored.clone());
            return stored;
        };
        let tagged = Tagged { tags, named, lifetime, compute_time };
        let stored = tagged.swap(call, &hold, &bytes).await;
        tagged.settled(call, hold, stored.clone());
        Ok(stored?.unwrap_or(false))
    }

    /// The nonces that the tags' keys had before the computation.
    pub(crate) fn nonces(&self) -> &[Nonce] {
        self.hold.as_ref().map(|hold| &hold.nonces[..]).unwrap_or_default()
    }

    /// There is a value that is not to be stored. Shares it, if it is given encoded.
    pub(crate) fn discard(self, call: &Call, shared: Option<Vec<u8>>) -> Departure {
        let departure = self.hold.map_or(Departure::Nothing, |hold| discard(call, hold));
        if let Some(lead) = self.lead {
            lead.land(shared.map_or(FlightResult::Nothing, |bytes| FlightResult::Bytes(Arc::new(bytes))));
        }
        departure
    }

    /// The function has failed. Shares the error, if it is given.
    pub(crate) fn fail(self, error: Option<Arc<dyn Any + Send + Sync>>) {
        drop(self.hold);
        if let Some(lead) = self.lead {
            lead.land(error.map_or(FlightResult::Failed, FlightResult::Error));
        }
    }

    /// A refresh in the background has failed. No other process is to try again before the source has rested.
    pub(crate) fn fail_refresh(mut self, call: &Call) {
        if let Some(hold) = self.hold.take() {
            hold.lease.rest(call.cache().retry_after);
        }
        self.fail(None);
    }
}

/// A value that is stored in the background, and the right to store it.
pub(super) struct ValueWrite {
    pub(super) call: Call,
    pub(super) hold: StorePermit,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) lifetime: Lifetime,
    pub(super) under_way: UnderWay,
}

impl BackgroundWrite for ValueWrite {
    fn swap(&self) -> Swap<'_> {
        Swap { key: &self.call.key, mark: self.hold.mark(), value: &self.bytes, ttl: self.lifetime.total() }
    }

    fn written(self: Box<Self>, stored: Result<bool, Error>) {
        let Self { call, hold, under_way, .. } = *self;
        settled(&call, hold, stored);
        drop(under_way);
    }
}

/// Stores a value, and settles what follows.
pub(super) async fn store(
    call: Call,
    hold: StorePermit,
    bytes: Arc<Vec<u8>>,
    lifetime: Lifetime,
    _: UnderWay,
) {
    let stored = swap(&call, &hold, &bytes, lifetime).await;
    settled(&call, hold, stored);
}

async fn swap(call: &Call, hold: &StorePermit, bytes: &[u8], lifetime: Lifetime) -> Result<bool, Error> {
    call.cache().store.swap(&call.key, hold.mark(), bytes, lifetime.total(), call.until()).await
}

pub(super) fn settled(call: &Call, mut hold: StorePermit, stored: Result<bool, Error>) {
    let counters = &call.function.counters;
    match stored {
        Ok(true) => {
            counters.stored.count();
            call.forget();
        }
        Ok(false) => counters.overtaken.count(),
        Err(error) => {
            call.failed(&error);
            if is_refusal(&error) {
                drop(remove_base(call, hold, false));
            }
            return;
        }
    }
    // Stored or not, the slot is not the lease any more. A lease beside the slot is still to be given back.
    if hold.base.is_none() {
        hold.lease.is_gone();
    }
}

/// Whether the server has answered, and will not take the value: it is full, or the value is too large.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::Server
}

/// A value was computed and is not to be stored. What replaces nothing removes: the older value that it would have replaced would be
/// served again else, and a row that was deleted would live on.
fn discard(call: &Call, hold: StorePermit) -> Departure {
    let (base, left) = (hold.base, hold.lease.left());
    match remove_base(call, hold, true) {
        Ok(departure) => departure.within(left),
        Err(error) => {
            call.failed(&error);
            base.iter().for_each(|base| call.left_behind(&call.key, *base));
            Departure::Nothing
        }
    }
}

/// Removes the older value in the background, and only that: a newer one stays, and so does somebody's lease. The lease beside it is
/// given back after that; one in the slot leaves nothing there. A removal that fails is tried again if it is known that the value is
/// of no use.
///
/// # Errors
/// If there is no room for the work.
fn remove_base(call: &Call, hold: StorePermit, is_known: bool) -> Result<Departure, Error> {
    let StorePermit { lease, base: Some(base), .. } = hold else { return Ok(Departure::Nothing) };
    call.forget();
    let (call, cache) = (call.clone(), Arc::clone(call.cache.arc()));
    cache.background.store(0, move |under_way| async move {
        let _held = (lease, under_way);
        if let Err(error) = call.cache().store.release(&call.key, &base, call.until()).await {
            call.failed(&error);
            if is_known {
                call.left_behind(&call.key, base);
            }
        }
        call.forget();
    })
}

/// What there is to do about tags before a value is stored.
struct Tagged {
    tags: Arc<Tags>,
    named: Vec<KeyBuf>,
    lifetime: Lifetime,
    compute_time: Duration,
}

impl Tagged {
    async fn store(self, call: Call, hold: StorePermit, bytes: Arc<Vec<u8>>, _: UnderWay) {
        let stored = self.swap(&call, &hold, &bytes).await;
        self.settled(&call, hold, stored);
    }

    fn settled(&self, call: &Call, hold: StorePermit, stored: Result<Option<bool>, Error>) {
        match stored {
            Ok(None) => {
                call.function.counters.overtaken.count();
                drop(discard(call, hold));
            }
            Ok(Some(stored)) => settled(call, hold, Ok(stored)),
            Err(error) => settled(call, hold, Err(error)),
        }
    }

    /// Whether it was stored; `None` if a tag was invalidated meanwhile that the value may have.
    async fn swap(&self, call: &Call, hold: &StorePermit, bytes: &[u8]) -> Result<Option<bool>, Error> {
        let total = self.lifetime.total();
        let life = TagTtl::of_entry(total);
        if self.tags.are_of_value() {
            let nonces = call.nonces_of_value(&self.tags, &hold.nonces, &self.named, life).await?;
            let Some(nonces) = nonces else { return Ok(None) };
            let mut bytes = bytes.to_vec();
            header::set_tags(&call.key, &mut bytes, &nonces);
            return swap(call, hold, &bytes, self.lifetime).await.map(Some);
        }
        if tags::ttl_of(&call.policy).is_enough(total, self.compute_time) {
            return swap(call, hold, bytes, self.lifetime).await.map(Some);
        }
        let longer = pin!(call.cache().store.tag(self.tags.keys(), life, call.until()));
        let (stored, longer) = both(pin!(swap(call, hold, bytes, self.lifetime)), longer).await;
        // Where that failed the entry is a miss before its time.
        if let Err(error) = longer {
            call.failed(&error);
        }
        stored.map(Some)
    }
}
