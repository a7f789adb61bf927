//! The ends of waits, of bodies and of flights, and what the server does with what they leave.

use super::state::{Content, Key, Landed, Mark, OF_VALUE, Part, Posted, Stage, State, Version, Who};
use super::{Outcome, Variant, World};
use crate::store::key_state;
use crate::store::key_state::{Content as _, Write};

impl World {
    /// Asks what has become of other processes' leases.
    pub(crate) fn poll(&self, state: &mut State, who: Who) {
        for key in [0, 1] {
            let Part::Waiting { mark, leads } = state.callers[who].parts[key] else { continue };
            let landed = match state.slots[key] {
                Some(content) if content.begins_with(&mark) => continue,
                Some(Content::Value(version)) => {
                    state.settle(who, key, version);
                    Landed::Value(version)
                }
                // Its followers go on waiting.
                _ => {
                    state.callers[who].parts[key] = Part::Open { leads };
                    continue;
                }
            };
            if leads {
                self.land(state, who, key, landed);
            }
        }
        self.step(state, who);
    }

    pub(crate) fn lose_patience(&self, state: &mut State, who: Who) {
        let mut polls = false;
        for key in [0, 1] {
            if let Part::Waiting { leads, .. } = state.callers[who].parts[key] {
                polls = true;
                let led = Part::Led { mark: None, lapsed: false };
                state.callers[who].parts[key] = if leads { led } else { Part::Alone };
            }
        }
        if polls && state.callers[who].parts.iter().any(|part| matches!(part, Part::Led { .. })) {
            state.callers[who].stage = Stage::Computing;
            return;
        }
        if let (false, Some(last)) = (polls, state.callers[who].following.pop()) {
            state.callers[who].parts[last] = Part::Alone;
        }
        self.step(state, who);
    }

    /// The body ends.
    pub(crate) fn finish(&self, state: &mut State, who: Who, outcome: Outcome) {
        let Stage::Read(versions) = state.callers[who].stage else { return };
        let parts = state.callers[who].parts;
        let is_over = !matches!(outcome, Outcome::Values | Outcome::Partly);
        let last = self.callers[who].1.last().copied();
        let mut stored = [None; 2];
        for key in [0, 1] {
            let landed = match (parts[key], outcome) {
                (Part::Led { .. } | Part::Alone, Outcome::Values | Outcome::Partly) => {
                    state.settle(who, key, versions[key]);
                    Landed::Value(versions[key])
                }
                (Part::Led { .. }, Outcome::Error) => Landed::Nothing,
                (Part::Led { .. } | Part::Waiting { .. } | Part::Open { .. }, _) if is_over => {
                    Landed::Abandoned
                }
                _ => continue,
            };
            if let Part::Led { mark: Some(mark), .. } = parts[key] {
                if is_over {
                    state.posted.push(Posted::Release(key, mark));
                } else if outcome == Outcome::Partly && last == Some(key) {
                    state.posted.push(Posted::Remove(key, mark, versions[key]));
                } else {
                    stored[key] = Some((mark, versions[key]));
                }
            }
            self.land(state, who, key, landed);
        }
        if stored != [None; 2] {
            // Within a bypass nobody shares what is computed.
            let is_awaited = !self.fresh.contains(&who);
            state.posted.push(Posted::Store { entries: stored, is_awaited });
        }
        if is_over {
            return state.callers[who].end();
        }
        state.callers[who].stage = Stage::Running;
        self.step(state, who);
    }

    /// The end of a flight.
    pub(crate) fn land(&self, state: &mut State, leader: Who, key: Key, landed: Landed) {
        for who in 0..state.callers.len() {
            if state.callers[who].parts[key] != Part::Following(leader) {
                continue;
            }
            match landed {
                Landed::Value(version) => state.settle(who, key, version),
                Landed::Nothing | Landed::Abandoned => state.callers[who].parts[key] = Part::Landed(landed),
            }
            self.step(state, who);
        }
    }

    /// The server carries out what was posted.
    pub(crate) fn execute(&self, state: &mut State, index: usize, key: Key) {
        match state.posted.remove(index) {
            Posted::Acquire(_, mark) => {
                let (write, _) = key_state::acquire(state.slots[key], || Content::Lease(mark));
                state.write(key, write);
            }
            Posted::Release(_, mark) => {
                let write = match self.variant {
                    Variant::ReleaseWithoutCompare => key_state::remove(),
                    _ => key_state::release(state.slots[key].as_ref(), &mark),
                };
                state.write(key, write);
            }
            Posted::Remove(_, mark, version) => {
                state.note(key, mark, version);
                let write = match self.variant {
                    Variant::OldValueStays if mark >= OF_VALUE => Write::Keep,
                    Variant::RemovalWithoutCompare => key_state::remove(),
                    _ => key_state::release(state.slots[key].as_ref(), &mark),
                };
                state.write(key, write);
            }
            Posted::Store { entries, is_awaited } => self.store(state, entries, is_awaited, key),
        }
    }

    /// Each value takes its own lease's place.
    fn store(
        &self,
        state: &mut State,
        mut entries: [Option<(Mark, Version)>; 2],
        is_awaited: bool,
        key: Key,
    ) {
        if self.variant == Variant::StoreIfAnyIsHeld {
            let is_held = |key: Key| {
                entries[key]
                    .is_some_and(|(mark, _)| state.slots[key].is_some_and(|slot| slot.begins_with(&mark)))
            };
            if is_held(0) || is_held(1) {
                for (key, (_, version)) in [0, 1].into_iter().filter_map(|key| Some((key, entries[key]?))) {
                    state.write(key, key_state::set(Content::Value(version)));
                }
            }
            return;
        }
        if let Some((mark, version)) = entries[key].take() {
            state.note(key, mark, version);
            let write = match self.variant {
                Variant::StoreWithoutCompare => key_state::set(Content::Value(version)),
                _ => key_state::swap(state.slots[key].as_ref(), &mark, || Content::Value(version)).0,
            };
            state.write(key, write);
        }
        if entries != [None; 2] {
            state.posted.push(Posted::Store { entries, is_awaited });
        }
    }
}
