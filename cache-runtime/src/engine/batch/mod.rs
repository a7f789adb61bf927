//! The course of a call for many keys.
//!
//! It goes in rounds, and each is the course of a single call for all keys that are still open: one look-up, one
//! acquisition of leases, one computation, one store. What another caller computes is not computed again: the batch joins
//! its flight, or waits for its lease. So batches that overlap, and single calls beside them, share their work key by key.
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

mod absent;
mod claim;
mod endless;
mod fresh;
mod leases;
mod look_up;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::look_up::{Met, POLL, names};
use super::flight::{FlightKey, FlightResult, Follower, Leader, Wait};
use super::look_up::{Hit, Reader, Seen};
use super::patience::Patience;
use super::{Budget, Call};
use crate::runtime::executor;
use crate::store::vocabulary::CasToken;
use crate::util::random;

pub(crate) use absent::encode as encode_absence;
pub(crate) use work::{Outcome, STORED_AT_ONCE, Work};

/// A key's full name.
pub(crate) type Name = Arc<str>;

/// An error on its way to other callers.
pub(crate) type Shared = Arc<dyn std::any::Any + Send + Sync>;

/// How many rounds a call makes before it computes without storing.
const ROUNDS: usize = 16;

/// A call for many keys.
///
/// A key is a slot: a place in the names, and in the outcomes.
pub(crate) struct Run {
    names: Vec<Name>,
    /// To be looked up.
    open: Vec<usize>,
    /// What was there, to be decoded by who knows the type.
    got: Vec<(usize, Got)>,
    /// What was looked up and is not there.
    not_there: Option<Vec<(usize, Seen)>>,
    /// What other processes compute.
    waiting: Vec<Waiting>,
    /// What others of this process compute.
    following: Vec<(usize, Follower)>,
    /// To be computed without being stored.
    alone: Vec<usize>,
    rounds: usize,
    /// Whether all is to be computed, whatever is there.
    is_fresh: bool,
    budget: Budget,
    patience: Patience,
}

/// What was there for a key.
pub(crate) enum Got {
    /// The word that there is no value.
    Absent,
    Hit(Hit),
    /// What another caller's computation has landed with.
    FlightResult(Arc<Vec<u8>>),
}

/// A key that another process computes.
struct Waiting {
    slot: usize,
    mark: CasToken,
    /// Others of this process wait for this call to see the end.
    lead: Option<Leader>,
}

/// How the call goes on.
pub(crate) enum Step {
    /// This is there, and is to be decoded before the call goes on.
    Decode(Vec<(usize, Got)>),
    /// All that there is, is there.
    Done,
    /// Another caller's computation failed, for this slot.
    Failed(usize, Shared),
    Compute(Work),
}

impl Run {
    /// `names` are all different. `is_kept` tells whether this process keeps the value of a slot.
    pub(crate) fn new(
        call: &Call,
        names: Vec<Name>,
        is_fresh: bool,
        is_kept: impl Fn(usize) -> bool,
    ) -> Self {
        let cache = call.cache();
        let mut open = Vec::with_capacity(names.len());
        open.extend((0..names.len()).filter(|slot| !is_kept(*slot)));
        Self {
            names,
            open,
            got: Vec::new(),
            not_there: None,
            waiting: Vec::new(),
            following: Vec::new(),
            alone: Vec::new(),
            rounds: 0,
            is_fresh,
            budget: Budget::of(cache.deadline),
            patience: Patience::of(call, Instant::now()),
        }
    }

    pub(crate) fn name(&self, slot: usize) -> &Name {
        &self.names[slot]
    }

    /// This slot's error was not for us: compute.
    pub(crate) fn compute_alone(&mut self, slot: usize) {
        self.alone.push(slot);
    }

    /// What calls within the computation may still wait for others.
    pub(crate) fn patience(&self) -> Duration {
        self.patience.left()
    }

    /// What the call would still wait for Redis.
    pub(crate) fn left(&self) -> Duration {
        self.budget.left()
    }

    /// Others than Redis took their time.
    pub(crate) fn waited_since(&mut self, began: Instant) {
        self.budget.paused_since(began);
    }

    fn flight_key(&self, call: &Call, slot: usize) -> FlightKey {
        FlightKey { key: Arc::clone(self.name(slot)), fingerprint: call.function.fingerprint }
    }

    /// Goes as far as is possible without computing. Each part has a box, so that the future of a call is small.
    pub(crate) async fn step(&mut self, reader: &Reader<'_>) -> Step {
        loop {
            if !self.got.is_empty() {
                return Step::Decode(std::mem::take(&mut self.got));
            } else if let Some(not_there) = self.not_there.take() {
                let mut work = Box::pin(self.claim(reader, not_there)).await;
                self.rounds += 1;
                if work.leads_any() {
                    self.waiting.iter_mut().for_each(|waiting| drop(waiting.lead.take()));
                    work.add(std::mem::take(&mut self.alone));
                    return Step::Compute(work);
                }
            } else if self.is_fresh && !self.open.is_empty() {
                return Step::Compute(Box::pin(self.claim_fresh(reader)).await);
            } else if !self.open.is_empty() {
                if self.rounds == ROUNDS {
                    self.alone.append(&mut self.open);
                    continue;
                }
                self.not_there = Some(Box::pin(self.look_up_open(reader)).await);
            } else if !self.waiting.is_empty() {
                Box::pin(self.poll(reader)).await;
            } else if let Some((slot, follow)) = self.following.pop() {
                let landed = Box::pin(self.follow(reader.call, slot, &follow)).await;
                if let Some(error) = self.landed(slot, landed).or_else(|| self.land_others()) {
                    return error;
                }
            } else if !self.alone.is_empty() {
                let mut work = Work::new(reader.call);
                work.add(std::mem::take(&mut self.alone));
                return Step::Compute(work);
            } else {
                return Step::Done;
            }
        }
    }

    /// Asks for all keys at once what has become of their leases, ever more rarely, until one of them has to be claimed.
    async fn poll(&mut self, reader: &Reader<'_>) {
        let (mut pause, mut is_first) = (POLL.0, true);
        let waits = self.begin_waits(reader.call);
        let until = waits.iter().map(Wait::until).min();
        while !self.waiting.is_empty() && self.open.is_empty() {
            let jittered = pause.mul_f64(0.5 + random::unit());
            let is_over = until.is_none_or(|until| Instant::now() >= until);
            if is_over || self.budget.pause(executor::sleep(jittered)).await.is_err() {
                self.give_up(reader.call, &waits);
                break;
            }
            pause = (pause * 2).min(POLL.1);
            let keys = names(self.waiting.iter().map(|waiting| &self.names[waiting.slot]));
            let asked = Instant::now();
            let mut all = Vec::with_capacity(keys.len());
            reader.look_up_many(&keys, &self.budget, |at, met| all.push((at, met))).await;
            all.sort_unstable_by_key(|(at, _)| *at);
            for (waiting, (_, met)) in std::mem::take(&mut self.waiting).into_iter().zip(all) {
                self.polled(reader, waiting, met);
            }
            if std::mem::take(&mut is_first) {
                let slots: Vec<_> = self.waiting.iter().map(|waiting| waiting.slot).collect();
                let removed = self.remove_endless(reader, &slots, &self.budget).await;
                self.waiting.retain(|waiting| !removed.contains(&waiting.slot));
                self.open.extend(removed);
            }
            if !self.waiting.is_empty() {
                // It was still others that were waited for.
                self.waited_since(asked);
            }
        }
        if let Some(wait) = waits.first() {
            self.patience.end(wait);
        }
    }

    /// Notes what is waited for. A key of which it is known that to wait is in vain is computed, without being stored.
    fn begin_waits(&mut self, call: &Call) -> Vec<Wait> {
        let mut waits = Vec::with_capacity(self.waiting.len());
        for waiting in std::mem::take(&mut self.waiting) {
            match self.patience.begin(self.flight_key(call, waiting.slot)) {
                Some(wait) => {
                    waits.push(wait);
                    self.waiting.push(waiting);
                }
                None => self.alone.push(waiting.slot),
            }
        }
        waits
    }

    /// Patience is over: what is still waited for is computed.
    fn give_up(&mut self, call: &Call, waits: &[Wait]) {
        let is_whole = waits.first().is_some_and(|wait| self.patience.is_all(wait));
        for waiting in self.waiting.drain(..) {
            if is_whole {
                call.cache().given_up.add(waiting.mark);
            }
            self.alone.push(waiting.slot);
        }
    }

    fn polled(&mut self, reader: &Reader<'_>, waiting: Waiting, met: Met) {
        let slot = waiting.slot;
        match met {
            Met::Seen(Seen::Lease(still)) if still.mark == waiting.mark => self.waiting.push(waiting),
            Met::Seen(Seen::Serve(hit)) => {
                if let Some(lead) = waiting.lead
                    && lead.has_followers()
                    && reader.can_decode(&hit)
                {
                    lead.land(FlightResult::Bytes(Arc::new(hit.bytes.clone())));
                }
                self.got.push((slot, Got::Hit(hit)));
            }
            // Its followers look for themselves.
            Met::Seen(Seen::ServeAndRefresh(hit, _)) => self.got.push((slot, Got::Hit(hit))),
            Met::Absent(_) => self.got.push((slot, Got::Absent)),
            Met::Seen(_) => self.open.push(slot),
        }
    }

    /// Waits for another flight's end; where that takes too long, for nothing.
    async fn follow(&mut self, call: &Call, slot: usize, follow: &Follower) -> FlightResult {
        let key = self.flight_key(call, slot);
        let landed = self.budget.pause(async {
            let landed =
                self.patience.landed(key, follow, self.following.iter().map(|(_, follow)| follow)).await;
            // A batch's flights end one after the other. What they leave undone is to be one computation again.
            executor::yield_now().await;
            landed
        });
        landed.await
    }

    /// What has ended as well, without waiting.
    fn land_others(&mut self) -> Option<Step> {
        let mut at = 0;
        while let Some((slot, follow)) = self.following.get(at) {
            let (slot, Some(landed)) = (*slot, follow.landed_already()) else {
                at += 1;
                continue;
            };
            self.following.swap_remove(at);
            if let Some(error) = self.landed(slot, landed) {
                return Some(error);
            }
        }
        None
    }

    /// Gives the error, if it is one.
    fn landed(&mut self, slot: usize, landed: FlightResult) -> Option<Step> {
        match landed {
            FlightResult::Bytes(bytes) => self.got.push((slot, Got::FlightResult(bytes))),
            FlightResult::Error(error) => return Some(Step::Failed(slot, error)),
            // The leader went away, and its lease is on its way out.
            FlightResult::Abandoned => self.open.push(slot),
            FlightResult::Failed | FlightResult::Nothing => self.alone.push(slot),
        }
        None
    }
}
