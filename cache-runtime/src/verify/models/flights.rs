//! The flights of a process, as `flight` keeps them: who may join which, and what the end of one means to its followers.

use super::state::{Flight, KEYS, Key, Kind, Landed, Lookup, Nonce, Op, Stage, State, Version, Who};
use super::{Variant, World};

impl World {
    /// A key that has no value joins a flight, or opens one.
    pub(crate) fn join(&self, state: &mut State, who: Who, key: Key) {
        let Stage::Found(lookup) = state.stage(who, key) else { return };
        if state.callers[who].misses[key].lead.is_some() || state.callers[who].kind == Kind::Forced {
            return;
        }
        let is_open = |flight: Flight| flight.is_open || self.variant == Variant::JoinUnseen;
        let sight = lookup.sight();
        let open = || state.flight(who, key, is_open).map(Stage::Following);
        match self.seen(state, who, key, sight).or_else(open) {
            Some(stage) => {
                let miss = &mut state.callers[who].misses[key];
                miss.stage = stage;
                if let Lookup::Due(old) = lookup {
                    miss.fallback = Some(old);
                }
            }
            None => state.callers[who].misses[key].lead = Some(Flight { is_open: true, mark: None }),
        }
    }

    /// The flight of `who`'s process, led by another, that is known by the mark that `who` saw: one that has landed, and whose value
    /// is on its way to the store, or one that is under way.
    pub(crate) fn seen(&self, state: &State, who: Who, key: Key, sight: Option<Nonce>) -> Option<Stage> {
        let is_seen = |mark| sight == Some(mark) || self.variant == Variant::TakeUnseen;
        match state.storing(who, key).find(|(mark, _)| is_seen(*mark)) {
            Some((_, version)) => Some(Stage::Landed(Landed::Value(version))),
            None => state.marked_flight(who, key, sight?).map(Stage::Following),
        }
    }

    /// The end of the flight that `leader` leads.
    pub(crate) fn land(&self, state: &mut State, leader: Who, key: Key, landed: Landed) {
        if state.callers[leader].misses[key].lead.take().is_none() {
            return;
        }
        for who in 0..state.callers.len() {
            if state.stage(who, key) == Stage::Following(leader) {
                state.set(who, key, Stage::Landed(landed));
                self.step(state, who);
            }
        }
    }

    /// Takes what the flights that have ended have landed with.
    pub(crate) fn landed(&self, state: &mut State, who: Who) {
        for key in KEYS {
            let Stage::Landed(landed) = state.stage(who, key) else { continue };
            state.set(who, key, Stage::Alone);
            if landed == Landed::Abandoned {
                state.set(who, key, Stage::Open);
                continue;
            }
            let fallback = state.callers[who].misses[key].fallback.map(|old| old.value);
            let version = match landed {
                Landed::Value(version) => Some(version),
                Landed::Failed(leaders) => {
                    let shared = leaders.filter(|_| self.variant == Variant::FallbackToAllFollowers);
                    shared.or(fallback).map(|old| old.version)
                }
                _ => None,
            };
            if let Some(version) = version {
                state.give(who, key, version);
            }
            self.land(state, who, key, landed);
        }
    }
}

impl State {
    /// The values of the process on their way to the store with which flights have landed, and the marks that they replace.
    pub(crate) fn storing(&self, who: Who, key: Key) -> impl Iterator<Item = (Nonce, Version)> {
        let process = self.callers[who].process;
        self.posted.iter().filter_map(move |(of, op)| match *op {
            Op::Store { ask, value, from } if *of == key && from == Some(process) => {
                Some((ask.base().unwrap_or(ask.lease), value.version))
            }
            _ => None,
        })
    }

    /// Whether a flight of `who`'s process has `mark`, or has landed and its value is not in the store yet.
    pub(crate) fn is_marked(&self, who: Who, key: Key, mark: Nonce) -> bool {
        self.marked_flight(who, key, mark).is_some()
            || self.storing(who, key).any(|(stored, _)| stored == mark)
    }

    pub(crate) fn marked_flight(&self, who: Who, key: Key, mark: Nonce) -> Option<Who> {
        self.flight(who, key, |flight| flight.mark == Some(mark))
    }

    /// A flight of `who`'s process, led by another.
    pub(crate) fn flight(&self, who: Who, key: Key, is: impl Fn(Flight) -> bool) -> Option<Who> {
        (0..self.callers.len()).find(|other| {
            let caller = &self.callers[*other];
            *other != who
                && caller.process == self.callers[who].process
                && caller.misses[key].lead.is_some_and(&is)
        })
    }

    /// Nobody waits for the answers to stores any more: the process has ended, or its patience.
    pub(crate) fn disown(&mut self, is_meant: impl Fn(usize, u8) -> bool) {
        for (index, (_, op)) in self.posted.iter_mut().enumerate() {
            if let Op::Store { from, .. } = op {
                *from = from.filter(|from| !is_meant(index, *from));
            }
        }
    }
}
