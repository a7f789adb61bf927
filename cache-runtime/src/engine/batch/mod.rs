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
//! 3. **Follow** the flights of this process. Their leaders are in step 1 or 2.
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
use std::time::Instant;

use self::look_up::{Met, POLL, names};
use super::look_up::{Reader, Seen};
use super::{Budget, Call, landed_by};
use crate::bypass::is_bypassed;
use crate::clock::after;
use crate::flight::{FlightKey, Follow, Landed, Lead};
use crate::home;
use crate::random;
use crate::store::Mark;

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
pub(crate) struct Run<T> {
    names: Vec<Name>,
    outcomes: Vec<Settled<T>>,
    /// To be looked up.
    open: Vec<usize>,
    /// What other processes compute.
    waiting: Vec<Waiting>,
    /// What others of this process compute.
    following: Vec<(usize, Follow)>,
    /// To be computed without being stored.
    alone: Vec<usize>,
    rounds: usize,
    /// Whether all is to be computed, whatever is there.
    is_fresh: bool,
    budget: Budget,
    patience: Instant,
}

/// What has become of a key, once that is known: a value, or that there is none.
type Settled<T> = Option<Option<T>>;

/// A key that another process computes.
struct Waiting {
    slot: usize,
    mark: Mark,
    /// Others of this process wait for this call to see the end.
    lead: Option<Lead>,
}

/// How the call goes on.
pub(crate) enum Step {
    /// All that there is, is there.
    Done,
    /// Another caller's computation failed, for this slot.
    Failed(usize, Shared),
    Compute(Work),
}

impl<T> Run<T> {
    /// `names` are all different.
    pub(crate) fn new(reader: &Reader<'_, T>, names: Vec<Name>) -> Self {
        let cache = reader.call.cache();
        let is_fresh = is_bypassed(reader.call.cache.arc());
        let kept = |name: &Name| if is_fresh { None } else { reader.kept(name).map(Some) };
        let outcomes: Vec<_> = names.iter().map(kept).collect();
        let mut open = Vec::with_capacity(names.len());
        open.extend((0..names.len()).filter(|slot| outcomes[*slot].is_none()));
        Self {
            names,
            outcomes,
            open,
            waiting: Vec::new(),
            following: Vec::new(),
            alone: Vec::new(),
            rounds: 0,
            is_fresh,
            budget: Budget::of(cache.deadline),
            patience: after(cache.wait),
        }
    }

    pub(crate) fn name(&self, slot: usize) -> &Name {
        &self.names[slot]
    }

    /// The value of a slot that was computed.
    pub(crate) fn outcome(&self, slot: usize) -> Option<&T> {
        self.outcomes[slot].as_ref()?.as_ref()
    }

    /// How many slots have a value.
    pub(crate) fn values(&self) -> usize {
        self.outcomes.iter().filter(|outcome| matches!(outcome, Some(Some(_)))).count()
    }

    pub(crate) fn outcomes(self) -> impl Iterator<Item = Option<T>> {
        self.outcomes.into_iter().map(Option::flatten)
    }

    pub(crate) fn settle(&mut self, slot: usize, outcome: Option<T>) {
        self.outcomes[slot] = Some(outcome);
    }

    /// This slot's error was not for us: compute.
    pub(crate) fn compute_alone(&mut self, slot: usize) {
        self.alone.push(slot);
    }

    /// Others than Redis took their time.
    pub(crate) fn waited_since(&mut self, began: Instant) {
        self.budget.0 += began.elapsed();
    }

    fn flight_key(&self, call: &Call, slot: usize) -> FlightKey {
        FlightKey { key: Arc::clone(self.name(slot)), fingerprint: call.function.fingerprint }
    }

    /// Goes as far as is possible without computing.
    pub(crate) async fn step(&mut self, reader: &Reader<'_, T>) -> Step {
        loop {
            if self.is_fresh && !self.open.is_empty() {
                // A box, so that others' futures are small.
                return Step::Compute(Box::pin(self.claim_fresh(reader)).await);
            } else if !self.open.is_empty() {
                if self.rounds == ROUNDS {
                    self.alone.append(&mut self.open);
                    continue;
                }
                let mut work = self.claim(reader).await;
                self.rounds += 1;
                if work.leads_any() {
                    self.waiting.iter_mut().for_each(|waiting| drop(waiting.lead.take()));
                    work.add(std::mem::take(&mut self.alone));
                    return Step::Compute(work);
                }
            } else if !self.waiting.is_empty() {
                self.poll(reader).await;
            } else if let Some((slot, follow)) = self.following.pop() {
                let landed = self.follow(follow).await;
                if let Some(error) = self.landed(reader, slot, landed).or_else(|| self.land_others(reader)) {
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
    async fn poll(&mut self, reader: &Reader<'_, T>) {
        let (mut pause, mut is_first, began) = (POLL.0, true, Instant::now());
        while !self.waiting.is_empty() && self.open.is_empty() {
            let jittered = pause.mul_f64(0.5 + random::unit());
            if Instant::now() >= self.patience || home::sleep(jittered).await.is_err() {
                self.alone.extend(self.waiting.drain(..).map(|waiting| waiting.slot));
                break;
            }
            pause = (pause * 2).min(POLL.1);
            let keys = names(self.waiting.iter().map(|waiting| &self.names[waiting.slot]));
            let budget = Budget::of(reader.call.cache().deadline);
            let mut all = Vec::with_capacity(keys.len());
            reader.look_up_many(&keys, &budget, |at, met| all.push((at, met))).await;
            all.sort_unstable_by_key(|(at, _)| *at);
            for (waiting, (_, met)) in std::mem::take(&mut self.waiting).into_iter().zip(all) {
                self.polled(waiting, met);
            }
            if std::mem::take(&mut is_first) {
                let slots: Vec<_> = self.waiting.iter().map(|waiting| waiting.slot).collect();
                let removed = self.remove_endless(reader, &slots, &budget).await;
                self.waiting.retain(|waiting| !removed.contains(&waiting.slot));
                self.open.extend(removed);
            }
        }
        // Each poll has a deadline of its own, and none counts against what comes after.
        self.waited_since(began);
    }

    fn polled(&mut self, waiting: Waiting, met: Met<T>) {
        match met {
            Met::Seen(Seen::Lease(still)) if still.mark == waiting.mark => self.waiting.push(waiting),
            Met::Seen(Seen::Serve(value, _, bytes)) => {
                self.settle(waiting.slot, Some(value));
                if let Some(lead) = waiting.lead {
                    lead.land(Landed::Bytes(Arc::new(bytes)));
                }
            }
            // Its followers look for themselves.
            Met::Seen(Seen::ServeAndRefresh(value, _)) => self.settle(waiting.slot, Some(value)),
            Met::Absent(_) => self.settle(waiting.slot, None),
            Met::Seen(_) => self.open.push(waiting.slot),
        }
    }

    /// Waits for another flight's end; where that takes too long, for nothing.
    async fn follow(&mut self, follow: Follow) -> Landed {
        let landed = self.budget.pause(async {
            let landed = landed_by(self.patience, follow).await;
            // A batch's flights end one after the other. What they leave undone is to be one computation again.
            home::yield_now().await;
            landed
        });
        landed.await
    }

    /// What has ended as well, without waiting.
    fn land_others(&mut self, reader: &Reader<'_, T>) -> Option<Step> {
        let mut at = 0;
        while let Some((slot, follow)) = self.following.get(at) {
            let (slot, Some(landed)) = (*slot, follow.landed_already()) else {
                at += 1;
                continue;
            };
            self.following.swap_remove(at);
            if let Some(error) = self.landed(reader, slot, landed) {
                return Some(error);
            }
        }
        None
    }

    /// Gives the error, if it is one.
    fn landed(&mut self, reader: &Reader<'_, T>, slot: usize, landed: Landed) -> Option<Step> {
        match landed {
            Landed::Bytes(bytes) => match reader.read_landed(self.name(slot), &bytes) {
                Some(outcome) => self.settle(slot, outcome),
                None => self.alone.push(slot),
            },
            Landed::Error(error) => return Some(Step::Failed(slot, error)),
            // The leader went away, and its lease is on its way out.
            Landed::Abandoned => self.open.push(slot),
            Landed::Nothing => self.alone.push(slot),
        }
        None
    }
}
