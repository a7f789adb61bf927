//! The course of a call, and of a background refresh: what `engine` does between two replies. Each function is named for
//! the one there that it mirrors.

use super::canonical::NONCE_OF_CLIENT;
use super::flights::{Landed, is_marked, marked_flight, open_flight};
use super::state::{
    Actor, Content, Flight, Hold, Nonce, Old, Op, Phase, Reply, Seen, State, Value, Version, Who,
};
use super::{Protocol, Variant};

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

/// How a computation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Value,
    /// A value that is not to be stored: the row is gone, for example.
    Unstored,
    Error,
    /// Its future was dropped, or it panicked.
    Dropped,
}

impl State {
    /// The call returns.
    pub(crate) fn give(&mut self, who: Who, version: Version) {
        let Actor { refresher, floor, replaced, .. } = self.actors[who];
        self.served_old |= !refresher && version < floor;
        self.served_replaced |= !refresher && version < replaced;
        self.leave(who);
    }

    /// The call ends without a value of the cache's.
    fn leave(&mut self, who: Who) {
        let actor = &mut self.actors[who];
        actor.calls -= u8::from(!actor.refresher);
        actor.end();
    }

    /// Reads the database. It is the moment that counts; how long the function runs for does not.
    fn compute(&mut self, who: Who, hold: Option<Hold>, fallback: Option<Value>) {
        self.actors[who].phase = Phase::Computing { hold, version: self.database, fallback };
    }

    pub(crate) fn compute_alone(&mut self, who: Who) {
        self.compute(who, None, None);
    }

    /// A mark that nobody had before.
    fn new_mark(&self, variant: Variant, who: Who) -> Nonce {
        match variant {
            Variant::NoncePerClient => NONCE_OF_CLIENT + self.actors[who].process,
            _ => self.new_nonce,
        }
    }
}

impl Protocol {
    pub(crate) fn begin(&self, state: &mut State, who: Who) {
        if let Phase::Due(base) = state.actors[who].phase {
            return self.begin_refresh(state, who, base);
        }
        let actor = &mut state.actors[who];
        (actor.floor, actor.replaced) = (state.invalidated, state.replaced);
        actor.phase = Phase::Asked(Op::Get);
        // A call that began earlier may return more, and until its look-up arrives there is no other difference.
        self.execute(state, who);
    }

    fn begin_refresh(&self, state: &mut State, who: Who, base: Value) {
        if open_flight(state, who).is_some() {
            return state.actors[who].end();
        }
        let actor = &mut state.actors[who];
        actor.flight = Some(Flight { open: true, mark: None });
        actor.phase = Phase::Opened(Seen::Refresh(base));
    }

    /// A reply arrives. `age` is that of the value, if it is one.
    pub(crate) fn receive(&self, state: &mut State, who: Who, age: Age) {
        let Phase::Answered(op, reply) = state.actors[who].phase else {
            return;
        };
        match (op, reply) {
            (Op::Get, Reply::Found(found)) => self.looked_up(state, who, found, age),
            (Op::Acquire { lease } | Op::Replace { lease, .. }, Reply::Done(true)) => {
                state.compute(who, Some(Hold { lease, base: None }), None);
            }
            (Op::Claim { lease, old }, Reply::Done(true)) => {
                let base = Some(old.value.nonce);
                state.compute(who, Some(Hold { lease, base }), Some(old.value));
            }
            (Op::Claim { old, .. }, _) => self.unclaimed(state, who, old),
            // Who lost the race looks again.
            _ => state.actors[who].phase = Phase::Asked(Op::Get),
        }
    }

    fn looked_up(&self, state: &mut State, who: Who, found: Option<Content>, age: Age) {
        let seen = match found {
            None => Seen::Nothing,
            Some(Content::Tombstone(_)) => Seen::Tombstone,
            Some(Content::Lease(mark)) => {
                state.actors[who].met_orphan |= state.orphan == Some(mark);
                Seen::Lease(mark)
            }
            Some(Content::Value(value)) => match age {
                Age::Fresh => {
                    self.land(state, who, Landed::Value(value.version));
                    return state.give(who, value.version);
                }
                Age::Rests => {
                    self.land(state, who, Landed::Failed(Some(value)));
                    return state.give(who, value.version);
                }
                Age::Stale => return self.serve_and_refresh(state, who, value),
                Age::Early => Seen::Replace(Old { value, is_fresh: true }),
                Age::IfError => Seen::Replace(Old { value, is_fresh: false }),
                Age::Over => Seen::Unfit(value.nonce),
            },
        };
        match state.actors[who].flight {
            Some(_) => self.lead(state, who, seen),
            None => self.join(state, who, seen),
        }
    }

    fn serve_and_refresh(&self, state: &mut State, who: Who, value: Value) {
        let process = state.actors[who].process;
        // A leader that looked again only serves.
        let looks_first = state.actors[who].flight.is_none();
        if looks_first && !is_marked(state, who, value.nonce) {
            let refresher = state
                .actors
                .iter_mut()
                .find(|actor| actor.refresher && actor.process == process && actor.phase == Phase::Idle);
            if let Some(refresher) = refresher {
                refresher.phase = Phase::Due(value);
            }
        }
        self.land(state, who, Landed::Abandoned);
        state.give(who, value.version);
    }

    /// The leader closes its flight, and goes on.
    pub(crate) fn close(&self, state: &mut State, who: Who) {
        let Phase::Opened(seen) = state.actors[who].phase else {
            return;
        };
        if let Some(flight) = &mut state.actors[who].flight {
            flight.open = false;
        }
        self.lead(state, who, seen);
    }

    fn lead(&self, state: &mut State, who: Who, seen: Seen) {
        match seen {
            Seen::Nothing => {
                let lease = self.mark_anew(state, who);
                if self.variant == Variant::NoLease {
                    return state.compute(who, Some(Hold { lease, base: None }), None);
                }
                state.actors[who].phase = Phase::Asked(Op::Acquire { lease });
            }
            Seen::Unfit(old) => {
                let lease = self.mark_anew(state, who);
                state.actors[who].phase = Phase::Asked(Op::Replace { old, lease });
            }
            Seen::Replace(old) => self.claim(state, who, old),
            Seen::Refresh(value) => self.claim(state, who, Old { value, is_fresh: true }),
            Seen::Lease(mark) => {
                if let Some(version) = self.landing(state, who, Some(mark)) {
                    self.land(state, who, Landed::Value(version));
                    return state.give(who, version);
                }
                // A flight of this process that was closed when this one opened; or another process: ask again.
                state.actors[who].phase = match marked_flight(state, who, mark) {
                    Some(leader) => Phase::Following { leader, fallback: None },
                    None => Phase::Asked(Op::Get),
                };
            }
            Seen::Tombstone | Seen::Unknown => state.compute_alone(who),
        }
    }

    /// The flight's new mark, known before it can be there to be seen.
    fn mark_anew(&self, state: &mut State, who: Who) -> Nonce {
        let mark = state.new_mark(self.variant, who);
        // With a nonce per client another flight may have it already, and keeps it.
        if marked_flight(state, who, mark).is_none() {
            set_mark(state, who, Some(mark));
        }
        mark
    }

    fn claim(&self, state: &mut State, who: Who, old: Old) {
        if is_marked(state, who, old.value.nonce) {
            return self.unclaimed(state, who, old);
        }
        set_mark(state, who, Some(old.value.nonce));
        let lease = state.new_mark(self.variant, who);
        state.actors[who].phase = Phase::Asked(Op::Claim { lease, old });
    }

    /// Somebody else is at it.
    fn unclaimed(&self, state: &mut State, who: Who, old: Old) {
        if old.is_fresh || state.actors[who].refresher {
            self.land(state, who, Landed::Abandoned);
            state.give(who, old.value.version);
        } else {
            state.compute(who, None, Some(old.value));
        }
    }

    /// The end of patience, or of a command's deadline. What was sent may still arrive.
    pub(crate) fn give_up(&self, state: &mut State, who: Who) {
        match state.actors[who].phase {
            Phase::Asked(Op::Claim { lease, old }) => {
                state.post(Op::Claim { lease, old });
                self.unclaimed(state, who, old);
            }
            Phase::Asked(Op::Get) if state.actors[who].flight.is_none() => {
                self.join(state, who, Seen::Unknown);
            }
            Phase::Asked(op) => {
                if op != Op::Get {
                    state.post(op);
                }
                // The lease may be put there when the function has read the database. Who sees it then must not take it
                // for a sign that the computation began after whatever was invalidated before.
                if self.variant != Variant::MarkKeptAfterGivingUp {
                    set_mark(state, who, None);
                }
                state.compute_alone(who);
            }
            // The lease is there, but its holder does not know.
            Phase::Answered(Op::Acquire { .. } | Op::Replace { .. }, Reply::Done(true)) => {
                set_mark(state, who, None);
                state.compute_alone(who);
            }
            Phase::Following { .. } => {
                self.land(state, who, Landed::Nothing);
                state.actors[who].phase = Phase::Alone;
            }
            _ => {}
        }
    }

    /// A computation ends.
    pub(crate) fn finish(&self, state: &mut State, who: Who, outcome: Outcome) {
        let Phase::Computing { hold, version, fallback } = state.actors[who].phase else {
            return;
        };
        if let Some(hold) = hold {
            state.post(match outcome {
                Outcome::Value => store(state, who, hold, version),
                Outcome::Unstored => discard(hold, version),
                Outcome::Error | Outcome::Dropped => release(hold),
            });
        }
        // A refresh that fails serves nobody the old value: it has been served.
        let fallback = fallback.filter(|_| !state.actors[who].refresher);
        match (outcome, fallback) {
            (Outcome::Value | Outcome::Unstored, _) => {
                self.land(state, who, Landed::Value(version));
                state.give(who, version);
            }
            (Outcome::Error, Some(old)) => {
                self.land(state, who, Landed::Failed(Some(old)));
                state.give(who, old.version);
            }
            (Outcome::Error, None) => {
                self.land(state, who, Landed::Failed(None));
                state.leave(who);
            }
            (Outcome::Dropped, _) => {
                self.land(state, who, Landed::Abandoned);
                state.leave(who);
            }
        }
    }
}

fn store(state: &State, who: Who, hold: Hold, version: Version) -> Op {
    let value = Value { nonce: state.new_nonce, version };
    let beside = hold.base.map(|_| hold.lease);
    let from = Some(state.actors[who].process);
    Op::Store { mark: hold.base.unwrap_or(hold.lease), value, beside, from }
}

/// What replaces nothing removes.
fn discard(hold: Hold, version: Version) -> Op {
    match hold.base {
        None => release(hold),
        Some(old) => Op::Remove { old, version, lease: hold.lease },
    }
}

fn release(hold: Hold) -> Op {
    match hold.base {
        None => Op::Release { lease: hold.lease },
        Some(_) => Op::ReleaseClaim { lease: hold.lease, stored: false },
    }
}

fn set_mark(state: &mut State, who: Who, mark: Option<Nonce>) {
    if let Some(flight) = &mut state.actors[who].flight {
        flight.mark = mark;
    }
}
