//! The course of a call between two replies, as in `engine::course`, `claim` and `wait`. Each function is named for the one there
//! that it mirrors.

use super::canonical::NONCE_OF_CLIENT;
use super::state::{
    Ask, Caller, Content, Course, Flight, Key, Kind, Landed, Lookup, Nonce, Old, Op, Permit, Position, Reply,
    Stage, State, Value, Who,
};
use super::{Variant, World};

/// How old a value is found to be. The model has no clock: any value may be of any age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Served.
    Fresh,
    /// Served, and refreshed in the background.
    Stale,
    /// Has time left, but is replaced by this call.
    Early,
    /// Replaced by this call, and served should that fail.
    IfError,
    /// Past its time, and served since its function has failed lately and is not tried again yet.
    Rests,
    /// Past all its windows.
    Over,
}

impl World {
    pub(crate) fn begin(&self, state: &mut State, who: Who) {
        state.callers[who].course = Course::Running;
        if state.callers[who].kind == Kind::Refresher {
            return self.begin_refresh(state, who);
        }
        for key in state.callers[who].keys.iter().copied() {
            state.callers[who].misses[key].stage = Stage::Open;
            state.note_begin(who, key);
        }
        // A call that began earlier may return more, and until its look-up arrives there is no other difference.
        self.look_up(state, who);
    }

    /// A call for one key asks for the lease at once. Nobody may join its flight unseen.
    pub(crate) fn lease_first(&self, state: &mut State, who: Who) {
        let [key] = *state.callers[who].keys else { return };
        state.callers[who].course = Course::Running;
        state.note_begin(who, key);
        state.callers[who].misses[key].lead = Some(Flight { is_open: false, mark: None });
        self.ask(state, who, key, Position::First);
    }

    /// There is something, which is what a look-up would have found.
    pub(crate) fn found_first(&self, state: &mut State, who: Who, key: Key, found: Option<Content>) {
        self.land(state, who, key, Landed::Abandoned);
        state.callers[who].met_orphan |= state.orphan.is_some() && found == state.orphan.map(Content::Lease);
        state.set(who, key, Stage::Answered(found));
    }

    /// The server answers one request for all keys that are open or, if there are none, whose leases are waited for.
    pub(crate) fn look_up(&self, state: &mut State, who: Who) {
        let is_poll = !state.callers[who].any(|stage| stage == Stage::Open);
        for key in state.callers[who].keys.iter().copied() {
            let found = state.slots[key];
            let caller = &mut state.callers[who];
            let is_meant = match caller.misses[key].stage {
                Stage::Open => true,
                Stage::Waiting(mark) => is_poll && found != Some(Content::Lease(mark)),
                _ => continue,
            };
            caller.met_orphan |= state.orphan.is_some() && found == state.orphan.map(Content::Lease);
            if is_meant {
                (caller.misses[key].stage, caller.misses[key].fallback) = (Stage::Answered(found), None);
            }
        }
        if self.is_prompt && state.callers[who].any(|stage| matches!(stage, Stage::Answered(_))) {
            self.claim(state, who, Age::Fresh);
        }
    }

    /// What is there is served, what is under way is joined, of the rest the flights are led.
    pub(crate) fn claim(&self, state: &mut State, who: Who, age: Age) {
        for key in state.callers[who].keys {
            self.settle(state, who, *key, age);
        }
        self.begin_round(state, who);
        for key in state.callers[who].keys {
            self.join(state, who, *key);
        }
        let is_open = |flight: Flight| flight.is_open;
        if !state.callers[who].misses.iter().any(|miss| miss.lead.is_some_and(is_open)) {
            self.decide(state, who);
        }
    }

    /// Serves what is there. `age` is that of all values that were found.
    fn settle(&self, state: &mut State, who: Who, key: Key, age: Age) {
        let Stage::Answered(found) = state.stage(who, key) else { return };
        let is_forced = state.callers[who].kind == Kind::Forced;
        let lookup = match found {
            None => Lookup::Absent,
            Some(Content::Tombstone(_)) => Lookup::Tombstone,
            Some(Content::Lease(mark)) => Lookup::Lease(mark),
            Some(Content::Value(value)) => match age {
                _ if is_forced => Lookup::Due(Old { value, is_fresh: true }),
                Age::Early => Lookup::Due(Old { value, is_fresh: true }),
                Age::IfError => Lookup::Due(Old { value, is_fresh: false }),
                Age::Over => Lookup::Unusable(value.nonce),
                Age::Fresh | Age::Stale | Age::Rests => {
                    let landed = match age {
                        Age::Fresh => Landed::Value(value.version),
                        Age::Rests => Landed::Failed(Some(value)),
                        _ => Landed::Abandoned,
                    };
                    if age == Age::Stale {
                        state.refresh(who, key, value);
                    }
                    self.land(state, who, key, landed);
                    return state.give(who, key, value.version);
                }
            },
        };
        state.set(who, key, Stage::Found(lookup));
    }

    /// After too many rounds, whatever is still in the way is computed without being stored.
    fn begin_round(&self, state: &mut State, who: Who) {
        let Some(rounds) = self.rounds else { return };
        state.callers[who].rounds += 1;
        if state.callers[who].rounds > rounds {
            state.callers[who].give_up(|stage| matches!(stage, Stage::Found(_)));
        }
    }

    /// The call closes its flights, and goes on.
    pub(crate) fn close(&self, state: &mut State, who: Who) {
        for flight in state.callers[who].misses.iter_mut().filter_map(|miss| miss.lead.as_mut()) {
            flight.is_open = false;
        }
        self.decide(state, who);
    }

    /// Decides about each key whose flight the call leads.
    fn decide(&self, state: &mut State, who: Who) {
        for key in state.callers[who].keys.iter().copied() {
            let Stage::Found(lookup) = state.stage(who, key) else { continue };
            match lookup {
                Lookup::Absent => self.ask(state, who, key, Position::Empty),
                Lookup::Unusable(old) => self.ask(state, who, key, Position::Over(old)),
                Lookup::Due(old) => self.ask_beside(state, who, key, old),
                Lookup::Lease(_) | Lookup::Tombstone if state.callers[who].kind == Kind::Forced => {
                    state.set(who, key, Stage::Alone);
                }
                Lookup::Lease(mark) => {
                    // A flight of this process that was closed when this one opened; or another process.
                    let seen = self.seen(state, who, key, Some(mark));
                    // Where a look-up takes its time, to wait for one key is to look it up again, and to forget for what.
                    let waiting = if self.is_prompt { Stage::Waiting(mark) } else { Stage::Open };
                    state.set(who, key, seen.unwrap_or(waiting));
                }
                Lookup::Tombstone | Lookup::Unknown => state.set(who, key, Stage::Leading(None)),
            }
        }
        self.step(state, who);
    }

    fn ask(&self, state: &mut State, who: Who, key: Key, position: Position) {
        let lease = match self.variant {
            Variant::NoncePerClient => NONCE_OF_CLIENT + state.callers[who].process,
            _ => state.take_nonce(),
        };
        let ask = Ask { lease, position };
        // The flight's new mark, known before it can be there to be seen. With a nonce per client another flight may have it
        // already, and keeps it.
        if ask.base().is_none() && state.marked_flight(who, key, lease).is_none() {
            state.callers[who].mark(key, Some(lease));
        }
        let stage = match self.variant {
            Variant::NoLease if ask.base().is_none() => {
                Stage::Leading(Some(Permit { ask, is_lapsed: false }))
            }
            _ => Stage::Asked(ask, None, false),
        };
        state.set(who, key, stage);
    }

    pub(crate) fn ask_beside(&self, state: &mut State, who: Who, key: Key, old: Old) {
        let is_forced = state.callers[who].kind == Kind::Forced;
        if !is_forced && state.is_marked(who, key, old.value.nonce) {
            return self.not_beside(state, who, key, old);
        }
        let caller = &mut state.callers[who];
        caller.mark(key, Some(old.value.nonce));
        if caller.kind == Kind::Call {
            caller.misses[key].fallback = Some(old);
        }
        self.ask(state, who, key, Position::Beside(old.value.nonce));
    }

    /// Somebody else is at it. Where there is time left, this call need not be.
    fn not_beside(&self, state: &mut State, who: Who, key: Key, old: Old) {
        if old.is_fresh {
            self.land(state, who, key, Landed::Abandoned);
            return state.give(who, key, old.value.version);
        }
        let miss = &mut state.callers[who].misses[key];
        (miss.stage, miss.fallback) = (Stage::Leading(None), Some(old));
    }

    /// All leases have been answered for.
    pub(crate) fn answered(&self, state: &mut State, who: Who) {
        for key in state.callers[who].keys.iter().copied() {
            let Stage::Asked(ask, Some(reply), is_lapsed) = state.stage(who, key) else { continue };
            let stage = match (reply, state.callers[who].misses[key].fallback, state.callers[who].kind) {
                (Reply::Granted, ..) => Stage::Leading(Some(Permit { ask: ask.standing(), is_lapsed })),
                (_, _, Kind::Refresher) => {
                    self.land(state, who, key, Landed::Abandoned);
                    Stage::Done
                }
                (Reply::Refused, _, Kind::Forced) => Stage::Open,
                (Reply::Lost, _, Kind::Forced) => Stage::Alone,
                (_, Some(old), _) => {
                    self.not_beside(state, who, key, old);
                    continue;
                }
                // Who lost the race looks again.
                (Reply::Refused, None, _) => Stage::Open,
                // The lease may be put there when the function has read the database. Who sees it then must not take it for a
                // sign that the computation began after whatever was invalidated before.
                (Reply::Lost, None, _) => {
                    if self.variant != Variant::MarkKeptUnanswered {
                        state.callers[who].mark(key, None);
                    }
                    Stage::Leading(None)
                }
            };
            state.set(who, key, stage);
        }
        self.step(state, who);
    }

    /// The answer about a lease does not come in time. What was sent may still arrive.
    pub(crate) fn unanswered(&self, state: &mut State, who: Who, key: Key) {
        let Stage::Asked(ask, reply, is_lapsed) = state.stage(who, key) else { return };
        if reply.is_none() {
            state.post(key, Op::Acquire(ask));
        }
        // Elsewhere it runs out at any time, which comes to the same.
        if !self.expires {
            state.post(key, Op::Release { ask: ask.standing(), stored: false });
        }
        if ask.position == Position::First && self.variant != Variant::MarkKeptUnanswered {
            // As a look-up that was not answered.
            self.land(state, who, key, Landed::Abandoned);
            state.set(who, key, Stage::Found(Lookup::Unknown));
            return self.claim(state, who, Age::Fresh);
        }
        state.set(who, key, Stage::Asked(ask.standing(), Some(Reply::Lost), is_lapsed));
        if !state.callers[who].any(|stage| matches!(stage, Stage::Asked(_, None, _))) {
            self.answered(state, who);
        }
    }

    /// The end of patience, or of a look-up's deadline.
    pub(crate) fn give_up(&self, state: &mut State, who: Who) {
        let caller = &mut state.callers[who];
        if caller.any(|stage| stage == Stage::Open) {
            caller.replace(|stage| stage == Stage::Open, Stage::Found(Lookup::Unknown));
            return self.claim(state, who, Age::Fresh);
        }
        if caller.any(is_waiting) {
            caller.give_up(is_waiting);
        } else if let Some(key) = caller.last_flight() {
            caller.misses[key].stage = Stage::Landed(Landed::Nothing);
        }
        self.step(state, who);
    }

    /// Whether the next wait is for leases of other processes.
    pub(crate) fn polls(&self, caller: &Caller) -> bool {
        let is_behind = self.variant == Variant::FollowBeforePolling && caller.last_flight().is_some();
        caller.any(is_waiting) && !is_behind
    }

    /// Goes as far as is possible by itself.
    pub(crate) fn step(&self, state: &mut State, who: Who) {
        loop {
            let caller = &mut state.callers[who];
            let is_claiming =
                |stage| matches!(stage, Stage::Answered(_) | Stage::Found(_) | Stage::Asked(..));
            if caller.course != Course::Running || caller.any(is_claiming) {
                return;
            }
            let is_open = caller.any(|stage| stage == Stage::Open);
            // Who wants all anew asks until it is decided of all.
            let is_first =
                self.variant != Variant::WaitBeforeComputing && !(is_open && caller.kind == Kind::Forced);
            if is_first && caller.any(|stage| matches!(stage, Stage::Leading(_))) {
                return self.compute(state, who);
            }
            if is_open || self.polls(caller) {
                return;
            }
            match caller.last_flight() {
                Some(key) if matches!(caller.misses[key].stage, Stage::Following(_)) => return,
                Some(_) => self.landed(state, who),
                None if caller.any(|stage| stage != Stage::Done) => return self.compute(state, who),
                None => return caller.end(),
            }
        }
    }
}

pub(crate) fn is_waiting(stage: Stage) -> bool {
    matches!(stage, Stage::Waiting(_))
}

impl Caller {
    fn mark(&mut self, key: Key, mark: Option<Nonce>) {
        if let Some(flight) = &mut self.misses[key].lead {
            flight.mark = mark;
        }
    }

    fn replace(&mut self, is: impl Fn(Stage) -> bool, stage: Stage) {
        self.misses.iter_mut().filter(|miss| is(miss.stage)).for_each(|miss| miss.stage = stage);
    }

    /// There is nothing to wait for. Those who follow this call are given what it computes.
    fn give_up(&mut self, is: impl Fn(Stage) -> bool) {
        for miss in self.misses.iter_mut().filter(|miss| is(miss.stage)) {
            miss.stage = if miss.lead.is_some() { Stage::Leading(None) } else { Stage::Alone };
        }
    }

    /// The last key whose flight is followed, or has landed.
    fn last_flight(&self) -> Option<Key> {
        let is_flight =
            |key: &&Key| matches!(self.misses[**key].stage, Stage::Following(_) | Stage::Landed(_));
        self.keys.iter().rfind(is_flight).copied()
    }
}

impl State {
    /// What a call of the key may not go below from here on.
    pub(crate) fn note_begin(&mut self, who: Who, key: Key) {
        let miss = &mut self.callers[who].misses[key];
        (miss.floor, miss.replaced) = (self.invalidated[key], self.replaced[key]);
    }

    /// A value that is served is to be refreshed in the background.
    fn refresh(&mut self, who: Who, key: Key, value: Value) {
        let Caller { process, misses, .. } = &self.callers[who];
        // A leader that looked again only serves.
        if misses[key].lead.is_some() || self.is_marked(who, key, value.nonce) {
            return;
        }
        let process = *process;
        let is_free = |caller: &&mut Caller| {
            caller.kind == Kind::Refresher && caller.process == process && caller.course == Course::Idle
        };
        if let Some(refresher) = self.callers.iter_mut().find(is_free)
            && refresher.misses[key].stage == Stage::Done
        {
            refresher.misses[key].stage = Stage::Stale(value);
        }
    }
}
