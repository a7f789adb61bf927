//! The first half of a round: look up what is open, join what is under way, take leases for the rest.

use super::leases::Leases;
use super::look_up::{Met, names};
use super::work::{Hold, Led, Work};
use super::{Got, Name, Run, Waiting};
use crate::engine::flight::{Follower, Leader, Role, is_computing};
use crate::engine::lease::new_mark;
use crate::engine::look_up::{Hit, Reader, Seen};
use crate::engine::retry_queue::Key;
use crate::error::Error;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found, Swap};

/// A key whose flight this call leads, before it is known whether it may store.
struct Candidate {
    slot: usize,
    lead: Leader,
    seen: Seen,
}

/// A lease that is asked for.
pub(super) struct Asked {
    slot: usize,
    /// Its flight, if others may share what is computed.
    lead: Option<Leader>,
    mark: CasToken,
    place: Place,
}

/// Where a lease is to stand.
#[derive(Debug)]
pub(super) enum Place {
    /// In the slot, where nothing is.
    Empty,
    /// In the slot, in place of what does not fit.
    Unfit(CasToken),
    /// At this key, beside a value that stays readable until it is replaced.
    Beside(Name, CasToken),
}

/// What became of it.
enum Answer {
    Granted,
    /// Somebody was faster.
    Refused,
    /// What stands there is of another type, which a look-up of several keys does not tell from nothing.
    Foreign,
}

impl From<Found> for Answer {
    /// What stood in the lease's place.
    fn from(found: Found) -> Self {
        match found {
            Found::Absent => Self::Granted,
            Found::Bytes(_) => Self::Refused,
            Found::Foreign => Self::Foreign,
        }
    }
}

impl Run {
    /// What this call is to compute now of what is not there, with the right to store it. What it has to wait for is noted.
    pub(super) async fn claim(&mut self, reader: &Reader<'_>, not_there: Vec<(usize, Seen)>) -> Work {
        let join = |(slot, seen)| self.join(reader, slot, seen);
        let mut candidates: Vec<_> = not_there.into_iter().filter_map(join).collect();
        if !candidates.is_empty() {
            // All callers that are as far as this one find the flights open; see `flight`.
            self.budget.pause(executor::yield_now()).await;
            candidates.iter_mut().for_each(|candidate| candidate.lead.close());
        }
        let held = candidates.iter().filter(|candidate| matches!(candidate.seen, Seen::Tombstone));
        let held: Vec<_> = held.map(|candidate| candidate.slot).collect();
        let removed = self.remove_endless(reader, &held, &self.budget).await;
        let mut work = Work::new(reader.call);
        let mut asked = Vec::new();
        for Candidate { slot, mut lead, seen } in candidates {
            match seen {
                Seen::Lease(sight) if reader.call.cache().given_up.contains(&sight.mark) => {
                    work.lead(Led { slot, lead: Some(lead), hold: None });
                }
                Seen::Lease(sight) => self.wait_for(reader, slot, sight.mark, lead),
                // Nothing, as far as it is known: of another type is told from nothing by who asks for the lease.
                Seen::Nothing => asked.push(Asked::new(slot, Some(lead), Place::Empty)),
                Seen::Tombstone if removed.contains(&slot) => {
                    asked.push(Asked::new(slot, Some(lead), Place::Empty));
                }
                Seen::Unfit(Some(unfit)) => asked.push(Asked::new(slot, Some(lead), Place::Unfit(unfit))),
                Seen::Unfit(None) => {
                    if self.clear(reader, slot).await {
                        asked.push(Asked::new(slot, Some(lead), Place::Empty));
                    } else {
                        work.lead(Led { slot, lead: Some(lead), hold: None });
                    }
                }
                _ => {
                    lead.unmark();
                    work.lead(Led { slot, lead: Some(lead), hold: None });
                }
            }
        }
        let mut leases = Leases::new(reader.call.cache.arc());
        self.take(reader, asked, &mut work, &mut leases).await;
        work.hold(leases.granted(&self.budget));
        work
    }

    /// Looks up what is open: notes what is there, and gives what is not.
    pub(super) async fn look_up_open(&mut self, reader: &Reader<'_>) -> Vec<(usize, Seen)> {
        let pending = &reader.call.cache().pending;
        // What is there should have been removed, and could not be yet.
        let mut open = std::mem::take(&mut self.open);
        let is_barred = |slot: &mut usize| pending.contains(Key::Entry(self.name(*slot)));
        let barred: Vec<_> = open.extract_if(.., is_barred).collect();
        let counters = &reader.call.function.counters;
        let is_first = self.rounds == 0;
        let count = |counter: &crate::util::counter::Counter| {
            if is_first {
                counter.count();
            }
        };
        barred.iter().for_each(|_| count(&counters.misses));
        self.alone.extend(barred);
        if open.is_empty() {
            return Vec::new();
        }
        let keys = names(open.iter().map(|slot| &self.names[*slot]));
        let (got, mut not_there) = (&mut self.got, Vec::new());
        let tell = |at: usize, met| {
            let slot: usize = open[at];
            match met {
                Met::Absent(_) => {
                    count(&counters.hits);
                    got.push((slot, Got::Absent));
                }
                Met::Seen(Seen::Serve(hit) | Seen::ServeAndRefresh(hit, _)) => {
                    got.push((slot, Got::Hit(hit)));
                }
                Met::Seen(seen) => {
                    count(&counters.misses);
                    not_there.push((slot, seen));
                }
            }
        };
        reader.look_up_many(&keys, &self.budget, tell).await;
        self.budget.forgive(reader.call.cache().deadline);
        not_there
    }

    /// Counts what was there, or has it replaced where it cannot be decoded.
    pub(crate) fn decoded(&mut self, reader: &Reader<'_>, slot: usize, hit: &Hit, is_decoded: bool) {
        let counters = &reader.call.function.counters;
        if self.rounds == 0 {
            if is_decoded { &counters.hits } else { &counters.misses }.count();
        }
        match &mut self.not_there {
            _ if is_decoded => {}
            Some(not_there) => not_there.push((slot, reader.unfit(hit.mark()))),
            None => self.open.push(slot),
        }
    }

    /// Joins the flight of a key that is not there, or leads one.
    fn join(&mut self, reader: &Reader<'_>, slot: usize, seen: Seen) -> Option<Candidate> {
        let (call, key) = (reader.call, self.flight_key(reader.call, slot));
        if is_computing(&key) {
            self.alone.push(slot);
            return None;
        }
        let flights = &call.cache().flights;
        let follow = match seen.sight().and_then(|sight| flights.seen(sight, key.fingerprint)) {
            Some(follow) => follow,
            None => match flights.join(&key) {
                Role::Follower(follow) => follow,
                Role::Leader(lead) => return Some(Candidate { slot, lead, seen }),
            },
        };
        self.join_flight(reader, slot, follow);
        None
    }

    fn join_flight(&mut self, reader: &Reader<'_>, slot: usize, follow: Follower) {
        if follow.landed_already().is_none() {
            reader.call.function.counters.waits.count();
        }
        self.following.push((slot, follow));
    }

    /// Somebody else has the lease.
    fn wait_for(&mut self, reader: &Reader<'_>, slot: usize, mark: CasToken, lead: Leader) {
        let call = reader.call;
        // Perhaps a flight of this process that was closed when this one opened.
        if let Some(follow) = call.cache().flights.seen(mark, call.function.fingerprint) {
            return self.join_flight(reader, slot, follow);
        }
        call.function.counters.waits.count();
        self.waiting.push(Waiting { slot, mark, lead: Some(lead) });
    }

    /// Removes what can be no entry.
    pub(super) async fn clear(&self, reader: &Reader<'_>, slot: usize) -> bool {
        let done = reader.call.cache().store.clear(self.name(slot), self.budget.0).await;
        done.inspect_err(|error| reader.call.failed(error)).is_ok()
    }

    /// Asks for leases. Those that are refused are open again.
    pub(super) async fn take(
        &mut self,
        reader: &Reader<'_>,
        asked: Vec<Asked>,
        work: &mut Work,
        leases: &mut Leases,
    ) {
        let (new, unfit) = asked.into_iter().partition(|asked| !matches!(asked.place, Place::Unfit(_)));
        self.take_alike(reader, new, work, leases).await;
        self.take_alike(reader, unfit, work, leases).await;
    }

    /// The same, all of them where nothing is or all in the place of what does not fit.
    async fn take_alike(
        &mut self,
        reader: &Reader<'_>,
        mut asked: Vec<Asked>,
        work: &mut Work,
        leases: &mut Leases,
    ) {
        if asked.is_empty() {
            return;
        }
        self.announce(&mut asked, leases);
        let answers = match self.answers(reader, &asked).await {
            Ok(answers) => answers,
            Err(error) => return unanswered(reader, asked, &error, work, leases),
        };
        for (asked, answer) in asked.into_iter().zip(answers) {
            match answer {
                Ok(Answer::Granted) => work.lead(asked.granted()),
                Ok(refused) => {
                    leases.is_gone(&asked.mark);
                    if let Answer::Foreign = refused {
                        reader.unfit(None);
                        self.clear(reader, asked.slot).await;
                    }
                    self.open.push(asked.slot);
                }
                Err(error) => unanswered(reader, vec![asked], &error, work, leases),
            }
        }
    }

    async fn answers(
        &self,
        reader: &Reader<'_>,
        asked: &[Asked],
    ) -> Result<Vec<Result<Answer, Error>>, Error> {
        let (cache, until) = (reader.call.cache(), self.budget.0);
        let replaces = asked.iter().filter_map(|asked| {
            let Place::Unfit(mark) = &asked.place else { return None };
            Some(Swap { key: self.name(asked.slot), mark, value: &asked.mark, ttl: Some(cache.lease) })
        });
        let replaces: Vec<_> = replaces.collect();
        if replaces.is_empty() {
            let leases: Vec<_> = asked.iter().map(|asked| (&**self.place(asked), asked.mark)).collect();
            let found = cache.store.acquire_many(&leases, cache.lease, until).await?;
            Ok(found.into_iter().map(|found| found.map(Answer::from)).collect())
        } else {
            let swapped = cache.store.swap_many(&replaces, until).await?;
            let answer = |done| if done { Answer::Granted } else { Answer::Refused };
            Ok(swapped.into_iter().map(|done| done.map(answer)).collect())
        }
    }

    /// To be called before the store is asked: the marks can be seen from then on.
    fn announce(&self, asked: &mut [Asked], leases: &mut Leases) {
        for asked in asked {
            if let Some(lead) = &mut asked.lead {
                lead.mark(asked.mark);
            }
            leases.ask(self.place(asked), asked.mark);
        }
    }

    /// The key at which the lease is to stand.
    fn place<'a>(&'a self, asked: &'a Asked) -> &'a Name {
        match &asked.place {
            Place::Empty | Place::Unfit(_) => self.name(asked.slot),
            Place::Beside(key, _) => key,
        }
    }
}

impl Asked {
    pub(super) fn new(slot: usize, lead: Option<Leader>, place: Place) -> Self {
        Self { slot, lead, mark: new_mark(), place }
    }

    fn granted(self) -> Led {
        let hold = match self.place {
            Place::Empty | Place::Unfit(_) => Hold::InPlace(self.mark),
            Place::Beside(_, base) => Hold::Beside(base),
        };
        Led { slot: self.slot, lead: self.lead, hold: Some(hold) }
    }
}

/// The leases may be granted late, after an invalidation: who sees one then must not join a body that began before. They
/// are given back at once, and the keys are computed without being stored.
fn unanswered(reader: &Reader<'_>, asked: Vec<Asked>, error: &Error, work: &mut Work, leases: &mut Leases) {
    reader.call.failed(error);
    leases.give_up(&asked.iter().map(|asked| asked.mark).collect::<Vec<_>>());
    for mut asked in asked {
        asked.lead.iter_mut().for_each(Leader::unmark);
        work.lead(Led { slot: asked.slot, lead: asked.lead, hold: None });
    }
}
