//! What a batch is to compute, and the rights that go with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::leases::Leases;
use super::{Name, Shared};
use crate::engine::Call;
use crate::engine::background::{Departure, UnderWay};
use crate::engine::flight::{FlightResult, Keys, Leader, StoringGuard};
use crate::engine::ticket::is_refusal;
use crate::policy::Lifetime;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Swap};

/// The most values that are sent at once: they are copied on their way out, and the copies of a large batch are not to be
/// there all at the same time.
pub(crate) const STORED_AT_ONCE: usize = 512;

/// The right and the duty to compute several keys. Dropping it, because the caller went away or panicked, gives the leases
/// back and hands the flights over.
pub(crate) struct Work {
    led: Vec<Led>,
    alone: Vec<usize>,
    leases: Leases,
    began: Instant,
}

/// A key that this call computes for itself and for others.
pub(super) struct Led {
    pub(super) slot: usize,
    /// The flight of those who share what is computed, if they may.
    pub(super) lead: Option<Leader>,
    /// Without it the value is not stored.
    pub(super) hold: Option<Hold>,
}

/// The right to store, by what the value takes the place of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hold {
    /// The lease, in the slot.
    InPlace(CasToken),
    /// An older value, which has a lease beside it.
    Beside(CasToken),
}

impl Hold {
    fn mark(self) -> CasToken {
        match self {
            Self::InPlace(mark) | Self::Beside(mark) => mark,
        }
    }

    /// The older value.
    fn base(self) -> Option<CasToken> {
        match self {
            Self::InPlace(_) => None,
            Self::Beside(base) => Some(base),
        }
    }
}

/// What is to become of a key that was computed.
pub(crate) enum Outcome {
    Store(Vec<u8>, Lifetime),
    /// For others who wait, and not to be stored.
    Share(Vec<u8>),
    Nothing,
}

/// A value on its way to the store.
struct Stored {
    name: Name,
    hold: Hold,
    bytes: Arc<Vec<u8>>,
    ttl: Option<Duration>,
    /// Of its flight.
    _landing: Option<StoringGuard>,
}

impl Work {
    pub(super) fn new(call: &Call) -> Self {
        let leases = Leases::new(call.cache.arc());
        Self { led: Vec::new(), alone: Vec::new(), leases, began: Instant::now() }
    }

    pub(super) fn lead(&mut self, led: Led) {
        self.led.push(led);
    }

    pub(super) fn leads_any(&self) -> bool {
        !self.led.is_empty()
    }

    pub(super) fn hold(&mut self, leases: Leases) {
        self.leases = leases;
    }

    pub(super) fn add(&mut self, alone: Vec<usize>) {
        self.alone = alone;
    }

    /// What is to be computed, in the order in which the caller named it. The function begins now.
    pub(crate) fn begin(&mut self) -> Vec<usize> {
        self.began = Instant::now();
        self.slots()
    }

    pub(crate) fn slots(&self) -> Vec<usize> {
        let mut slots: Vec<_> =
            self.led.iter().map(|led| led.slot).chain(self.alone.iter().copied()).collect();
        slots.sort_unstable();
        slots
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// The keys, for what the computation itself may call.
    pub(crate) fn keys(&self, call: &Call, name: impl Fn(usize) -> Name) -> Keys {
        let key = |slot| super::FlightKey { key: name(slot), fingerprint: call.function.fingerprint };
        self.led.iter().map(|led| led.slot).chain(self.alone.iter().copied()).map(key).collect()
    }

    /// Shares what there is, and stores in the background what is to be stored and may be. What replaces nothing removes.
    pub(crate) fn finish(
        self,
        call: &Call,
        mut outcome: impl FnMut(usize, bool) -> (Name, Outcome),
    ) -> Departure {
        let (mut stored, mut removed) = (Vec::new(), Vec::new());
        for Led { slot, lead, hold } in self.led {
            let has_followers = lead.as_ref().is_some_and(Leader::has_followers);
            if hold.is_none() && !has_followers {
                // Nobody would read what is encoded.
                lead.into_iter().for_each(|lead| lead.land(FlightResult::Nothing));
                continue;
            }
            let (name, outcome) = outcome(slot, has_followers);
            let base = hold.and_then(Hold::base);
            if base.is_some() {
                // At once, for what this caller asks next.
                call.forget_key(&name);
            }
            let landed = match outcome {
                Outcome::Store(bytes, lifetime) => {
                    let bytes = Arc::new(bytes);
                    let landing = lead.map(|lead| lead.land_before_stored(Arc::clone(&bytes)));
                    if let Some(hold) = hold {
                        stored.push(Stored { name, hold, bytes, ttl: lifetime.total(), _landing: landing });
                    }
                    continue;
                }
                Outcome::Share(bytes) => FlightResult::Bytes(Arc::new(bytes)),
                Outcome::Nothing => FlightResult::Nothing,
            };
            removed.extend(base.map(|base| (name, base)));
            lead.into_iter().for_each(|lead| lead.land(landed.clone()));
        }
        if stored.is_empty() && removed.is_empty() {
            return Departure::Nothing;
        }
        let noted = removed.clone();
        let bytes = stored.iter().map(|stored| stored.bytes.len()).sum();
        let work = |under_way| store(call.clone(), self.leases, stored, removed, under_way);
        call.cache().background.store(bytes, work).unwrap_or_else(|error| {
            call.failed(&error);
            noted.iter().for_each(|(name, base)| call.left_behind(name, *base));
            Departure::Nothing
        })
    }

    /// There are no values. Shares the error, if it is given.
    pub(crate) fn fail(self, error: Option<&Shared>) {
        // The leases first: who is told of the failure, and computes, is to find them gone, or on their way.
        drop(self.leases);
        for lead in self.led.into_iter().filter_map(|led| led.lead) {
            lead.land(error.map_or(FlightResult::Failed, |error| FlightResult::Error(Arc::clone(error))));
        }
    }
}

/// Each value takes the place of what it may replace, if that is still there, and what is to be removed goes. Dropping the leases
/// gives back the others.
async fn store(
    call: Call,
    mut leases: Leases,
    stored: Vec<Stored>,
    removed: Vec<(Name, CasToken)>,
    _: UnderWay,
) {
    let mut refused = Vec::new();
    let counters = &call.function.counters;
    for stored in stored.chunks(STORED_AT_ONCE) {
        let marks: Vec<CasToken> = stored.iter().map(|stored| stored.hold.mark()).collect();
        let swaps = stored
            .iter()
            .zip(&marks)
            .map(|(Stored { name: key, bytes: value, ttl, .. }, mark)| Swap { key, mark, value, ttl: *ttl });
        let swaps: Vec<_> = swaps.collect();
        let done = match call.cache().store.swap_many(&swaps, call.until()).await {
            Ok(done) => done,
            Err(error) => {
                call.failed(&error);
                if !is_refusal(&error) {
                    break;
                }
                refused.extend(stored.iter().filter_map(Stored::base));
                continue;
            }
        };
        for (stored, done) in stored.iter().zip(done) {
            match done {
                Ok(true) => {
                    counters.stored.count();
                    call.forget_key(&stored.name);
                }
                Ok(false) => counters.overtaken.count(),
                Err(error) => {
                    call.failed(&error);
                    refused.extend(stored.base().filter(|_| is_refusal(&error)));
                    continue;
                }
            }
            if let Hold::InPlace(lease) = &stored.hold {
                leases.is_gone(lease);
            }
        }
    }
    remove(&call, removed, true).await;
    remove(&call, refused, false).await;
}

/// As for one key: only what was to be replaced, and with the leases beside it still held.
async fn remove(call: &Call, removed: Vec<(Name, CasToken)>, is_known: bool) {
    for removed in removed.chunks(STORED_AT_ONCE) {
        let bases: Vec<(&str, CasToken)> = removed.iter().map(|(name, base)| (&**name, *base)).collect();
        let done = call.cache().store.release_many(&bases, call.until()).await;
        if let Err(error) = &done {
            call.failed(error);
        }
        for (name, base) in removed {
            match &done {
                Err(_) if is_known => call.left_behind(name, *base),
                _ => call.forget_key(name),
            }
        }
    }
}

impl Stored {
    /// The older value that it is to replace.
    fn base(&self) -> Option<(Name, CasToken)> {
        Some((Arc::clone(&self.name), self.hold.base()?))
    }
}
