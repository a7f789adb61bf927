//! Calls that want a value from now: `bypass` and `refresh_with`.
//!
//! They ask the store too, though not for a value: what they compute takes the place of what was there, and only of that, so
//! that an invalidation meanwhile wins as it does over every other computation. They join nobody's flight and let nobody join
//! theirs: whoever began before them may have read older data.

use std::pin::pin;
use std::time::Duration;

use super::lease::{Lease, new_mark};
use super::look_up::{Reader, Seen};
use super::ticket::{Hold, Ticket};
use super::{Budget, mark_of};
use crate::flight::Sight;
use crate::home;
use crate::store::{Found, Mark, Store};

/// How long to wait for somebody else who replaces the value: the last refresh of the same caller may have its value stored,
/// and its lease not given back yet. Not for a computation, which takes as long as it takes.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(4), Duration::ZERO];

impl<T> Reader<'_, T> {
    /// The ticket of a computation that is wanted whatever is there. Two round trips; without the right to store if somebody else
    /// has it.
    pub(crate) async fn begin_fresh(&self) -> Ticket {
        self.call.function.counters.misses.count();
        if self.call.is_pending() {
            return Ticket::default();
        }
        let budget = Budget::of(self.call.cache().deadline);
        for pause in PAUSES {
            let base = match self.look_up(&budget).await {
                Seen::Nothing => return Ticket::unshared(self.hold_slot(None, &budget).await),
                Seen::Unfit(Some(unfit)) => {
                    return Ticket::unshared(self.hold_slot(Some(unfit), &budget).await);
                }
                Seen::Serve(_, _, bytes) => mark_of(&bytes).map(Sight::from),
                Seen::ServeAndRefresh(_, sight) => Some(sight),
                Seen::Replace(old) => Some(old.sight),
                Seen::Lease(_) | Seen::Tombstone | Seen::Unfit(None) | Seen::Unknown => None,
            };
            // A lease beside the value, which stays readable meanwhile.
            let Some(base) = base else { break };
            if let Some(hold) = self.claim_lease(base, &budget).await {
                return Ticket::unshared(Some(hold));
            }
            if home::sleep(pause).await.is_err() {
                break;
            }
        }
        Ticket::default()
    }

    /// A lease in the slot itself, where nothing is or what is there is of no use.
    async fn hold_slot(&self, unfit: Option<Mark>, budget: &Budget) -> Option<Hold> {
        let (call, mark) = (self.call, new_mark());
        let (store, ttl) = (&call.cache().store, call.cache().lease);
        let mut lease = Lease::asked(call.cache.arc(), call.key.to_string(), mark);
        let asked = pin!(async {
            match unfit {
                None => Ok(store.acquire(&call.key, &mark, ttl, budget.0).await? == Found::Absent),
                Some(unfit) => store.swap(&call.key, &unfit, &mark, Some(ttl), budget.0).await,
            }
        });
        match self.with_tags(asked, budget.0).await {
            Ok((true, nonces)) => Some(Hold { lease: lease.granted(), base: None, nonces }),
            Ok((false, _)) => {
                lease.is_gone();
                None
            }
            Err(error) => {
                call.failed(&error);
                None
            }
        }
    }
}
