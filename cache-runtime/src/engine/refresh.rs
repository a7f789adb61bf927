//! Computations that run although a value exists: refreshes, calls within a `bypass`, warm-ups.
//!
//! What they compute takes the place of what was there, and only of that, so that an invalidation meanwhile wins as it does over
//! every other computation. A forced refresh joins nobody's flight and lets nobody join its own: whoever began before it may have
//! read older data.

use std::time::{Duration, Instant};

use super::claim::{Ask, Asks, LeaseAnswer, Position};
use super::course::{Miss, Stage};
use super::entry_state::Due;
use crate::engine::compute::StorePermit;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::{Role, Sight};
use crate::engine::{Call, CallKey, ComputeGuard, Course, Reader, TimeBudget, mark_of};
use crate::error::Error;
use crate::report::miss_reason::MissReason;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::Found;

/// How long to wait for somebody else who replaces the value: the last refresh of the same caller may have its value stored,
/// and its lease not given back yet. Not for a computation, which takes as long as it takes.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(4), Duration::ZERO];

impl EntryState {
    /// Where to ask for a lease, whatever is there; `None` if nothing may be stored, or somebody else has the right to.
    fn position(&self) -> Option<Position> {
        match self {
            Self::Absent | Self::Unusable(None, _) => Some(Position::Empty),
            Self::Unusable(Some(mark), _) => Some(Position::Over(*mark)),
            Self::NoValue(mark) => Some(Position::Beside(*mark)),
            Self::Hit(hit) => hit.mark().map(Position::Beside),
            Self::Stale(_, sight) | Self::Due(Due { sight, .. }) => Some(Position::Beside(sight.mark)),
            Self::Lease(_) | Self::Tombstone | Self::Unknown(_) => None,
        }
    }
}

impl Reader<'_> {
    /// What a call is to compute that wants all of its values anew, with the right to replace what is there where that is to be had.
    /// Two round trips; a few more where somebody else is replacing a value. None where the cache may not store it.
    pub(crate) async fn begin_forced(&self, keys: &[CallKey]) -> Box<ComputeGuard> {
        let mut course = Course::new(self.call, TimeBudget::of(self.call.cache().deadline));
        let is_kept_out = self.call.is_kept_out();
        for (place, key) in keys.iter().enumerate() {
            match is_kept_out {
                true => self.call.computes_kept_out(),
                false => self.call.missed_for(MissReason::Bypassed),
            }
            let is_alone = is_kept_out || self.call.is_pending(key.question());
            let stage = if is_alone { Stage::Alone } else { Stage::Open };
            course.misses.push(Miss::new(place, key.clone(), stage));
        }
        let is_decided = |stage: &Stage| matches!(stage, Stage::Leading(_) | Stage::Alone);
        for pause in PAUSES {
            course.look_up(self, |stage| matches!(stage, Stage::Open)).await;
            course.ask_for_all(self).await.iter().for_each(|error| self.call.failed(error));
            let is_over = course.misses.iter().all(|miss| is_decided(&miss.stage));
            if is_over || executor::sleep(pause).await.is_err() {
                break;
            }
        }
        for miss in course.misses.iter_mut().filter(|miss| !is_decided(&miss.stage)) {
            // Another caller holds the lease to replace it.
            miss.stage = Stage::Alone;
        }
        course.compute()
    }

    /// The guard of who is about to read what is not stored yet; `None` if a value is there, or somebody else is at it.
    pub(crate) async fn begin_warm_up(&self, until: Instant) -> Result<Option<Box<ComputeGuard>>, Error> {
        if self.call.is_kept_out() || self.call.is_pending(self.call.question()) {
            return Ok(None);
        }
        let lookup = match self.look_up(&TimeBudget::at(until)).await {
            EntryState::Unknown(Some(error)) => return Err(error),
            EntryState::Hit(hit) if !self.can_decode(&hit) => {
                EntryState::Unusable(hit.mark(), MissReason::Unfit)
            }
            EntryState::Hit(_) | EntryState::NoValue(_) | EntryState::Stale(..) | EntryState::Due(_) => {
                return Ok(None);
            }
            lookup => lookup,
        };
        let mut course = Course::of(self.call, lookup, TimeBudget::at(until));
        // Retries once if a key of another type was in the way.
        for _ in 0..2 {
            if let Some(error) = course.ask_for_all(self).await.pop() {
                return Err(error);
            }
        }
        let is_led = course.misses.iter().any(|miss| matches!(miss.stage, Stage::Leading(_)));
        Ok(is_led.then(|| course.compute()))
    }

    /// The guard of a refresh in the background: of those of the keys whose value is still what was seen, and that nobody else, here or
    /// elsewhere, is refreshing.
    pub(crate) async fn begin_refresh(
        &self,
        stale: Vec<(usize, CallKey, Sight)>,
    ) -> Option<Box<ComputeGuard>> {
        let (call, mut course) =
            (self.call, Course::new(self.call, TimeBudget::of(self.call.cache().deadline)));
        let mut asks = Asks::new();
        for (place, key, base) in stale {
            let flight_key = key.flight_key(call);
            let Role::Leader(mut lead) = call.cache().flights.join(&flight_key) else { continue };
            lead.close();
            if !lead.mark(base) || call.source_rests(|| flight_key, Instant::now()) {
                continue;
            }
            asks.push(Ask::new(call, course.misses.len(), &key, Position::Beside(base.mark)));
            course.misses.push(Miss { lead: Some(lead), ..Miss::new(place, key, Stage::Open) });
        }
        if asks.is_empty() {
            return None;
        }
        let (answers, errors) = asks.request(call, &course.budget).await;
        errors.iter().for_each(|error| call.failed(error));
        for (at, answer) in answers {
            course.misses[at].stage = match answer {
                LeaseAnswer::Granted(permit) => Stage::Leading(Some(permit)),
                _ => Stage::Done,
            };
        }
        course.misses.retain(|miss| !matches!(miss.stage, Stage::Done));
        if call.policy.conditional {
            Box::pin(course.fetch_older(call)).await;
        }
        (!course.misses.is_empty()).then(|| course.compute())
    }

    /// Whether there is nothing to do for a refresh of an entry: one is under way in this process, or has just failed.
    pub(crate) fn is_refreshed(&self, key: &CallKey, base: Sight) -> bool {
        let call = self.call;
        call.cache().flights.seen(base, call.function.fingerprint).is_some()
            || call.source_rests(|| key.flight_key(call), Instant::now())
    }
}

impl Course {
    /// Reads what the body of a refresh may look at, while the lease is there: the value that was served, if it still stands. What fails costs the body its older
    /// value, and no more. One round trip.
    async fn fetch_older(&mut self, call: &Call) {
        let [miss] = &mut self.misses[..] else { return };
        let Stage::Leading(Some(StorePermit { base: Some(base), .. })) = &miss.stage else { return };
        if let Ok(Found::Bytes(bytes)) = call.store().get(&miss.key.name, self.budget.until()).await
            && mark_of(&bytes) == Some(*base)
        {
            miss.fallback = Some(bytes);
        }
    }

    /// Asks for a lease for each key that was looked up, whatever is there. What is refused is open again; gives what went wrong.
    async fn ask_for_all(&mut self, reader: &Reader<'_>) -> Vec<Error> {
        let (call, until, mut asks, mut errors) = (reader.call, self.budget.until(), Asks::new(), Vec::new());
        for (at, miss) in self.misses.iter_mut().enumerate() {
            let Stage::Found(lookup) = &miss.stage else { continue };
            let mut position = lookup.position();
            if matches!(lookup, EntryState::Unusable(None, _))
                && let Err(error) = call.store().clear(&miss.key.name, until).await
            {
                errors.push(error);
                position = None;
            }
            miss.stage = Stage::Alone;
            if let Some(position) = position {
                asks.push(Ask::new(call, at, &miss.key, position));
            }
        }
        if asks.is_empty() {
            return errors;
        }
        let (answers, unanswered) = asks.request(call, &self.budget).await;
        errors.extend(unanswered);
        for (at, answer) in answers {
            let miss = &mut self.misses[at];
            miss.stage = match answer {
                LeaseAnswer::Granted(permit) => Stage::Leading(Some(permit)),
                LeaseAnswer::Refused => Stage::Open,
                LeaseAnswer::Foreign => Stage::Found(reader.unusable(None)),
                LeaseAnswer::Unanswered => Stage::Alone,
            };
        }
        errors
    }
}
