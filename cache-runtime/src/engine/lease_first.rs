//! Lease first: a call that is expected to find nothing asks for the lease in place of the value.
//!
//! `SET … NX GET` answers what `GET` would, and puts the lease there where that is nothing. So a miss takes one round trip before
//! its function runs, and a wrong guess costs none: what was found is taken as if it had been looked up. A function guesses by its
//! last calls. Where a look-up has to read more than the key (tags, local values, the time that is left, replicas) nothing is guessed.

use std::pin::Pin;
use std::sync::Arc;

use super::course::{Miss, Stage};
use crate::engine::compute::StorePermit;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::is_computing;
use crate::engine::lease::{Lease, new_mark_of_now};
use crate::engine::{ComputeGuard, Reader, TimeBudget};
use crate::error::ErrorKind;
use crate::store::Store;
use crate::store::vocabulary::Found;

/// What came of asking for a lease in place of the value.
pub(super) enum LeaseFirst {
    /// There was nothing, and the lease is this call's.
    Granted(Box<ComputeGuard>),
    /// What a look-up would have found, or has.
    Found(EntryState),
}

impl Reader<'_> {
    /// Whether to ask for the lease at once.
    pub(super) fn leases_first(&self) -> bool {
        let call = self.call;
        call.function.misses.is_expected()
            && call.tags.is_none()
            && !self.keeps
            && !call.policy.asks_for_time()
    }

    /// Asks for the lease, and looks up where that could not be asked, or not be told from the answer. In a box made here, so that the
    /// future of a hit has no room for it.
    #[inline(never)]
    pub(super) fn lease_first(
        &self,
        budget: TimeBudget,
    ) -> Pin<Box<impl Future<Output = LeaseFirst> + use<'_>>> {
        Box::pin(async move {
            match self.ask_first(budget).await {
                Some(first) => first,
                None => LeaseFirst::Found(Box::pin(self.look_up(&budget)).await),
            }
        })
    }

    /// One round trip. `None` if the entry is still to be looked up.
    async fn ask_first(&self, mut budget: TimeBudget) -> Option<LeaseFirst> {
        let (call, key) = (self.call, self.call.call_key());
        let flight_key = key.flight_key(call);
        if is_computing(&flight_key) {
            return None;
        }
        let cache = call.cache();
        let mut lease = Lease::asked(call.cache.arc(), Arc::clone(&key.name), new_mark_of_now());
        // Before the store is asked: the mark can be seen from then on. Nobody may join unseen, for the store is asked at once.
        let lead = cache.flights.lead_marked(flight_key, *lease.mark());
        let asked = call.store().get_or_acquire(lease.key(), lease.mark(), cache.lease, budget.until());
        let found = match asked.await {
            Ok(Some(found)) => found,
            Ok(None) => {
                lease.is_gone();
                return None;
            }
            // A server that refuses to write may read. The lease is given back: it may have been granted all the same.
            Err(error) if matches!(error.kind(), ErrorKind::Server | ErrorKind::Permission) => {
                return None;
            }
            Err(error) => return Some(LeaseFirst::Found(self.unknown(&error))),
        };
        if found != Found::Absent {
            lease.is_gone();
            return self.interpret(&call.key, found, None, None).map(LeaseFirst::Found);
        }
        budget.forgive(cache.deadline);
        let permit = StorePermit { lease: lease.granted(&budget), base: None, nonces: Vec::new() };
        let mut miss = Miss::new(0, key, Stage::Leading(Some(permit)));
        miss.lead = Some(lead);
        Some(LeaseFirst::Granted(ComputeGuard::new(vec![miss], call.max_wait(), None)))
    }
}
