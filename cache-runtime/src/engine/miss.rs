//! From a look-up to a value, or to a ticket.

use std::any::Any;
use std::iter;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bypass::is_bypassed;
use super::flight::{FlightResult, Follower, Leader, Role, Sight, is_computing};
use super::lease::{Lease, beside, new_mark};
use super::look_up::{Hit, Reader, Replace, Seen};
use super::patience::Patience;
use super::ticket::{ComputeGuard, StorePermit};
use super::{Budget, Call, mark_of};
use crate::entry::header::KeyState;
use crate::error::Error;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::{CasToken, Found, Left};
use crate::tags::digest_of;
use crate::util::random;

/// How a call goes on, as far as that is known before anything is decoded.
pub(crate) enum Next {
    /// An entry that was there at once.
    Hit(Hit),
    /// The same, past its time.
    Stale(Hit),
    /// The same, and the claim to refresh it in the background.
    Refresh(Hit, Sight),
    /// An entry that was not there at first.
    Late(Hit),
    /// What another caller's computation has landed with, and what to serve should this call have to compute, and fail.
    FlightResult(Arc<Vec<u8>>, Option<Vec<u8>>),
    /// The error of another caller's computation.
    Error(Arc<dyn Any + Send + Sync>),
    Compute(Box<ComputeGuard>),
}

/// How often a leader that keeps meeting something new at its key asks again before it computes without storing.
const ATTEMPTS: usize = 16;
/// The first pause of who waits for another process, and the longest.
const POLL: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(64));

impl Reader<'_> {
    /// The whole course before a computation. A hit is one round trip, a miss two.
    pub(crate) async fn begin(&self, budget: Budget) -> Next {
        if is_bypassed(self.call.cache.arc()) {
            return Next::Compute(Box::pin(self.begin_fresh()).await);
        }
        let counters = &self.call.function.counters;
        if self.call.is_pending() {
            // What is there should have been removed, and could not be yet.
            counters.misses.count();
            return Next::Compute(Box::default());
        }
        let tags_pending = self.call.note_tags().is_some();
        let seen = match self.look_up(&budget).await {
            Seen::Serve(hit) => return Next::Hit(hit),
            Seen::ServeAndRefresh(hit, sight) => return Next::Refresh(hit, sight),
            Seen::Replace(old) if self.call.source_rests(self.began(budget)) => {
                return Next::Stale(old.into());
            }
            seen => seen,
        };
        counters.misses.count();
        // What others compute may have one of these tags, which nobody knows before it is there. So nothing is shared.
        if tags_pending {
            return Next::Compute(Box::new(ComputeGuard::alone(seen.into_fallback())));
        }
        // A box, so that the future of a hit is small.
        Box::pin(self.miss(seen, budget)).await
    }

    /// What [`begin`](Self::begin) goes on with where an entry that it has given cannot be decoded.
    #[cold]
    pub(crate) fn instead_of(&self, hit: &Hit, budget: Budget) -> Pin<Box<impl Future<Output = Next>>> {
        Box::pin(self.miss(self.unfit(hit.mark()), budget))
    }

    /// When a call began whose budget has not been put off yet.
    fn began(&self, budget: Budget) -> Instant {
        budget.0.checked_sub(self.call.cache().deadline).unwrap_or_else(Instant::now)
    }

    async fn miss(&self, seen: Seen, budget: Budget) -> Next {
        let mut patience = Patience::of(self.call, self.began(budget));
        let mut next = self.join_or_lead(seen, budget, &mut patience).await;
        if let Next::Compute(ticket) = &mut next {
            // What the function calls may wait for as long as this call has not.
            ticket.patience = Some(patience.left());
        }
        next
    }

    async fn join_or_lead(&self, mut seen: Seen, mut budget: Budget, patience: &mut Patience) -> Next {
        let call = self.call;
        if !matches!(seen, Seen::Unknown(_)) {
            budget.forgive(call.cache().deadline);
        }
        let key = call.flight_key();
        if is_computing(&key) {
            return Next::Compute(Box::default());
        }
        for _ in 0..ATTEMPTS {
            let follow =
                match seen.sight().and_then(|sight| call.cache().flights.seen(sight, key.fingerprint)) {
                    Some(follow) => follow,
                    None => match call.cache().flights.join(&key) {
                        Role::Follower(follow) => follow,
                        Role::Leader(mut lead) => {
                            // All callers that are as far as this one find the flight open; see `flight`.
                            budget.pause(executor::yield_now()).await;
                            lead.close();
                            if call.tags.is_some() && matches!(seen, Seen::Lease(_)) {
                                // The tags were read before the others came, who must not be given what was computed under them.
                                seen = Box::pin(self.look_up(&budget)).await;
                            }
                            return self.lead(lead, seen, &mut budget, patience).await;
                        }
                    },
                };
            if let Some(landed) = budget.pause(self.follow(follow, patience)).await {
                return self.following(landed, seen.into_fallback());
            }
            // The leader went away. Its lease may be there for a moment yet.
            seen = Box::pin(self.look_up(&budget)).await;
            if let Seen::Serve(hit) | Seen::ServeAndRefresh(hit, _) = seen {
                return Next::Late(hit);
            }
        }
        Next::Compute(Box::default())
    }

    /// Waits for another flight's end; `None` if its leader went away.
    async fn follow(&self, follow: Follower, patience: &mut Patience) -> Option<FlightResult> {
        if follow.landed_already().is_none() && !follow.is_hopeless() {
            self.call.function.counters.waits.count();
        }
        let landed = patience.landed(self.call.flight_key(), &follow, iter::empty()).await;
        (!matches!(landed, FlightResult::Abandoned)).then_some(landed)
    }

    /// `fallback` is what this call has found itself: to be served in place of an error, and should it have to compute, and fail.
    fn following(&self, landed: FlightResult, fallback: Option<Vec<u8>>) -> Next {
        match (landed, fallback) {
            (FlightResult::Bytes(bytes), fallback) => Next::FlightResult(bytes, fallback),
            (FlightResult::Failed | FlightResult::Error(_), Some(bytes)) => self.served_late(bytes),
            (FlightResult::Error(error), None) => Next::Error(error),
            (FlightResult::Failed | FlightResult::Nothing | FlightResult::Abandoned, fallback) => {
                Next::Compute(Box::new(ComputeGuard::alone(fallback)))
            }
        }
    }

    /// Serves an old value in place of an error.
    fn served_late(&self, bytes: Vec<u8>) -> Next {
        self.call.function.counters.stale.count();
        Next::Late(Hit { bytes, arriving: None })
    }

    /// A flight's leader: goes on until there is a value, a lease, or no hope of one.
    ///
    /// What is rare is boxed: the future has room for its largest part, and is moved for each miss.
    async fn lead(
        &self,
        mut lead: Leader,
        mut seen: Seen,
        budget: &mut Budget,
        patience: &mut Patience,
    ) -> Next {
        let call = self.call;
        let store = &call.cache().store;
        for _ in 0..ATTEMPTS {
            seen = match seen {
                Seen::Nothing => {
                    let mut lease = self.ask(&mut lead);
                    match self.acquire(&call.key, lease.mark(), budget).await {
                        Ok((Found::Absent, nonces)) => return self.hold(lead, lease, nonces, budget),
                        // Of another type, which a look-up together with others does not tell from nothing.
                        Ok((Found::Foreign, _)) => {
                            lease.is_gone();
                            self.unfit(None)
                        }
                        // Who lost the race looks again: to know how much time is left takes another question.
                        Ok(_) => self.refused(lease, budget).await,
                        Err(error) => self.unanswered(&mut lead, &error),
                    }
                }
                Seen::Unfit(Some(unfit)) => {
                    let lease = self.ask(&mut lead);
                    match Box::pin(self.take_over(&unfit, lease.mark(), budget)).await {
                        Ok((true, nonces)) => return self.hold(lead, lease, nonces, budget),
                        Ok((false, _)) => self.refused(lease, budget).await,
                        Err(error) => self.unanswered(&mut lead, &error),
                    }
                }
                Seen::Unfit(None) => match Box::pin(store.clear(&call.key, budget.0)).await {
                    Ok(()) => Seen::Nothing,
                    Err(error) => self.unknown(&error),
                },
                Seen::Replace(old) => return Box::pin(self.claim(lead, old, budget, patience)).await,
                Seen::Lease(sight) => {
                    // Perhaps a flight of this process that was closed when this one opened.
                    if let Some(follow) = self.flight_of(sight) {
                        let landed = budget.pause(self.follow(follow, patience)).await;
                        if let Some(landed) = landed {
                            lead.land(landed.clone());
                            return self.following(landed, None);
                        }
                        Box::pin(self.look_up(budget)).await
                    } else {
                        Box::pin(self.wait_for_other_process(sight, budget, patience)).await
                    }
                }
                Seen::Serve(hit) => {
                    // Who cannot decode it either would compute, each for itself, and this call finds that out next.
                    if lead.has_followers() && self.can_decode(&hit) {
                        lead.land(FlightResult::Bytes(Arc::new(hit.bytes.clone())));
                    }
                    return Next::Late(hit);
                }
                // Its followers look for themselves: it is there.
                Seen::ServeAndRefresh(hit, _) => return Next::Late(hit),
                Seen::Tombstone if Box::pin(self.remove_endless(budget)).await => Seen::Nothing,
                Seen::Tombstone | Seen::Unknown(_) => break,
            };
        }
        Next::Compute(Box::new(ComputeGuard::new(lead, None)))
    }

    /// Asks for a lease where nothing is, and for the tags' nonces.
    async fn acquire(
        &self,
        key: &str,
        mark: &CasToken,
        budget: &Budget,
    ) -> Result<(Found, Vec<Nonce>), Error> {
        let cache = self.call.cache();
        let asked = pin!(cache.store.acquire(key, mark, cache.lease, budget.0));
        self.with_tags(asked, budget.0).await
    }

    /// The same in place of what is of no use.
    async fn take_over(
        &self,
        unfit: &CasToken,
        mark: &CasToken,
        budget: &Budget,
    ) -> Result<(bool, Vec<Nonce>), Error> {
        let cache = self.call.cache();
        let asked = pin!(cache.store.swap(&self.call.key, unfit, mark, Some(cache.lease), budget.0));
        self.with_tags(asked, budget.0).await
    }

    /// A lease under a new mark, to be asked for at the key.
    fn ask(&self, lead: &mut Leader) -> Lease {
        let mark = new_mark();
        // With tags it is the nonces too that tell the flight, and they are not known yet.
        if self.call.tags.is_none() {
            lead.mark(mark);
        }
        Lease::asked(self.call.cache.arc(), Arc::clone(&lead.key().key), mark)
    }

    /// The lease may be granted late, after an invalidation: who sees it then must not join a body that began before.
    fn unanswered(&self, lead: &mut Leader, error: &Error) -> Seen {
        lead.unmark();
        self.unknown(error)
    }

    async fn refused(&self, mut lease: Lease, budget: &Budget) -> Seen {
        lease.is_gone();
        Box::pin(self.look_up(budget)).await
    }

    /// The right to replace an entry that stays readable meanwhile: a lease beside it.
    async fn claim(&self, mut lead: Leader, old: Replace, budget: &Budget, patience: &Patience) -> Next {
        // Somebody else may have failed since this call looked.
        if self.call.source_rests(patience.began()) {
            lead.land(FlightResult::Failed);
            return self.served_late(old.bytes);
        }
        let hold = if lead.mark(old.sight) { self.claim_lease(old.sight, budget).await } else { None };
        if hold.is_none() && old.is_fresh {
            // Somebody else is at it, and there is time left.
            return Next::Late(old.into());
        }
        let mut ticket = Box::new(ComputeGuard::new(lead, hold));
        ticket.fallback = Some(old.bytes);
        Next::Compute(ticket)
    }

    pub(super) async fn claim_lease(&self, base: Sight, budget: &Budget) -> Option<StorePermit> {
        let call = self.call;
        let key: Arc<str> = beside(&call.key).into();
        let mut lease = Lease::asked(call.cache.arc(), Arc::clone(&key), new_mark());
        match self.acquire(&key, lease.mark(), budget).await {
            Ok((Found::Absent, nonces)) => {
                Some(StorePermit { lease: lease.granted(budget), base: Some(base.mark), nonces })
            }
            Ok(_) => {
                lease.is_gone();
                None
            }
            Err(error) => {
                call.failed(&error);
                None
            }
        }
    }

    /// The ticket of a refresh in the background; `None` if somebody else, here or elsewhere, is at it.
    pub(crate) async fn begin_refresh(&self, base: Sight) -> Option<Box<ComputeGuard>> {
        let Role::Leader(mut lead) = self.call.cache().flights.join(&self.call.flight_key()) else {
            return None;
        };
        lead.close();
        if !lead.mark(base) || self.call.source_rests(Instant::now()) {
            return None;
        }
        let hold = self.claim_lease(base, &Budget::of(self.call.cache().deadline)).await?;
        Some(Box::new(ComputeGuard::new(lead, Some(hold))))
    }

    /// Whether there is nothing to do for a refresh of this entry: one is under way in this process, or has just failed.
    pub(crate) fn is_refreshed(&self, base: Sight) -> bool {
        self.flight_of(base).is_some() || self.call.source_rests(Instant::now())
    }

    fn flight_of(&self, sight: Sight) -> Option<Follower> {
        self.call.cache().flights.seen(sight, self.call.function.fingerprint)
    }

    /// The ticket of who has got the lease.
    fn hold(&self, mut lead: Leader, lease: Lease, nonces: Vec<Nonce>, budget: &Budget) -> Next {
        if self.call.tags.is_some() {
            lead.mark(Sight { mark: *lease.mark(), tags: Some(digest_of(&nonces)) });
        }
        let hold = StorePermit { lease: lease.granted(budget), base: None, nonces };
        Next::Compute(Box::new(ComputeGuard::new(lead, Some(hold))))
    }

    /// Removes a lease or a tombstone that has no end, as none of this library's is: somebody made it last, and everybody would
    /// wait for nobody. Says whether it did.
    async fn remove_endless(&self, budget: &Budget) -> bool {
        let Call { cache, function, key, .. } = self.call;
        let store = &cache.store;
        if !matches!(store.left_many(&[&**key], budget.0).await.as_deref(), Ok([Left::Never])) {
            return false;
        }
        let Ok(Found::Bytes(bytes)) = store.get(key, budget.0).await else { return false };
        match (self.slot(key, &bytes), mark_of(&bytes)) {
            (Ok(KeyState::Lease(_) | KeyState::Tombstone(_)), Some(mark)) => {
                function.counters.rejected.count();
                store.release(key, &mark, budget.0).await.is_ok()
            }
            _ => false,
        }
    }

    /// Asks again and again, ever more rarely, until the lease is gone or patience is over. Jitter keeps the processes that
    /// wait from asking all at once. A lease that is there is alive: of who died it runs out.
    async fn wait_for_other_process(
        &self,
        sight: Sight,
        budget: &mut Budget,
        patience: &mut Patience,
    ) -> Seen {
        let call = self.call;
        if call.cache().given_up.contains(&sight.mark) {
            return Seen::Unknown(None);
        }
        let Some(wait) = patience.begin(call.flight_key()) else { return Seen::Unknown(None) };
        call.function.counters.waits.count();
        let (mut pause, mut is_first, until) = (POLL.0, true, wait.until());
        while Instant::now() < until {
            let jittered = pause.mul_f64(0.5 + random::unit());
            if budget.pause(executor::sleep(jittered)).await.is_err() {
                break;
            }
            pause = (pause * 2).min(POLL.1);
            let asked = Instant::now();
            match self.look_up(budget).await {
                // With tags, a flight of this process is known by its lease only some time after the lease is there.
                Seen::Lease(still)
                    if still.mark == sight.mark
                        && (call.tags.is_none() || self.flight_of(still).is_none()) =>
                {
                    // Once, and not before the first look: most leases are gone by then.
                    if std::mem::take(&mut is_first) && self.remove_endless(budget).await {
                        patience.end(&wait);
                        return Seen::Nothing;
                    }
                    // It was still the other process that was waited for.
                    budget.paused_since(asked);
                }
                seen => {
                    patience.end(&wait);
                    return seen;
                }
            }
        }
        if patience.is_all(&wait) {
            call.cache().given_up.add(sight.mark);
        }
        patience.end(&wait);
        Seen::Unknown(None)
    }
}
