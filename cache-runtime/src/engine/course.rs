//! The course of a call: from keys that have no value to their values, or to the right and the duty to compute them.
//!
//! It is the same for one key and for many. It goes in rounds: one look-up of all keys that are open, one request for leases, one
//! computation, one store. What another caller computes is not computed again: the call joins its flight, or waits for its lease.
//! So batches that overlap, and single calls beside them, share their work key by key.
//!
//! # Why nobody waits in a circle
//!
//! Two batches may each hold what the other needs, for leases are granted key by key. So the order of a round is fixed:
//!
//! 1. **Compute** what this call holds leases for. Who holds a lease waits for nobody before its value is there.
//! 2. **Poll** the leases of other processes. Their holders are in step 1, or died, and a lease ends with its holder.
//! 3. **Follower** the flights of this process. Their leaders are in step 1 or 2.
//!
//! A flight without a lease, kept so that others of this process need not poll as well, is given up before a computation:
//! whoever waits for it would wait for that too. What is not there when patience is over is computed without being stored.

use std::mem::{replace, take};
use std::sync::Arc;
use std::time::Duration;

use super::flight::SharedError;
use crate::engine::compute::StorePermit;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::{FlightKey, FlightResult, Follower, Leader, Role, Sight, is_computing};
use crate::engine::patience::Patience;
use crate::engine::{Call, ComputeGuard, Hit, Question, Reader, TimeBudget};
use crate::report::miss_reason::MissReason;
use crate::runtime::executor;
use crate::tags::Tags;
use crate::util::trace::{Span, instrument};

/// How many rounds a call makes before it computes without storing.
const ROUNDS: usize = 16;

/// A key of a call.
#[derive(Debug, Clone)]
pub(crate) struct CallKey {
    pub(crate) name: Arc<str>,
    pub(crate) tags: Option<Arc<Tags>>,
}

impl CallKey {
    pub(crate) fn question(&self) -> Question<'_> {
        Question { key: &self.name, tags: self.tags.as_deref() }
    }

    pub(crate) fn flight_key(&self, call: &Call) -> FlightKey {
        FlightKey { key: Arc::clone(&self.name), fingerprint: call.function.fingerprint }
    }
}

/// A call whose keys are not all there.
pub(crate) struct Course {
    pub(super) misses: Vec<Miss>,
    rounds: usize,
    pub(super) budget: TimeBudget,
    pub(super) patience: Patience,
}

/// A key that has no value yet.
pub(super) struct Miss {
    /// Its place among the keys of the call.
    pub(super) place: usize,
    pub(super) key: CallKey,
    pub(super) stage: Stage,
    /// Its flight, if this call leads it.
    pub(super) lead: Option<Leader>,
    /// An older value that this call has found itself, to be served in place of an error.
    pub(super) fallback: Option<Vec<u8>>,
    /// Whether that one has time left, and is to be replaced early.
    pub(super) is_early: bool,
}

/// How far it is.
pub(super) enum Stage {
    /// To be looked up again.
    Open,
    /// Looked up.
    Found(EntryState),
    /// Another process has the lease. Counted as a wait, or not yet.
    Waiting(Sight, bool),
    /// Another caller of this process computes it.
    Following(Follower),
    /// To be computed at once, and stored under this permit.
    Leading(Option<StorePermit>),
    /// That has ended.
    Landed(FlightResult),
    /// To be computed without being stored, when there is nothing left to wait for.
    Alone,
    Done,
}

/// What was there for a key, to be decoded by who knows the type.
pub(crate) enum Got {
    /// The word that there is no value.
    NoValue,
    Entry(Hit, WhenFound),
    /// What another caller's computation has landed with, and what to serve should this call have to compute, and fail.
    Landed(Arc<Vec<u8>>, Option<Vec<u8>>),
}

/// When an entry was found.
#[derive(Clone, Copy)]
pub(crate) enum WhenFound {
    /// At once.
    First,
    /// The same, past its time; with what tells a refresh in the background what to replace, unless the source rests.
    Stale(Option<Sight>),
    /// Not at first: it was counted as a miss.
    Late,
    /// The same, past its time, in place of what another caller's computation gave: an error, or nothing in time.
    InPlaceOfResult,
}

impl Call {
    /// Counts that an older value is served because a computation takes longer than `timeout`.
    pub(crate) fn served_late(&self) {
        self.function.counters.stale.count();
        self.function.counters.soft_timeouts.count();
    }

    /// Counts an entry, served or one that cannot be decoded. Gives what a refresh in the background is to replace.
    pub(crate) fn served(&self, when: WhenFound, key: &str, hit: &Hit, is_decoded: bool) -> Option<Sight> {
        let counters = &self.function.counters;
        let sight = match when {
            WhenFound::Late | WhenFound::InPlaceOfResult => return None,
            _ if !is_decoded => {
                self.missed_for(MissReason::Unfit);
                return None;
            }
            WhenFound::First => None,
            WhenFound::Stale(sight) => {
                counters.stale.count();
                sight
            }
        };
        let before = counters.hits.count_from();
        if before & self.function.unsampled == 0 {
            self.look_at_hit(before, key, hit);
        }
        sight
    }
}

/// How a call goes on.
pub(crate) enum Step {
    /// This is there, and is to be decoded before the call goes on; each with its place.
    Decode(Vec<(usize, Got)>),
    /// Another caller's computation failed. A call that can make nothing of the error goes on.
    Failed(SharedError),
    Compute(Box<ComputeGuard>),
    Done,
}

impl Miss {
    pub(super) fn new(place: usize, key: CallKey, stage: Stage) -> Self {
        Self { place, key, stage, lead: None, fallback: None, is_early: false }
    }

    /// One that is computed without the right to store.
    pub(super) fn alone(place: usize, key: CallKey, fallback: Option<Vec<u8>>) -> Self {
        Self { fallback, ..Self::new(place, key, Stage::Alone) }
    }

    /// Joins the flight of a key that was looked up, or leads one.
    fn join(&mut self, call: &Call) {
        let Stage::Found(lookup) = &self.stage else { return };
        if self.lead.is_some() {
            return;
        }
        let key = self.key.flight_key(call);
        if is_computing(&key) {
            self.stage = Stage::Alone;
            return;
        }
        let flights = &call.cache().flights;
        let follow = match lookup.sight().and_then(|sight| flights.seen(sight, key.fingerprint)) {
            Some(follow) => follow,
            None => match flights.join(&key) {
                Role::Follower(follow) => follow,
                Role::Leader(lead) => return self.lead = Some(lead),
            },
        };
        if let Stage::Found(lookup) = replace(&mut self.stage, Stage::Open) {
            self.fallback = lookup.into_fallback();
        }
        self.follow(call, follow);
    }

    pub(super) fn follow(&mut self, call: &Call, follow: Follower) {
        if follow.landed_already().is_none() && !follow.is_hopeless() {
            call.function.counters.coalesced.count();
        }
        self.stage = Stage::Following(follow);
    }

    /// There is nothing to wait for. Those who follow this call are given what it computes.
    pub(super) fn give_up(&mut self) {
        self.stage = if self.lead.is_some() { Stage::Leading(None) } else { Stage::Alone };
    }

    /// Serves the older value, which has time left, since somebody else is at it.
    pub(super) fn served_early(&mut self) -> Option<(usize, Got)> {
        (self.stage, self.lead) = (Stage::Done, None);
        Some((self.place, Got::Entry(self.fallback.take()?.into(), WhenFound::Late)))
    }

    /// What is there after all. Those who wait for this call are given it.
    fn served(self, reader: &Reader<'_>) -> Option<Got> {
        match self.stage {
            Stage::Found(EntryState::Hit(hit)) => {
                // Who cannot decode it either would compute, each for itself, and this call finds that out next.
                if let Some(lead) = self.lead
                    && lead.has_followers()
                    && reader.can_decode(&hit)
                {
                    lead.land(FlightResult::Bytes(Arc::new(hit.bytes.clone())));
                }
                Some(Got::Entry(hit, WhenFound::Late))
            }
            // Its followers look for themselves: it is there.
            Stage::Found(EntryState::Stale(hit, _)) => Some(Got::Entry(hit, WhenFound::Late)),
            Stage::Found(EntryState::NoValue(_)) => Some(Got::NoValue),
            _ => None,
        }
    }
}

impl Course {
    pub(crate) fn new(call: &Call, budget: TimeBudget) -> Self {
        let patience = Patience::of(call, budget.began(call));
        Self { misses: Vec::new(), rounds: 0, budget, patience }
    }

    /// Of one key, which was looked up in vain.
    pub(super) fn of(call: &Call, lookup: EntryState, budget: TimeBudget) -> Self {
        let miss = Miss::new(0, call.call_key(), Stage::Found(lookup));
        let mut course = Self { misses: vec![miss], ..Self::new(call, budget) };
        course.forgive(call);
        course
    }

    /// Redis has answered, unless it has not.
    fn forgive(&mut self, call: &Call) {
        let is_answered = |miss: &Miss| !matches!(miss.stage, Stage::Found(EntryState::Unknown(_)));
        if self.misses.iter().any(is_answered) {
            self.budget.forgive(call.cache().deadline);
        }
    }

    /// The first look-up of a batch, of those of its keys that are `open`. Gives what is there.
    pub(crate) async fn begin(
        &mut self,
        reader: &Reader<'_>,
        keys: &[CallKey],
        mut open: Vec<usize>,
    ) -> Vec<(usize, Got)> {
        let call = reader.call;
        if call.has_pending() {
            // What is there should have been removed, and could not be yet.
            for place in open.extract_if(.., |place| call.is_pending(keys[*place].question())) {
                call.missed_for(MissReason::Invalidated);
                self.misses.push(Miss::alone(place, keys[place].clone(), None));
            }
        }
        if open.is_empty() {
            return Vec::new();
        }
        let asked: Vec<Question<'_>> = open.iter().map(|place| keys[*place].question()).collect();
        let tags_pending = reader.note_tags(&asked).is_some();
        let found = reader.look_up_first(&asked, &self.budget).await;
        let mut got = Vec::with_capacity(found.len());
        for (place, lookup) in open.into_iter().zip(found) {
            match reader.served(lookup, || keys[place].flight_key(call), || self.patience.began()) {
                Ok(there) => got.push((place, there)),
                Err(lookup) => {
                    call.missed(&keys[place].name, &lookup);
                    let key = keys[place].clone();
                    // What others compute may have one of these tags, which nobody knows before it is there. So nothing is shared.
                    self.misses.push(match tags_pending {
                        true => Miss::alone(place, key, lookup.into_fallback()),
                        false => Miss::new(place, key, Stage::Found(lookup)),
                    });
                }
            }
        }
        if !got.is_empty() {
            self.budget.forgive(call.cache().deadline);
        }
        self.forgive(call);
        got
    }

    /// An entry that was given cannot be decoded: it is replaced.
    pub(crate) fn undecodable(&mut self, reader: &Reader<'_>, place: usize, key: &CallKey, hit: &Hit) {
        let lookup = reader.unusable(hit.mark());
        self.misses.push(Miss::new(place, key.clone(), Stage::Found(lookup)));
    }

    /// What another caller's computation has landed with is of no use.
    pub(crate) fn compute_alone(&mut self, place: usize, key: &CallKey, fallback: Option<Vec<u8>>) {
        self.misses.push(Miss::alone(place, key.clone(), fallback));
    }

    /// Others than Redis took their time.
    pub(crate) fn put_off(&mut self, by: Duration) {
        self.budget.put_off(by);
    }

    fn any(&self, is: impl Fn(&Stage) -> bool) -> bool {
        self.misses.iter().any(|miss| is(&miss.stage))
    }

    /// Goes as far as is possible without computing. Each part has a box, so that the future of a call is small.
    pub(crate) async fn step(&mut self, reader: &Reader<'_>) -> Step {
        loop {
            let mut got = Vec::new();
            if self.any(|stage| matches!(stage, Stage::Found(_))) {
                got = Box::pin(self.claim(reader)).await;
            } else if self.any(|stage| matches!(stage, Stage::Leading(_))) {
                return Step::Compute(self.compute());
            } else if self.any(|stage| matches!(stage, Stage::Open)) {
                Box::pin(self.look_up_open(reader)).await;
            } else if self.any(|stage| matches!(stage, Stage::Waiting(..))) {
                let span = Span::wait(reader.call.function.site);
                instrument(span, Box::pin(self.poll(reader))).await;
            } else if self.any(|stage| matches!(stage, Stage::Following(_) | Stage::Landed(_))) {
                let span = Span::wait(reader.call.function.site);
                match instrument(span, Box::pin(self.follow(reader))).await {
                    Ok(landed) => got = landed,
                    Err(error) => return Step::Failed(error),
                }
            } else if self.misses.is_empty() {
                return Step::Done;
            } else {
                return Step::Compute(self.compute());
            }
            if !got.is_empty() {
                return Step::Decode(got);
            }
        }
    }

    /// What is to be computed now: all that is led, and with it what no other caller's computation can be waited for.
    pub(super) fn compute(&mut self) -> Box<ComputeGuard> {
        let is_computed = |miss: &Miss| matches!(miss.stage, Stage::Leading(_) | Stage::Alone);
        let mut computed = take(&mut self.misses);
        if !computed.iter().all(is_computed) {
            self.misses = computed.extract_if(.., |miss| !is_computed(miss)).collect();
            // Whoever waits for these would wait for the computation too.
            self.misses.iter_mut().for_each(|miss| drop(miss.lead.take()));
        }
        ComputeGuard::new(computed, self.patience.left(), self.patience.late_at())
    }

    /// Looks up what is open once more.
    async fn look_up_open(&mut self, reader: &Reader<'_>) {
        let call = reader.call;
        for miss in &mut self.misses {
            if matches!(miss.stage, Stage::Open) && call.is_pending(miss.key.question()) {
                miss.stage = Stage::Alone;
            }
        }
        self.look_up(reader, |stage| matches!(stage, Stage::Open)).await;
        self.forgive(call);
    }

    /// Looks up the keys that are at such a stage.
    pub(super) async fn look_up(&mut self, reader: &Reader<'_>, is_meant: impl Fn(&Stage) -> bool) {
        for (at, lookup) in self.look_at(reader, is_meant).await {
            let miss = &mut self.misses[at];
            (miss.stage, miss.fallback) = (Stage::Found(lookup), None);
        }
    }

    /// What stands now at the keys that are at such a stage, each with its place among the misses.
    pub(super) async fn look_at<F: Fn(&Stage) -> bool>(
        &mut self,
        reader: &Reader<'_>,
        is_meant: F,
    ) -> impl Iterator<Item = (usize, EntryState)> + use<F> {
        let meant: Vec<usize> =
            (0..self.misses.len()).filter(|at| is_meant(&self.misses[*at].stage)).collect();
        let asked: Vec<_> = meant.iter().map(|at| self.misses[*at].key.question()).collect();
        let found = match asked[..] {
            [] => Vec::new(),
            _ => reader.look_up_all(&asked, reader.call.policy.asks_for_time(), &self.budget).await,
        };
        meant.into_iter().zip(found)
    }

    /// Takes out what is there after all.
    pub(super) fn settle(&mut self, reader: &Reader<'_>, got: &mut Vec<(usize, Got)>) {
        let is_there = |miss: &mut Miss| {
            matches!(
                &miss.stage,
                Stage::Found(EntryState::Hit(_) | EntryState::Stale(..) | EntryState::NoValue(_))
            )
        };
        for miss in self.misses.extract_if(.., is_there) {
            let place = miss.place;
            got.extend(miss.served(reader).map(|there| (place, there)));
        }
    }

    /// Begins another round. After too many, whatever is still in the way is computed without being stored; says whether it is so.
    pub(super) fn begin_round(&mut self) -> bool {
        self.rounds += 1;
        let is_over = self.rounds > ROUNDS;
        let in_the_way = |miss: &&mut Miss| is_over && matches!(miss.stage, Stage::Found(_));
        self.misses.iter_mut().filter(in_the_way).for_each(Miss::give_up);
        is_over
    }

    /// Joins the flights of what was looked up in vain, or leads them.
    pub(super) async fn join(&mut self, reader: &Reader<'_>) {
        self.misses.iter_mut().for_each(|miss| miss.join(reader.call));
        if !self.misses.iter().any(|miss| miss.lead.as_ref().is_some_and(Leader::is_open)) {
            return;
        }
        // All callers that are as far as this one find the flights open; see `flight`.
        self.budget.pause(executor::yield_now()).await;
        let mut looks_again = false;
        for miss in &mut self.misses {
            if let Some(lead) = miss.lead.as_mut().filter(|lead| lead.is_open()) {
                lead.close();
                // The tags were read before the others came, who must not be given what was computed under them.
                if miss.key.tags.is_some() && matches!(miss.stage, Stage::Found(EntryState::Lease(_))) {
                    miss.stage = Stage::Open;
                    looks_again = true;
                }
            }
        }
        if looks_again {
            Box::pin(self.look_up(reader, |stage| matches!(stage, Stage::Open))).await;
        }
    }
}
