//! The first look-up of a call, where replicas may be asked.
//!
//! Only what is served at once may come from a replica. Whatever else a call needs to know, and so everything that decides about a
//! lease, a computation or a refresh, is asked of the primary.

use super::read::{Question, ReadState, Reader};
use crate::engine::TimeBudget;
use crate::engine::entry_state::EntryState;
use crate::store::vocabulary::{Reading, ReplicaReading, ReplicaReads};

impl Reader<'_> {
    /// What stands at each key, for a call that begins.
    pub(super) async fn look_up_first(&self, asked: &[Question<'_>], budget: &TimeBudget) -> Vec<EntryState> {
        let is_timed = self.call.policy.asks_for_time();
        match self.call.policy.replica_reads {
            Some(how) if self.call.cache().store.has_replicas() => {
                let reading = ReplicaReading { how, entries: asked.len(), is_timed };
                Box::pin(self.look_up_at_replicas(asked, reading, budget)).await
            }
            _ => self.look_up_here(asked, is_timed, budget).await,
        }
    }

    async fn look_up_at_replicas(
        &self,
        asked: &[Question<'_>],
        reading: ReplicaReading,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        let counters = &self.call.function.counters;
        let read = self.read(asked, Reading::Replica(reading), budget.0).await.unwrap_or_else(|error| {
            log::debug!("{error}; the primary is asked");
            Vec::new()
        });
        let mut states: Vec<Option<EntryState>> =
            read.into_iter().map(|state| settled(state, reading.how)).collect();
        states.resize_with(asked.len(), || None);
        states.iter().flatten().filter(|state| is_served(state)).for_each(|_| counters.replica_hits.count());
        let open: Vec<usize> = (0..asked.len()).filter(|at| states[*at].is_none()).collect();
        if !open.is_empty() {
            open.iter().for_each(|_| counters.replica_misses.count());
            let again: Vec<Question<'_>> = open.iter().map(|at| asked[*at]).collect();
            let found = self.look_up_all(&again, reading.is_timed, budget).await;
            open.into_iter().zip(found).for_each(|(at, state)| states[at] = Some(state));
        }
        states.into_iter().map(|state| state.unwrap_or(EntryState::Unknown(None))).collect()
    }
}

fn is_served(state: &EntryState) -> bool {
    matches!(state, EntryState::Hit(_) | EntryState::NoValue(_) | EntryState::Stale(..))
}

/// What need not be asked of the primary once more.
fn settled(state: ReadState, how: ReplicaReads) -> Option<EntryState> {
    let state = state.ok()??;
    let is_settled = match how {
        // The primary has said it.
        ReplicaReads::Verified => true,
        ReplicaReads::Bounded(_) => matches!(state, EntryState::Hit(_) | EntryState::NoValue(_)),
    };
    is_settled.then_some(state)
}
