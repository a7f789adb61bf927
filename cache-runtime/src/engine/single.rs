//! A call for one key. A hit has its own fast path; every other call takes the course of a batch of one.

use std::pin::Pin;
use std::time::Instant;

use tokio::task::coop::consume_budget;

use super::away::Away;
use super::course::WhenFound;
use super::flight::SharedError;
use crate::engine::bypass::is_bypassed;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::FlightKey;
use crate::engine::lease_first::LeaseFirst;
use crate::engine::{ComputeGuard, Course, Got, Hit, Reader, Step, TimeBudget};
use crate::report::miss_reason::MissReason;
#[cfg(feature = "tracing")]
use crate::util::trace::{Span, are_lookups_on, instrument};

/// The next step of a call, as far as it is known before decoding.
pub(crate) enum LookupResult {
    Got(Got),
    /// The error of another caller's computation.
    Error(SharedError),
    Compute(Box<ComputeGuard>),
}

#[cfg(feature = "tracing")]
impl LookupResult {
    /// Whether the value was there, and not computed meanwhile by another caller.
    fn is_hit(&self) -> bool {
        matches!(self, Self::Got(Got::NoValue | Got::Entry(_, WhenFound::First | WhenFound::Stale(_))))
    }
}

impl Reader<'_> {
    /// Everything before a computation. A hit takes one round trip, a miss two, and one where a miss was expected.
    #[cfg(not(feature = "tracing"))]
    pub(crate) fn begin(&self, budget: TimeBudget) -> impl Future<Output = LookupResult> {
        self.begin_within(budget)
    }

    /// The same, within a span if somebody wants one.
    #[cfg(feature = "tracing")]
    pub(crate) async fn begin(&self, budget: TimeBudget) -> LookupResult {
        if !are_lookups_on() {
            return self.begin_within(budget).await;
        }
        let span = Span::lookup(self.call.function.site);
        // Boxed to keep the future of a call without a span small.
        let result = Box::pin(instrument(span.clone(), self.begin_within(budget))).await;
        span.found(result.is_hit());
        result
    }

    async fn begin_within(&self, budget: TimeBudget) -> LookupResult {
        let call = self.call;
        if is_bypassed(call.cache.arc()) || call.is_kept_out() {
            return LookupResult::Compute(Box::pin(self.begin_forced(&[call.call_key()])).await);
        }
        let asked = [call.question()];
        if call.is_pending(asked[0]) {
            // The entry should have been removed, and its removal is still pending.
            call.missed_for(MissReason::Invalidated);
            return LookupResult::Compute(ComputeGuard::alone(call, None));
        }
        let tags_pending = self.note_tags(&asked).is_some();
        if call.function.while_away.is_expected()
            && !tags_pending
            && call.policy.replica_reads.is_none()
            && let Some(away) = self.away()
        {
            return match away {
                Away::Compute(guard) => {
                    // Nothing is waited for here. A caller that asks in a loop would never let its runtime connect again.
                    consume_budget().await;
                    LookupResult::Compute(guard)
                }
                Away::Join => self.miss(EntryState::Unknown(None), budget).await,
            };
        }
        let lookup = match call.policy.replica_reads {
            None if self.leases_first() => match self.lease_first(budget).await {
                LeaseFirst::Found(lookup) => lookup,
                LeaseFirst::Granted(guard) => {
                    call.missed(&call.key, &EntryState::Absent);
                    return LookupResult::Compute(guard);
                }
            },
            None => self.look_up(&budget).await,
            Some(_) => {
                Box::pin(self.look_up_first(&asked, &budget)).await.pop().unwrap_or(EntryState::Unknown(None))
            }
        };
        if !matches!(lookup, EntryState::Absent) {
            call.function.misses.end();
        }
        let lookup = match self.served(lookup, || call.call_key().flight_key(call), || budget.began(call)) {
            Ok(got) => return LookupResult::Got(got),
            Err(lookup) => lookup,
        };
        call.missed(&call.key, &lookup);
        // Another caller's value may name one of these tags, which is known only once it is computed. So nothing is shared.
        if tags_pending {
            return LookupResult::Compute(ComputeGuard::alone(call, lookup.into_fallback()));
        }
        self.miss(lookup, budget).await
    }

    /// The step after [`begin`](Self::begin) if the entry that it returned cannot be decoded.
    #[cold]
    pub(crate) fn instead_of(
        &self,
        hit: &Hit,
        budget: TimeBudget,
    ) -> Pin<Box<impl Future<Output = LookupResult>>> {
        self.miss(self.unusable(hit.mark()), budget)
    }

    /// The entry that was found, if it can be served at once.
    #[inline]
    pub(super) fn served(
        &self,
        lookup: EntryState,
        key: impl FnOnce() -> FlightKey,
        began: impl FnOnce() -> Instant,
    ) -> Result<Got, EntryState> {
        match lookup {
            EntryState::Hit(hit) => Ok(Got::Entry(hit, WhenFound::First)),
            EntryState::Stale(hit, sight) => Ok(Got::Entry(hit, WhenFound::Stale(Some(sight)))),
            EntryState::Due(due) if self.call.source_rests(key, began()) => {
                Ok(Got::Entry(due.bytes.into(), WhenFound::Stale(None)))
            }
            EntryState::NoValue(_) => {
                self.call.function.counters.hits.count();
                Ok(Got::NoValue)
            }
            lookup => Err(lookup),
        }
    }

    /// Boxed to keep the future of a hit small.
    #[inline(never)]
    fn miss(&self, lookup: EntryState, budget: TimeBudget) -> Pin<Box<impl Future<Output = LookupResult>>> {
        let course = Course::of(self.call, lookup, budget);
        Box::pin(async move {
            let mut course = course;
            match course.step(self).await {
                Step::Decode(mut got) => match got.pop() {
                    Some((_, got)) => LookupResult::Got(got),
                    None => LookupResult::Compute(ComputeGuard::alone(self.call, None)),
                },
                Step::Failed(error) => LookupResult::Error(error),
                Step::Compute(guard) => LookupResult::Compute(guard),
                Step::Done => LookupResult::Compute(ComputeGuard::alone(self.call, None)),
            }
        })
    }
}
