//! Tags, checked exhaustively in a world of their own: one entry, one tag, a writer who invalidates by the tag alone, and evictions.
//!
//! The slot's own protocol is checked next door. Here nobody removes the entry or its lease, so all that stands between a caller and
//! an old value are the nonces, and what a refresh replaces or removes: the lease of a computation survives the invalidation, and so does the value that it stores.
//!
//! As there, a call has begun when its look-up is carried out, and an invalidation has returned when it is, which makes the promise
//! stronger. `engine::tagged` and `engine::miss` are mirrored by hand; `tags::are_current` and `slot` are the code that runs.

use stateright::{Model, Property};

use super::checks::{breaks, holds};
use super::server::apply;
use crate::store::key_state;
use crate::tags::are_current;

/// The protocol, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// The tag is read when the value is there.
    TagAfterComputing,
    /// An entry is served if its tag has no nonce.
    MissingIsValid,
    /// A flight is joined by whoever has seen its lease.
    JoinByLease,
    /// A flight is joined by who has seen its lease and as many nonces as it has, be it none.
    JoinWithoutNonce,
    /// Where the value names the tag: it is not asked whether any tag was invalidated meanwhile.
    AnyUnchecked,
    /// A refresh whose value is not to be stored leaves the old one where it is.
    OldValueStays,
}

/// Nonces are counted: none is ever used twice.
type Number = u8;
type Version = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Content {
    Lease(Number),
    Value { version: Version, nonce: Number },
}

impl key_state::Content for Content {
    type Mark = Number;

    fn begins_with(&self, mark: &Number) -> bool {
        *self == Self::Lease(*mark)
    }
}

/// A value, as what a refresh compares: no other has its version and nonce and is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Base {
    version: Version,
    nonce: Number,
}

impl Base {
    fn is(self, slot: Option<Content>) -> bool {
        slot == Some(Content::Value { version: self.version, nonce: self.nonce })
    }
}

/// What a caller does next, or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    LookUp,
    /// Has found a value that names the tag, which is to be read.
    Check {
        version: Version,
        nonce: Number,
    },
    /// Has asked for a lease in place of what it found, and for the nonces: answered in any order.
    Acquire {
        instead: Option<Content>,
        lease: Option<Number>,
        nonce: Option<Number>,
    },
    /// The body has not read yet; without a lease the value is not stored.
    Compute {
        held: Option<(Number, Number)>,
    },
    Store {
        held: Option<(Number, Number)>,
        version: Version,
    },
    Follow {
        leader: usize,
    },
    /// Refreshes a value that stays readable, with the nonces from before its body.
    Claim(Base),
    Refresh(Base, Number),
    Replace(Base, Number, Version),
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    /// What had been invalidated when it began.
    floor: Version,
    attempts: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    database: Version,
    invalidated: Version,
    /// The newest version with which a refresh has replaced what it had read, or removed it.
    replaced: Version,
    slot: Option<Content>,
    tag: Option<Number>,
    /// Of the key that the invalidation of any tag removes.
    any: Option<Number>,
    used: Number,
    callers: Vec<Caller>,
    /// A call returned less than it had to.
    is_stale: bool,
    is_shared: bool,
    is_hit: bool,
}

#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    /// The process of each caller.
    callers: &'static [u8],
    changes: Version,
    /// Whether the value names the tag.
    of_value: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    LookUp(usize),
    Check(usize),
    Lease(usize),
    Nonces(usize),
    /// Stops waiting for another's lease.
    Alone(usize),
    Read(usize),
    Store(usize),
    /// A refresh, and its body.
    Claim(usize),
    Reread(usize),
    Replace(usize),
    /// Its value is not to be stored.
    Discard(usize),
    Change,
    Invalidate,
    EvictTag,
    EvictAny,
    EvictEntry,
}

impl State {
    fn new_number(&mut self) -> Number {
        self.used += 1;
        self.used
    }

    /// Reads the nonce of the tag, or of any tag, and gives it one where it has none.
    fn nonce(&mut self, any: bool) -> Number {
        let current = if any { self.any } else { self.tag };
        let (_, nonce) = key_state::tag(current, || {
            let new = self.new_number();
            (new, new)
        });
        *if any { &mut self.any } else { &mut self.tag } = Some(nonce);
        nonce
    }

    /// A call begins.
    fn begin(&mut self, who: usize) {
        if self.callers[who].attempts == 0 {
            self.callers[who].floor = self.invalidated.max(self.replaced);
        }
    }

    fn give(&mut self, who: usize, version: Version) {
        self.is_stale |= version < self.callers[who].floor;
        self.callers[who].phase = Phase::Done;
        for follower in 0..self.callers.len() {
            if self.callers[follower].phase == (Phase::Follow { leader: who }) {
                self.is_shared = true;
                self.give(follower, version);
            }
        }
    }
}

impl World {
    fn fits(self, nonce: Number, now: Option<Number>) -> bool {
        let as_bytes = |nonce: Number| [nonce; 16];
        are_current(&[as_bytes(nonce)], &[now.map(as_bytes)])
            || self.variant == Variant::MissingIsValid && now.is_none()
    }

    fn look_up(self, state: &mut State, who: usize) {
        state.begin(who);
        let instead = state.slot;
        let acquire = Phase::Acquire { instead, lease: None, nonce: None };
        state.callers[who].phase = match instead {
            Some(Content::Value { version, nonce }) if self.of_value => Phase::Check { version, nonce },
            Some(Content::Value { version, nonce }) if self.fits(nonce, state.tag) => {
                state.is_hit = true;
                return state.give(who, version);
            }
            Some(Content::Lease(lease)) => match self.flight(state, who, lease) {
                Some(leader) => Phase::Follow { leader },
                None => Phase::LookUp,
            },
            _ => acquire,
        };
    }

    /// The flight of the caller's process that it may join, having seen `lease` and the nonces that there are now.
    fn flight(self, state: &State, who: usize, lease: Number) -> Option<usize> {
        let seen = if self.of_value { state.any } else { state.tag };
        (0..state.callers.len()).filter(|other| self.callers[*other] == self.callers[who]).find(|other| {
            let held = match state.callers[*other].phase {
                Phase::Compute { held } | Phase::Store { held, .. } => held,
                _ => None,
            };
            held.is_some_and(|(of, nonce)| {
                let same = match self.variant {
                    Variant::JoinByLease => true,
                    Variant::JoinWithoutNonce => seen.is_none_or(|seen| seen == nonce),
                    _ => seen == Some(nonce),
                };
                of == lease && same
            })
        })
    }

    fn store(self, state: &mut State, who: usize, held: Option<(Number, Number)>, version: Version) {
        if let Some((lease, before)) = held {
            let nonce = self.nonce_of_value(state, before);
            let write = match nonce {
                Some(nonce) => {
                    key_state::swap(state.slot.as_ref(), &lease, || Content::Value { version, nonce }).0
                }
                None => key_state::release(state.slot.as_ref(), &lease),
            };
            apply(write, &mut state.slot);
        }
        state.give(who, version);
    }

    /// What to store a value with; `None` if a tag was invalidated meanwhile that it may have.
    fn nonce_of_value(self, state: &mut State, before: Number) -> Option<Number> {
        match (self.of_value, self.variant) {
            (false, Variant::TagAfterComputing) => Some(state.nonce(false)),
            (false, _) => Some(before),
            (true, variant) => {
                let (tag, any) = (state.nonce(false), state.nonce(true));
                (any == before || variant == Variant::AnyUnchecked).then_some(tag)
            }
        }
    }

    /// The end of a refresh, whose value takes the place of the old one, or is not to be stored.
    fn replace(self, state: &mut State, who: usize, is_stored: bool) {
        let Phase::Replace(base, before, version) = state.callers[who].phase else { return };
        let nonce = if is_stored { self.nonce_of_value(state, before) } else { None };
        if base.is(state.slot) {
            state.replaced = state.replaced.max(version);
            match nonce {
                Some(nonce) => state.slot = Some(Content::Value { version, nonce }),
                None if self.variant == Variant::OldValueStays => {}
                None => state.slot = None,
            }
        }
        state.give(who, version);
    }

    /// Both answers are there: computes, or looks again.
    fn acquired(state: &mut State, who: usize) {
        if let Phase::Acquire { lease: Some(lease), nonce: Some(nonce), .. } = state.callers[who].phase {
            // 0 is a lease that was refused.
            state.callers[who].phase = match lease {
                0 => Phase::LookUp,
                lease => Phase::Compute { held: Some((lease, nonce)) },
            };
        }
    }

    fn lease(state: &mut State, who: usize) {
        let Phase::Acquire { instead, nonce, .. } = state.callers[who].phase else { return };
        let lease = state.new_number();
        // Of a value it is the nonce that is compared, which no other value has.
        let is_there = state.slot == instead;
        if is_there {
            state.slot = Some(Content::Lease(lease));
        }
        let lease = Some(if is_there { lease } else { 0 });
        state.callers[who].phase = Phase::Acquire { instead, lease, nonce };
        state.callers[who].attempts += 1;
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let caller = Caller { phase: Phase::LookUp, floor: 0, attempts: 0 };
        vec![State {
            database: 0,
            invalidated: 0,
            replaced: 0,
            slot: None,
            tag: None,
            any: None,
            used: 0,
            callers: vec![caller; self.callers.len()],
            is_stale: false,
            is_shared: false,
            is_hit: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, caller) in state.callers.iter().enumerate() {
            match caller.phase {
                // Of equal callers that rest, of one process as all of them are, the first goes first.
                Phase::LookUp if state.callers[..who].contains(caller) => {}
                Phase::LookUp if caller.attempts < 2 => {
                    actions.extend([Action::LookUp(who), Action::Alone(who)]);
                    let is_there = matches!(state.slot, Some(Content::Value { nonce, .. }) if self.fits(nonce, state.tag));
                    actions.extend(is_there.then_some(Action::Claim(who)));
                }
                Phase::LookUp => actions.push(Action::Alone(who)),
                Phase::Check { .. } => actions.push(Action::Check(who)),
                Phase::Acquire { lease, nonce, .. } => {
                    actions.extend(lease.is_none().then_some(Action::Lease(who)));
                    actions.extend(nonce.is_none().then_some(Action::Nonces(who)));
                }
                Phase::Compute { .. } => actions.push(Action::Read(who)),
                Phase::Store { .. } => actions.push(Action::Store(who)),
                Phase::Claim(_) => actions.push(Action::Nonces(who)),
                Phase::Refresh(..) => actions.push(Action::Reread(who)),
                Phase::Replace(..) => actions.extend([Action::Replace(who), Action::Discard(who)]),
                Phase::Follow { .. } | Phase::Done => {}
            }
        }
        if state.database < self.changes && state.database == state.invalidated {
            actions.push(Action::Change);
        }
        if state.database > state.invalidated {
            actions.push(Action::Invalidate);
        }
        actions.extend(state.tag.map(|_| Action::EvictTag));
        actions.extend(state.any.map(|_| Action::EvictAny));
        actions.extend(state.slot.map(|_| Action::EvictEntry));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::LookUp(who) => self.look_up(&mut state, who),
            Action::Check(who) => {
                if let Phase::Check { version, nonce } = state.callers[who].phase {
                    if self.fits(nonce, state.tag) {
                        state.is_hit = true;
                        state.give(who, version);
                    } else {
                        let instead = Some(Content::Value { version, nonce });
                        state.callers[who].phase = Phase::Acquire { instead, lease: None, nonce: None };
                    }
                }
            }
            Action::Lease(who) => {
                Self::lease(&mut state, who);
                Self::acquired(&mut state, who);
            }
            Action::Nonces(who) => {
                let found = state.nonce(self.of_value);
                match &mut state.callers[who].phase {
                    Phase::Acquire { nonce, .. } => *nonce = Some(found),
                    Phase::Claim(base) => state.callers[who].phase = Phase::Refresh(*base, found),
                    _ => {}
                }
                Self::acquired(&mut state, who);
            }
            Action::Alone(who) => {
                state.begin(who);
                state.callers[who].phase = Phase::Compute { held: None };
            }
            Action::Read(who) => {
                if let Phase::Compute { held } = state.callers[who].phase {
                    state.callers[who].phase = Phase::Store { held, version: state.database };
                }
            }
            Action::Store(who) => {
                if let Phase::Store { held, version } = state.callers[who].phase {
                    self.store(&mut state, who, held, version);
                }
            }
            Action::Claim(who) => {
                state.begin(who);
                if let Some(Content::Value { version, nonce }) = state.slot {
                    state.callers[who].phase = Phase::Claim(Base { version, nonce });
                }
            }
            Action::Reread(who) => {
                if let Phase::Refresh(base, nonce) = state.callers[who].phase {
                    state.callers[who].phase = Phase::Replace(base, nonce, state.database);
                }
            }
            Action::Replace(who) => self.replace(&mut state, who, true),
            Action::Discard(who) => self.replace(&mut state, who, false),
            Action::Change => state.database += 1,
            Action::Invalidate => {
                (state.tag, state.any) = (None, None);
                state.invalidated = state.database;
            }
            Action::EvictTag => state.tag = None,
            Action::EvictAny => state.any = None,
            Action::EvictEntry => state.slot = None,
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(FRESH, |_, state: &State| !state.is_stale),
            Property::sometimes("a computation is shared", |_, state: &State| state.is_shared),
            Property::sometimes("an entry is served", |_, state: &State| state.is_hit),
        ]
    }
}

const FRESH: &str = "no call returns less than had been invalidated, or replaced by a refresh, when it began";

/// Two callers in one process, and two changes. A caller of another process can do nothing that one of this cannot: flights are
/// joined or not.
fn world(variant: Variant, of_value: bool) -> World {
    World { variant, callers: &[0, 0], changes: 2, of_value }
}

#[test]
fn tags_hold_in_every_order_of_steps() {
    for of_value in [false, true] {
        holds(&format!("tags, of the value: {of_value}"), world(Variant::Sound, of_value), &[]);
    }
}

#[test]
fn a_tag_that_lacks_a_detail_breaks() {
    for (variant, of_value) in [
        (Variant::TagAfterComputing, false),
        (Variant::MissingIsValid, false),
        (Variant::MissingIsValid, true),
        (Variant::JoinByLease, false),
        (Variant::JoinByLease, true),
        (Variant::JoinWithoutNonce, false),
        (Variant::JoinWithoutNonce, true),
        (Variant::AnyUnchecked, true),
        (Variant::OldValueStays, false),
        (Variant::OldValueStays, true),
    ] {
        let world = world(variant, of_value);
        breaks(
            variant,
            match variant {
                // One stores, one refreshes, and one is served.
                Variant::OldValueStays => World { callers: &[0, 0, 0], changes: 1, ..world },
                _ => world,
            },
            FRESH,
        );
    }
}
