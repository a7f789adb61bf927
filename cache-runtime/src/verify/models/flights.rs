//! The flights of a process, as `flight` keeps them: who may join which, and what the end of one means to its followers.

use super::state::{Actor, Flight, Nonce, Op, Phase, Seen, State, Value, Version, Who};
use super::{Protocol, Variant};

/// How a flight ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Landed {
    Value(Version),
    /// The computation failed. With the old value that its leader serves in its place, if it has found one.
    Failed(Option<Value>),
    Nothing,
    Abandoned,
}

impl Actor {
    /// The call, or the refresh, is over; so is the flight that it led.
    pub(crate) fn end(&mut self) {
        *self = Self::new(self.process, self.refresher, self.calls);
    }
}

impl Protocol {
    /// A caller that found no value joins a flight, or opens one.
    pub(crate) fn join(&self, state: &mut State, who: Who, seen: Seen) {
        let saw = seen.mark();
        if let Some(version) = self.landing(state, who, saw) {
            return state.give(who, version);
        }
        let joined = saw
            .and_then(|mark| marked_flight(state, who, mark))
            .or_else(|| flight(state, who, |flight| flight.open || self.variant == Variant::JoinUnseen));
        let actor = &mut state.actors[who];
        match joined {
            Some(leader) => {
                let fallback = match seen {
                    Seen::Replace(old) => Some(old.value),
                    _ => None,
                };
                actor.phase = Phase::Following { leader, fallback };
            }
            None => {
                actor.flight = Some(Flight { open: true, mark: None });
                actor.phase = Phase::Opened(seen);
            }
        }
    }

    /// The value of a flight of `who`'s process that has landed and stands in the store only by the mark that `who` saw.
    pub(crate) fn landing(&self, state: &State, who: Who, saw: Option<Nonce>) -> Option<Version> {
        let is_seen = |mark| saw == Some(mark) || self.variant == Variant::TakeUnseen;
        state.landed(state.actors[who].process).find(|(mark, _)| is_seen(*mark)).map(|(_, version)| version)
    }

    /// The end of the flight that `leader` leads.
    pub(crate) fn land(&self, state: &mut State, leader: Who, landed: Landed) {
        state.actors[leader].flight = None;
        for follower in 0..state.actors.len() {
            if let Phase::Following { leader: followed, fallback } = state.actors[follower].phase
                && followed == leader
            {
                self.landed(state, follower, fallback, landed);
            }
        }
    }

    /// `fallback` is an old value that `who` has found itself, since it began.
    fn landed(&self, state: &mut State, who: Who, fallback: Option<Value>, landed: Landed) {
        let leads = state.actors[who].flight.is_some();
        match landed {
            Landed::Abandoned => state.actors[who].phase = Phase::Asked(Op::Get),
            Landed::Value(version) => {
                if leads {
                    self.land(state, who, landed);
                }
                state.give(who, version);
            }
            Landed::Failed(leaders) => {
                let shared = leaders.filter(|_| self.variant == Variant::FallbackToAllFollowers);
                match shared.or(fallback) {
                    Some(old) => {
                        if leads {
                            self.land(state, who, landed);
                        }
                        state.give(who, old.version);
                    }
                    None => self.landed(state, who, None, Landed::Nothing),
                }
            }
            Landed::Nothing => {
                if leads {
                    self.land(state, who, landed);
                }
                state.actors[who].phase = Phase::Alone;
            }
        }
    }
}

/// The flight of `who`'s process, led by another, that has `mark`.
pub(crate) fn marked_flight(state: &State, who: Who, mark: Nonce) -> Option<Who> {
    flight(state, who, |flight| flight.mark == Some(mark))
}

/// Whether a flight of `who`'s process has `mark`, or has landed and its value is not in the store yet.
pub(crate) fn is_marked(state: &State, who: Who, mark: Nonce) -> bool {
    let mut landed = state.landed(state.actors[who].process);
    marked_flight(state, who, mark).is_some() || landed.any(|(landed, _)| landed == mark)
}

/// The open flight of `who`'s process.
pub(crate) fn open_flight(state: &State, who: Who) -> Option<Who> {
    flight(state, who, |flight| flight.open)
}

fn flight(state: &State, who: Who, matches: impl Fn(Flight) -> bool) -> Option<Who> {
    let process = state.actors[who].process;
    (0..state.actors.len()).find(|other| {
        let actor = &state.actors[*other];
        *other != who && actor.process == process && actor.flight.is_some_and(&matches)
    })
}
