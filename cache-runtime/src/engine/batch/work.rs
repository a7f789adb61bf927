//! What a batch is to compute, and the rights that go with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::leases::Leases;
use super::{Name, Shared};
use crate::decision::Lifetime;
use crate::engine::Call;
use crate::engine::background::UnderWay;
use crate::flight::{Keys, Landed, Landing, Lead};
use crate::store::{Mark, Store, Swap};

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

/// A key whose flight this call leads.
pub(super) struct Led {
    pub(super) slot: usize,
    pub(super) lead: Lead,
    /// Of its lease. Without it the value is not stored.
    pub(super) mark: Option<Mark>,
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
    mark: Mark,
    bytes: Arc<Vec<u8>>,
    ttl: Option<Duration>,
    /// Of its flight.
    _landing: Landing,
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

    /// Shares what there is, and stores in the background what is to be stored and may be.
    pub(crate) fn finish(self, call: &Call, mut outcome: impl FnMut(usize, bool) -> (Name, Outcome)) {
        let mut stored = Vec::new();
        for Led { slot, lead, mark } in self.led {
            match outcome(slot, lead.has_followers()) {
                (name, Outcome::Store(bytes, lifetime)) => {
                    let bytes = Arc::new(bytes);
                    let landing = lead.land_before_stored(Arc::clone(&bytes));
                    if let Some(mark) = mark {
                        stored.push(Stored { name, mark, bytes, ttl: lifetime.total(), _landing: landing });
                    }
                }
                (_, Outcome::Share(bytes)) => lead.land(Landed::Bytes(Arc::new(bytes))),
                (_, Outcome::Nothing) => lead.land(Landed::Nothing),
            }
        }
        if !stored.is_empty() {
            let work = |under_way| store(call.clone(), self.leases, stored, under_way);
            call.cache().background.store(work);
        }
    }

    /// There are no values. Shares the error, if it is given.
    pub(crate) fn fail(self, error: Option<&Shared>) {
        // The leases first: who is told of the failure, and computes, is to find them gone, or on their way.
        drop(self.leases);
        for led in self.led {
            led.lead.land(error.map_or(Landed::Nothing, |error| Landed::Error(Arc::clone(error))));
        }
    }
}

/// Each value takes its own lease's place, if that is still there. Dropping the leases gives back the others.
async fn store(call: Call, mut leases: Leases, stored: Vec<Stored>, _: UnderWay) {
    let counters = &call.function.counters;
    for stored in stored.chunks(STORED_AT_ONCE) {
        let swaps = stored.iter().map(|Stored { name: key, mark, bytes: value, ttl, .. }| Swap {
            key,
            mark,
            value,
            ttl: *ttl,
        });
        let swaps: Vec<_> = swaps.collect();
        let done = match call.cache().store.swap_many(&swaps, call.until()).await {
            Ok(done) => done,
            Err(error) => return call.failed(&error),
        };
        for (Stored { name, mark, .. }, done) in stored.iter().zip(done) {
            match done {
                Ok(true) => {
                    counters.stored.count();
                    call.forget_key(name);
                }
                Ok(false) => counters.overtaken.count(),
                Err(error) => {
                    call.failed(&error);
                    continue;
                }
            }
            leases.is_gone(mark);
        }
    }
}
