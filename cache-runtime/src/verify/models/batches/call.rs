//! The course of a call up to its body, step by step, as in `engine::batch`.

use super::state::{Content, Key, Landed, Mark, OF_VALUE, Part, Posted, Stage, State, Version, Who};
use super::{Variant, World};
use crate::store::key_state;

impl World {
    /// The first half of a claim: what is there is served, what is under way is joined, of the rest the flights are led.
    pub(crate) fn look_up(&self, state: &mut State, who: Who) {
        if state.callers[who].stage == Stage::Idle {
            let parts = state.callers[who].parts;
            state.callers[who].stage = Stage::Running;
            state.callers[who].floor =
                [0, 1].map(|key| if is_open(parts[key]) { state.floor(key) } else { 0 });
        }
        if self.fresh.contains(&who) {
            return self.claim_fresh(state, who);
        }
        let mut is_led = false;
        for key in self.callers[who].1.iter().copied() {
            let Part::Open { leads } = state.callers[who].parts[key] else { continue };
            match state.slots[key] {
                Some(Content::Value(version)) => {
                    state.settle(who, key, version);
                    if leads {
                        self.land(state, who, key, Landed::Value(version));
                    }
                }
                seen if leads => {
                    is_led = true;
                    state.callers[who].parts[key] = Part::Opened(seen, false);
                }
                seen => is_led |= self.join(state, who, key, seen),
            }
        }
        if !is_led {
            self.claimed(state, who);
        }
    }

    /// A call within a bypass: all is computed, and takes the place of what is there.
    fn claim_fresh(&self, state: &mut State, who: Who) {
        let mut is_asked = false;
        for key in self.callers[who].1.iter().copied() {
            if !is_open(state.callers[who].parts[key]) {
                continue;
            }
            state.callers[who].parts[key] = match state.slots[key] {
                None => {
                    is_asked = true;
                    Part::Asked { mark: self.mark(state, who), granted: None, lapsed: false }
                }
                // It keeps nobody from computing.
                Some(Content::Value(version)) => Part::Led { mark: Some(OF_VALUE + version), lapsed: true },
                Some(_) => Part::Led { mark: None, lapsed: true },
            };
        }
        if !is_asked {
            self.claimed(state, who);
        }
    }

    /// Whether the flight is led now.
    fn join(&self, state: &mut State, who: Who, key: Key, seen: Option<Content>) -> bool {
        if let Some(version) = self.landing(state, who, key, seen) {
            state.settle(who, key, version);
            return false;
        }
        let marked = match seen {
            Some(Content::Lease(mark)) => self.flight(state, who, key, |part| part.has(mark)),
            _ => None,
        };
        let open = || {
            self.flight(state, who, key, |part| match part {
                Part::Opened(_, is_open) => is_open,
                Part::Asked { .. } | Part::Led { .. } => self.variant == Variant::JoinUnseen,
                _ => false,
            })
        };
        match marked.or_else(open) {
            Some(leader) => state.follow(who, key, leader),
            None => state.callers[who].parts[key] = Part::Opened(seen, true),
        }
        matches!(state.callers[who].parts[key], Part::Opened(..))
    }

    /// Another's flight of the process.
    fn flight(&self, state: &State, who: Who, key: Key, is: impl Fn(Part) -> bool) -> Option<Who> {
        let others = (0..self.callers.len()).filter(|other| *other != who && !self.fresh.contains(other));
        let mut of_process = others.filter(|other| self.callers[*other].0 == self.callers[who].0);
        of_process.find(|other| is(state.callers[*other].parts[key]))
    }

    /// The value of a flight of the process that has landed and stands in the store only by its lease, which was seen.
    fn landing(&self, state: &State, who: Who, key: Key, seen: Option<Content>) -> Option<Version> {
        state.posted.iter().find_map(|posted| {
            let Posted::Store { entries, is_awaited: true } = posted else { return None };
            let (mark, version) = entries[key].filter(|(mark, _)| *mark < OF_VALUE)?;
            let is_seen = seen == Some(Content::Lease(mark)) || self.variant == Variant::TakeUnseen;
            let of_process = self.callers[usize::from(mark / self.rounds)].0 == self.callers[who].0;
            (is_seen && of_process).then_some(version)
        })
    }

    /// Nobody joins from now on. Leases are asked for.
    pub(crate) fn close(&self, state: &mut State, who: Who) {
        let mut is_asked = false;
        for key in self.callers[who].1.iter().copied() {
            let Part::Opened(seen, _) = state.callers[who].parts[key] else { continue };
            match seen {
                Some(Content::Lease(mark)) => self.wait_for(state, who, key, mark),
                None => {
                    is_asked = true;
                    state.callers[who].parts[key] =
                        Part::Asked { mark: self.mark(state, who), granted: None, lapsed: false };
                }
                Some(_) => state.callers[who].parts[key] = Part::Led { mark: None, lapsed: false },
            }
        }
        if !is_asked {
            self.claimed(state, who);
        }
    }

    fn mark(&self, state: &State, who: Who) -> Mark {
        Mark::try_from(who).unwrap_or(Mark::MAX) * self.rounds + state.callers[who].rounds
    }

    /// Somebody else has the lease.
    fn wait_for(&self, state: &mut State, who: Who, key: Key, mark: Mark) {
        if let Some(version) = self.landing(state, who, key, Some(Content::Lease(mark))) {
            state.settle(who, key, version);
            return self.land(state, who, key, Landed::Abandoned);
        }
        match self.flight(state, who, key, |part| part.has(mark)) {
            Some(leader) => {
                state.follow(who, key, leader);
                self.land(state, who, key, Landed::Abandoned);
            }
            None => state.callers[who].parts[key] = Part::Waiting { mark, leads: true },
        }
    }

    pub(crate) fn acquire(&self, state: &mut State, who: Who, key: Key) {
        if let Part::Asked { mark, granted, .. } = &mut state.callers[who].parts[key] {
            let (write, found) = key_state::acquire(state.slots[key], || Content::Lease(*mark));
            *granted = Some(found.is_none());
            state.write(key, write);
        }
        self.answered(state, who);
    }

    /// It is not known whether the lease is granted, or will be.
    pub(crate) fn unanswered(&self, state: &mut State, who: Who, key: Key) {
        if let Part::Asked { mark, granted, .. } = state.callers[who].parts[key] {
            state.posted.extend(granted.is_none().then_some(Posted::Acquire(key, mark)));
            state.posted.push(Posted::Release(key, mark));
            let mark = (self.variant == Variant::MarkKeptUnanswered).then_some(mark);
            // As a hold it has lapsed: it is given back.
            state.callers[who].parts[key] = Part::Led { mark, lapsed: true };
        }
        self.answered(state, who);
    }

    /// Once all answers are there.
    fn answered(&self, state: &mut State, who: Who) {
        let parts = &mut state.callers[who].parts;
        if parts.iter().any(|part| matches!(part, Part::Asked { granted: None, .. })) {
            return;
        }
        for part in parts {
            if let Part::Asked { mark, granted, lapsed } = *part {
                *part = match granted {
                    Some(true) => Part::Led { mark: Some(mark), lapsed },
                    _ => Part::Open { leads: true },
                };
            }
        }
        self.claimed(state, who);
    }

    /// The end of a round's first half: computes at once what it leads.
    fn claimed(&self, state: &mut State, who: Who) {
        state.callers[who].rounds += 1;
        let leads = state.callers[who].parts.iter().any(|part| matches!(part, Part::Led { .. }));
        if !leads || self.variant == Variant::WaitBeforeComputing {
            return self.step(state, who);
        }
        // Whoever waited for these would wait for the computation too.
        for key in [0, 1] {
            state.callers[who].parts[key] = match state.callers[who].parts[key] {
                Part::Waiting { mark, leads: true } => Part::Waiting { mark, leads: false },
                Part::Open { leads: true } => Part::Open { leads: false },
                _ => continue,
            };
            self.land(state, who, key, Landed::Abandoned);
        }
        state.callers[who].stage = Stage::Computing;
    }

    /// Goes as far as is possible by itself.
    pub(crate) fn step(&self, state: &mut State, who: Who) {
        let caller = &mut state.callers[who];
        let is_claiming = |part: &Part| matches!(part, Part::Opened(..) | Part::Asked { .. });
        if caller.stage != Stage::Running || caller.parts.iter().any(is_claiming) {
            return;
        }
        loop {
            if caller.parts.into_iter().any(is_open) {
                if caller.rounds < self.rounds {
                    return;
                }
                caller.replace(Part::Open { leads: true }, Part::Led { mark: None, lapsed: false });
                caller.replace(Part::Open { leads: false }, Part::Alone);
                if caller.parts.iter().any(|part| matches!(part, Part::Led { .. })) {
                    caller.stage = Stage::Computing;
                    return;
                }
            } else if self.polls(caller) {
                return;
            } else if let Some(last) = caller.following.last() {
                if matches!(caller.parts[*last], Part::Following(_)) {
                    return;
                }
                // With it all others that have ended.
                caller.following.retain(|key| matches!(caller.parts[*key], Part::Following(_)));
                caller.replace(Part::Landed(Landed::Abandoned), Part::Open { leads: false });
                caller.replace(Part::Landed(Landed::Nothing), Part::Alone);
            } else if caller.parts.iter().any(|part| matches!(part, Part::Alone | Part::Led { .. })) {
                caller.stage = Stage::Computing;
                return;
            } else {
                return caller.end();
            }
        }
    }
}

pub(super) fn is_open(part: Part) -> bool {
    matches!(part, Part::Open { .. })
}
