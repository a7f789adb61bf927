//! From keys without a value to the right to store one: what is under way is joined, and for the rest leases are asked for.

use std::mem::replace;
use std::sync::Arc;

use smallvec::SmallVec;

use super::course::{Stage, WhenFound};
use super::entry_state::Due;
use super::read::{distinct, texts};
use crate::engine::compute::StorePermit;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::{FlightResult, Sight};
use crate::engine::lease::{self, Lease, beside, new_mark};
use crate::engine::{Call, CallKey, Course, Got, Reader, TimeBudget, mark_of};
use crate::entry::header::KeyState;
use crate::error::Error;
use crate::runtime::executor::both;
use crate::store::vocabulary::{CasToken, Found, KeyResults, Left, Nonce, Reading, Several, Swap};
use crate::store::{Acquired, Store};
use crate::tags::{self, Tags, digest_of};

/// A lease that is asked for.
pub(super) struct Ask {
    /// The place of what asks, among others.
    at: usize,
    lease: Lease,
    position: Position,
    tags: Option<Arc<Tags>>,
}

/// Where a lease is to stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Position {
    /// At the key, where nothing is.
    Empty,
    /// At the key, in place of what is of no use.
    Over(CasToken),
    /// Beside a value, which stays readable until it is replaced.
    Beside(CasToken),
}

/// Leases that are asked for. Dropped before they are answered, they are given back together.
pub(super) struct Asks(SmallVec<[Ask; 1]>);

/// The answers to [`Asks`], each by the place of its key.
pub(super) type LeaseAnswers = SmallVec<[(usize, LeaseAnswer); 1]>;

/// What became of one.
pub(super) enum LeaseAnswer {
    Granted(StorePermit),
    /// Somebody was faster.
    Refused,
    /// What stands there is of another type, which a look-up of several keys does not tell from nothing.
    Foreign,
    /// It is not known. The lease is given back: it may have been granted.
    Unanswered,
}

impl Ask {
    /// A lease under a new mark.
    pub(super) fn new(call: &Call, at: usize, key: &CallKey, position: Position) -> Self {
        let name = match position {
            Position::Empty | Position::Over(_) => Arc::clone(&key.name),
            Position::Beside(_) => beside(&key.name).into(),
        };
        let lease = Lease::asked(call.cache.arc(), name, new_mark());
        Self { at, lease, position, tags: key.tags.clone() }
    }

    fn base(&self) -> Option<CasToken> {
        match self.position {
            Position::Beside(base) => Some(base),
            _ => None,
        }
    }
}

impl Asks {
    pub(super) fn new() -> Self {
        Self(SmallVec::new())
    }

    pub(super) fn push(&mut self, ask: Ask) {
        self.0.push(ask);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks for the leases and, where there are tags, for their nonces with them: all goes out at once, and all answers are
    /// there before anything is computed. Gives an answer for each, by the place of its key, and what went wrong.
    pub(super) async fn request(self, call: &Call, budget: &TimeBudget) -> (LeaseAnswers, Vec<Error>) {
        let (cache, until) = (call.cache(), budget.until());
        let mut acquires: SmallVec<[(&str, CasToken); 1]> = SmallVec::new();
        let mut swaps: Vec<Swap<'_>> = Vec::new();
        for Ask { lease, position, .. } in &self.0 {
            match position {
                Position::Over(mark) => {
                    swaps.push(Swap { key: lease.key(), mark, value: lease.mark(), ttl: Some(cache.lease) });
                }
                Position::Empty | Position::Beside(_) => acquires.push((lease.key(), *lease.mark())),
            }
        }
        let mut keys = Vec::new();
        let of_asks = self.0.iter().flat_map(|ask| ask.tags.iter().flat_map(|tags| texts(tags.keys())));
        let places = distinct(of_asks, &mut keys);
        let leases = async {
            let acquired = match acquires.is_empty() {
                true => Ok(SmallVec::new()),
                false => call.store().acquire(&acquires, cache.lease, until).await,
            };
            let swapped = match swaps.is_empty() {
                true => Ok(Vec::new()),
                // A box, so that a lease where nothing is need not have room for it.
                false => Box::pin(call.store().swap(&swaps, until)).await,
            };
            (acquired, swapped)
        };
        let (nonces, (acquired, swapped)) = match keys.is_empty() {
            true => (Ok(Vec::new()), leases.await),
            false => {
                // A box, so that others' futures are small.
                let tag = Box::pin(cache.store.tag(&keys, tags::ttl_of(&call.policy), until));
                both(tag, Box::pin(leases)).await
            }
        };
        drop(acquires);
        self.answered(acquired, swapped, nonces, places, budget)
    }

    /// The answers of the store, each with what it answers. `places` says where the nonce of each tag is.
    fn answered(
        mut self,
        acquired: Acquired,
        swapped: KeyResults<bool>,
        nonces: KeyResults<Nonce>,
        places: Vec<usize>,
        budget: &TimeBudget,
    ) -> (LeaseAnswers, Vec<Error>) {
        let mut errors = Vec::new();
        let mut acquired = each(acquired, &mut errors, |found| match found {
            Found::Absent => Verdict::Granted,
            Found::Bytes(_) => Verdict::Refused,
            Found::Foreign => Verdict::Foreign,
        });
        let mut swapped =
            each(swapped, &mut errors, |done| if done { Verdict::Granted } else { Verdict::Refused });
        let nonces = known(nonces, &mut errors);
        let mut places = places.into_iter();
        let mut unanswered = Vec::new();
        let answer = |ask: Ask| {
            let verdict = match ask.position {
                Position::Over(_) => swapped.next(),
                Position::Empty | Position::Beside(_) => acquired.next(),
            };
            let count = ask.tags.as_ref().map_or(0, |tags| tags.keys().len());
            let of_ask = places.by_ref().take(count);
            let of_ask: Option<Vec<Nonce>> =
                of_ask.map(|place| nonces.get(place).copied().flatten()).collect();
            let base = ask.base();
            let Ask { at, mut lease, .. } = ask;
            let answer = match (verdict, of_ask) {
                (Some(Verdict::Granted), Some(nonces)) => {
                    LeaseAnswer::Granted(StorePermit { lease: lease.granted(budget), base, nonces })
                }
                (Some(Verdict::Refused), _) => {
                    lease.is_gone();
                    LeaseAnswer::Refused
                }
                (Some(Verdict::Foreign), _) => {
                    lease.is_gone();
                    LeaseAnswer::Foreign
                }
                _ => {
                    unanswered.push(lease);
                    LeaseAnswer::Unanswered
                }
            };
            (at, answer)
        };
        let answers = std::mem::take(&mut self.0).into_iter().map(answer).collect();
        lease::give_back(unanswered);
        (answers, errors)
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        lease::give_back(self.0.drain(..).map(|ask| ask.lease));
    }
}

/// What the store has said of a lease.
#[derive(Clone, Copy)]
enum Verdict {
    Granted,
    Refused,
    Foreign,
    Unanswered,
}

/// The nonces that are known. One failure, one error: a connection that is gone fails all of them, and the leases too.
fn known(nonces: KeyResults<Nonce>, errors: &mut Vec<Error>) -> Vec<Option<Nonce>> {
    let mut failed = None;
    let nonces = nonces.unwrap_or_else(|error| {
        failed = Some(error);
        Vec::new()
    });
    let known = |nonce: Result<Nonce, Error>| nonce.map_err(|error| failed = Some(error)).ok();
    let nonces = nonces.into_iter().map(known).collect();
    if errors.is_empty() {
        errors.extend(failed);
    }
    nonces
}

/// The answers to a request; those that are none are among the errors.
fn each<A>(
    answers: Result<impl IntoIterator<Item = Result<A, Error>> + Default, Error>,
    errors: &mut Vec<Error>,
    verdict: impl Fn(A) -> Verdict,
) -> smallvec::IntoIter<[Verdict; 1]> {
    let answers = answers.unwrap_or_else(|error| {
        errors.push(error);
        Default::default()
    });
    let verdicts: SmallVec<[Verdict; 1]> = answers
        .into_iter()
        .map(|answer| match answer {
            Ok(answer) => verdict(answer),
            Err(error) => {
                errors.push(error);
                Verdict::Unanswered
            }
        })
        .collect();
    verdicts.into_iter()
}

impl Course {
    /// Serves what is there after all, joins what is under way, and asks for leases for the rest. Gives what is there.
    pub(super) async fn claim(&mut self, reader: &Reader<'_>) -> Vec<(usize, Got)> {
        let mut got = Vec::new();
        self.settle(reader, &mut got);
        if self.begin_round() {
            return got;
        }
        self.join(reader).await;
        self.settle(reader, &mut got);
        let asks = self.decide(reader, &mut got).await;
        if !asks.is_empty() {
            self.ask(reader, asks, &mut got).await;
        }
        self.misses.retain(|miss| !matches!(miss.stage, Stage::Done));
        got
    }

    /// Decides about each key whose flight this call leads.
    async fn decide(&mut self, reader: &Reader<'_>, got: &mut Vec<(usize, Got)>) -> Asks {
        let (call, mut asks) = (reader.call, Asks::new());
        self.remove_endless(reader, |stage| matches!(stage, Stage::Found(EntryState::Tombstone))).await;
        for at in 0..self.misses.len() {
            let miss = &mut self.misses[at];
            if !matches!(miss.stage, Stage::Found(_)) {
                continue;
            }
            let Stage::Found(lookup) = replace(&mut miss.stage, Stage::Leading(None)) else { continue };
            let position = match lookup {
                // As far as it is known: of another type is told from nothing by who asks for the lease.
                EntryState::Absent => Some(Position::Empty),
                EntryState::Unusable(Some(mark), _) => Some(Position::Over(mark)),
                EntryState::Unusable(None, _) => {
                    let cleared = Box::pin(call.store().clear(&miss.key.name, self.budget.until())).await;
                    cleared.inspect_err(|error| call.failed(error)).ok().map(|()| Position::Empty)
                }
                EntryState::Lease(sight) if call.cache().given_up.contains(&sight.mark) => None,
                EntryState::Lease(sight) => {
                    // Perhaps a flight of this process that was closed when this one opened.
                    match call.cache().flights.seen(sight, call.function.fingerprint) {
                        // Its leader has the lease. Those who follow this call are told what it lands with.
                        Some(follow) => miss.follow(call, follow),
                        None => miss.stage = Stage::Waiting(sight, false),
                    }
                    None
                }
                // Somebody else may have failed since this call looked.
                EntryState::Due(due)
                    if call.source_rests(|| miss.key.flight_key(call), self.patience.began()) =>
                {
                    if let Some(lead) = miss.lead.take() {
                        lead.land(FlightResult::Failed);
                    }
                    call.function.counters.stale.count();
                    got.push((miss.place, Got::Entry(due.bytes.into(), WhenFound::Late)));
                    miss.stage = Stage::Done;
                    None
                }
                EntryState::Due(Due { bytes, sight, is_fresh }) => {
                    (miss.fallback, miss.is_early) = (Some(bytes), is_fresh);
                    let is_first = miss.lead.as_mut().is_none_or(|lead| lead.mark(sight));
                    if !is_first && is_fresh {
                        got.extend(miss.served_early());
                    }
                    is_first.then_some(Position::Beside(sight.mark))
                }
                EntryState::Tombstone | EntryState::Unknown(_) => None,
                EntryState::Hit(_) | EntryState::Stale(..) | EntryState::NoValue(_) => {
                    miss.stage = Stage::Found(lookup);
                    None
                }
            };
            if let Some(position) = position {
                asks.push(Ask::new(call, at, &miss.key, position));
            }
        }
        asks
    }

    /// Asks for the leases.
    async fn ask(&mut self, reader: &Reader<'_>, asks: Asks, got: &mut Vec<(usize, Got)>) {
        for ask in &asks.0 {
            let miss = &mut self.misses[ask.at];
            // Before the store is asked: the mark can be seen from then on. With tags it is the nonces too that tell the flight, and they
            // are not known yet.
            if let (None, None, Some(lead)) = (&miss.key.tags, ask.base(), &mut miss.lead) {
                lead.mark(*ask.lease.mark());
            }
        }
        let (answers, errors) = asks.request(reader.call, &self.budget).await;
        errors.iter().for_each(|error| reader.call.failed(error));
        for (at, answer) in answers {
            let miss = &mut self.misses[at];
            let is_beside = miss.fallback.is_some();
            match answer {
                LeaseAnswer::Granted(permit) => {
                    reader.call.function.misses.grow();
                    if let (Some(_), None, Some(lead)) = (&miss.key.tags, permit.base, &mut miss.lead) {
                        lead.mark(Sight {
                            mark: *permit.lease.mark(),
                            tags: Some(digest_of(&permit.nonces)),
                        });
                    }
                    miss.stage = Stage::Leading(Some(permit));
                }
                // Somebody else is at it. Where there is time left, this call need not be.
                LeaseAnswer::Refused | LeaseAnswer::Foreign | LeaseAnswer::Unanswered if is_beside => {
                    if miss.is_early {
                        got.extend(miss.served_early());
                    }
                }
                // Who lost the race looks again: to know how much time is left takes another question.
                LeaseAnswer::Refused => miss.stage = Stage::Open,
                LeaseAnswer::Foreign => miss.stage = Stage::Found(reader.unusable(None)),
                // The lease may be granted late, after an invalidation: who sees it then must not join a body that began before.
                LeaseAnswer::Unanswered => miss.lead.iter_mut().for_each(|lead| lead.unmark()),
            }
        }
    }

    /// Removes leases and tombstones that have no end, as none of this library's is: somebody made them last, and everybody would
    /// wait for nobody. Should that fail they are as any others: waited for, or left.
    pub(super) async fn remove_endless(&mut self, reader: &Reader<'_>, is_meant: impl Fn(&Stage) -> bool) {
        let meant: Vec<usize> =
            (0..self.misses.len()).filter(|at| is_meant(&self.misses[*at].stage)).collect();
        if meant.is_empty() {
            return;
        }
        for at in Box::pin(self.try_remove_endless(reader, meant)).await.unwrap_or_default() {
            reader.call.function.counters.unusable.count();
            self.misses[at].stage = Stage::Found(EntryState::Absent);
        }
    }

    /// Says where there were some. One round trip where there is none.
    async fn try_remove_endless(&self, reader: &Reader<'_>, meant: Vec<usize>) -> Result<Vec<usize>, Error> {
        let (store, until) = (reader.call.store(), self.budget.until());
        let name = |at: usize| &*self.misses[at].key.name;
        let names: Vec<&str> = meant.iter().map(|at| name(*at)).collect();
        let Several { found, left, .. } = store.read(&names, Reading::Timed(names.len()), until).await?;
        let ours = |at: usize, found: Result<Found, Error>| match found {
            Ok(Found::Bytes(bytes)) => match reader.slot(name(at), &bytes) {
                Ok(KeyState::Lease(_) | KeyState::Tombstone(_)) => mark_of(&bytes),
                _ => None,
            },
            _ => None,
        };
        let endless = meant.into_iter().zip(found).zip(left).filter(|(_, left)| *left == Left::Never);
        let ours = endless.filter_map(|((at, found), _)| Some((at, (name(at), ours(at, found)?))));
        let (endless, marks): (Vec<usize>, Vec<(&str, CasToken)>) = ours.unzip();
        if !marks.is_empty() {
            store.release(&marks, until).await?;
        }
        Ok(endless)
    }
}
