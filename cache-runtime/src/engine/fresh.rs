//! Calls that want a value from now: `bypass` and `refresh_with`.
//!
//! They ask the store too, though not for a value: what they compute takes the place of what was there, and only of that, so
//! that an invalidation meanwhile wins as it does over every other computation. They join nobody's flight and let nobody join
//! theirs: whoever began before them may have read older data.

use std::pin::pin;
use std::time::{Duration, Instant};

use super::Budget;
use super::flight::Sight;
use super::lease::{Lease, new_mark};
use super::look_up::{Reader, Seen};
use super::ticket::{ComputeGuard, StorePermit};
use crate::error::Error;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found};

/// How long to wait for somebody else who replaces the value: the last refresh of the same caller may have its value stored,
/// and its lease not given back yet. Not for a computation, which takes as long as it takes.
pub(super) const PAUSES: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(4), Duration::ZERO];

/// What a value may take the place of that is wanted whatever is there.
pub(super) enum Place {
    Empty,
    Unfit(CasToken),
    /// To be removed first, since it has no mark.
    Malformed,
    /// A value, which stays readable meanwhile.
    Value(Sight),
    /// Nothing may be stored, or somebody else has the right to.
    None,
}

impl Reader<'_> {
    /// The ticket of a computation that is wanted whatever is there. Two round trips; without the right to store if somebody else
    /// has it.
    pub(crate) async fn begin_fresh(&self) -> Box<ComputeGuard> {
        self.call.function.counters.misses.count();
        if self.call.is_pending() {
            return Box::default();
        }
        let budget = Budget::of(self.call.cache().deadline);
        for pause in PAUSES {
            let base = match self.look_up(&budget).await.place() {
                Place::Value(base) => base,
                place => {
                    let hold = self.hold_slot(place, &budget).await;
                    let hold = hold.inspect_err(|error| self.call.failed(error)).ok().flatten();
                    return Box::new(ComputeGuard::unshared(hold));
                }
            };
            // A lease beside the value, which stays readable meanwhile.
            if let Some(hold) = self.claim_lease(base, &budget).await {
                return Box::new(ComputeGuard::unshared(Some(hold)));
            }
            if executor::sleep(pause).await.is_err() {
                break;
            }
        }
        Box::default()
    }

    /// The ticket of who is about to read what is not stored yet; `None` if a value is there, or somebody else is at it.
    pub(crate) async fn begin_warm_up(&self, until: Instant) -> Result<Option<ComputeGuard>, Error> {
        if self.call.is_pending() {
            return Ok(None);
        }
        let budget = Budget(until);
        let place = match self.look_up(&budget).await {
            Seen::Unknown(Some(error)) => return Err(error),
            Seen::Serve(hit) if !self.can_decode(&hit) => hit.mark().map_or(Place::Malformed, Place::Unfit),
            seen => seen.place(),
        };
        let hold = self.hold_slot(place, &budget).await?;
        Ok(hold.map(|hold| ComputeGuard::unshared(Some(hold))))
    }

    /// A lease in the slot itself, where nothing is or what is there is of no use.
    async fn hold_slot(&self, place: Place, budget: &Budget) -> Result<Option<StorePermit>, Error> {
        let (call, mark) = (self.call, new_mark());
        let (store, ttl) = (&call.cache().store, call.cache().lease);
        let unfit = match place {
            Place::Empty => None,
            Place::Unfit(unfit) => Some(unfit),
            Place::Malformed => {
                store.clear(&call.key, budget.0).await?;
                None
            }
            Place::Value(_) | Place::None => return Ok(None),
        };
        let mut lease = Lease::asked(call.cache.arc(), (*call.key).into(), mark);
        let asked = pin!(async {
            match unfit {
                None => {
                    let mut found = store.acquire(&call.key, &mark, ttl, budget.0).await?;
                    // Of another type, which a look-up together with others does not tell from nothing.
                    if found == Found::Foreign {
                        store.clear(&call.key, budget.0).await?;
                        found = store.acquire(&call.key, &mark, ttl, budget.0).await?;
                    }
                    Ok(found == Found::Absent)
                }
                Some(unfit) => store.swap(&call.key, &unfit, &mark, Some(ttl), budget.0).await,
            }
        });
        let (granted, nonces) = self.with_tags(asked, budget.0).await?;
        if !granted {
            lease.is_gone();
            return Ok(None);
        }
        Ok(Some(StorePermit { lease: lease.granted(budget), base: None, nonces }))
    }
}

impl Seen {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Nothing => Place::Empty,
            Self::Unfit(Some(unfit)) => Place::Unfit(*unfit),
            Self::Unfit(None) => Place::Malformed,
            Self::Serve(hit) => hit.mark().map_or(Place::None, |mark| Place::Value(mark.into())),
            Self::ServeAndRefresh(_, sight) => Place::Value(*sight),
            Self::Replace(old) => Place::Value(old.sight),
            Self::Lease(_) | Self::Tombstone | Self::Unknown(_) => Place::None,
        }
    }
}
