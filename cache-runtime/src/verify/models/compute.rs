//! Computations, by calls and in the background: `engine::compute` and `refresh`.

use super::World;
use super::state::{
    Course, Each, Flight, KEYS, Key, Kind, Landed, Old, Op, Permit, Stage, State, Value, Version, Who,
};

/// How a computation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Value,
    /// That of the last key is not to be stored: the row is gone, for example.
    Unstored,
    Error,
    /// Its future was dropped, or it panicked.
    Dropped,
}

fn is_computed(stage: Stage) -> bool {
    matches!(stage, Stage::Leading(_) | Stage::Alone)
}

impl World {
    /// All that is led is to be computed, and with it what cannot be waited for.
    pub(crate) fn compute(&self, state: &mut State, who: Who) {
        // Whoever waits for the others would wait for the computation too.
        for key in KEYS {
            if !is_computed(state.stage(who, key)) {
                self.land(state, who, key, Landed::Abandoned);
            }
        }
        state.callers[who].course = Course::Computing;
    }

    /// A refresh of what was served past its time.
    pub(crate) fn begin_refresh(&self, state: &mut State, who: Who) {
        for key in KEYS {
            let Stage::Stale(value) = state.stage(who, key) else { continue };
            state.set(who, key, Stage::Done);
            if state.flight(who, key, |flight| flight.is_open).is_none() {
                state.callers[who].misses[key].lead = Some(Flight { is_open: false, mark: None });
                self.ask_beside(state, who, key, Old { value, is_fresh: true });
            }
        }
        self.step(state, who);
    }

    /// A computation ends.
    pub(crate) fn finish(&self, state: &mut State, who: Who, outcome: Outcome) {
        let Course::Read(versions) = state.callers[who].course else { return };
        match outcome {
            Outcome::Value | Outcome::Unstored => self.succeed(state, who, versions, outcome),
            Outcome::Error => self.fail(state, who),
            Outcome::Dropped => self.leave(state, who, Landed::Abandoned),
        }
    }

    fn succeed(&self, state: &mut State, who: Who, versions: Each<Version>, outcome: Outcome) {
        let last = state.callers[who].keys.last().copied();
        for (key, version) in KEYS.into_iter().zip(versions) {
            if !is_computed(state.stage(who, key)) {
                continue;
            }
            if let Some(permit) = state.callers[who].misses[key].permit() {
                let is_stored = outcome == Outcome::Value || last != Some(key);
                let op = if is_stored { state.store(who, permit, version) } else { discard(permit, version) };
                state.post(key, op);
            }
            self.land(state, who, key, Landed::Value(version));
            state.give(who, key, version);
        }
        self.go_on(state, who);
    }

    /// Serves older values, if there is one for each key.
    fn fail(&self, state: &mut State, who: Who) {
        let computed = KEYS.map(|key| is_computed(state.stage(who, key)));
        let misses = state.callers[who].misses;
        let has_none = |key: Key| computed[key] && misses[key].fallback.is_none();
        if has_none(0) || has_none(1) {
            return self.leave(state, who, Landed::Failed(None));
        }
        for key in KEYS {
            if let (true, Some(Old { value, .. })) = (computed[key], misses[key].fallback) {
                state.give_back(who, key);
                self.land(state, who, key, Landed::Failed(Some(value)));
                state.give(who, key, value.version);
            }
        }
        self.go_on(state, who);
    }

    fn go_on(&self, state: &mut State, who: Who) {
        state.callers[who].course = Course::Running;
        self.step(state, who);
    }

    /// The call ends without values. What it has not computed it leaves to others.
    fn leave(&self, state: &mut State, who: Who, landed: Landed) {
        for key in KEYS {
            state.give_back(who, key);
            let is_computed = is_computed(state.stage(who, key));
            self.land(state, who, key, if is_computed { landed } else { Landed::Abandoned });
        }
        state.callers[who].end();
    }
}

impl State {
    /// Reads the database: one query for all that is computed. It is the moment that counts; how long the function runs for
    /// does not.
    pub(crate) fn read(&mut self, who: Who) {
        let caller = &mut self.callers[who];
        let version = |key: Key| if is_computed(caller.misses[key].stage) { self.database[key] } else { 0 };
        caller.course = Course::Read(KEYS.map(version));
    }

    fn store(&mut self, who: Who, Permit { ask, .. }: Permit, version: Version) -> Op {
        let value = Value { nonce: self.take_nonce(), version };
        // Within a bypass nobody shares what is computed.
        let is_shared = self.callers[who].kind != Kind::Forced;
        Op::Store { ask, value, from: is_shared.then_some(self.callers[who].process) }
    }

    fn give_back(&mut self, who: Who, key: Key) {
        if let Some(Permit { ask, .. }) = self.callers[who].misses[key].permit() {
            self.post(key, Op::Release { ask, stored: false });
        }
    }
}

/// What replaces nothing removes.
fn discard(Permit { ask, .. }: Permit, version: Version) -> Op {
    match ask.base() {
        None => Op::Release { ask, stored: false },
        Some(_) => Op::Remove { ask, version },
    }
}
