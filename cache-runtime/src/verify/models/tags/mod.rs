//! Tags, checked exhaustively in a world of their own: one entry, one tag, a writer who invalidates by the tag alone, and evictions.
//!
//! The slot's own protocol is checked next door. Here nobody removes the entry or its lease, so all that stands between a caller and
//! an old value are the nonces, and what a refresh replaces or removes: the lease of a computation survives the invalidation, and so does the value that it stores.
//!
//! An invalidation removes two keys, of any tag and of the tag, and who stores a value that names the tag reads two. On one server each of these is one
//! step. In a cluster the keys are on two nodes, and it is two steps, in an order that the promise needs; so it is here.
//!
//! As there, a call has begun when its look-up is carried out, and an invalidation has returned when it is, which makes the promise
//! stronger. `engine::tagged` and `engine::miss` are mirrored by hand; `tags::are_current` and `slot` are the code that runs.

mod state;
mod steps;

use stateright::{Model, Property};

use self::state::{Base, Caller, Content, Phase, State, Version};
use super::checks::{breaks, holds};

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
    /// In a cluster: the invalidation removes the tag first, and then what stands for any tag.
    AnyAfterTags,
    /// In a cluster: who stores asks whether any tag was invalidated, and then reads the tag.
    AnyReadFirst,
    /// A refresh whose value is not to be stored leaves the old one where it is.
    OldValueStays,
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
    /// Reads the first of the keys of a tag that the value names.
    Name(usize),
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

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let caller = Caller { phase: Phase::LookUp, floor: 0, attempts: 0 };
        vec![State {
            database: 0,
            invalidated: 0,
            is_half_invalidated: false,
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
                Phase::Store { held: Some(_), seen: None, .. } if self.of_value => {
                    actions.push(Action::Name(who));
                }
                Phase::Store { .. } => actions.push(Action::Store(who)),
                Phase::Claim(_) => actions.push(Action::Nonces(who)),
                Phase::Refresh(..) => actions.push(Action::Reread(who)),
                Phase::Replace(.., None) if self.of_value => {
                    actions.extend([Action::Name(who), Action::Discard(who)]);
                }
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
                    state.callers[who].phase = Phase::Store { held, version: state.database, seen: None };
                }
            }
            Action::Name(who) => self.name(&mut state, who),
            Action::Store(who) => self.store(&mut state, who),
            Action::Claim(who) => {
                state.begin(who);
                if let Some(Content::Value { version, nonce }) = state.slot {
                    state.callers[who].phase = Phase::Claim(Base { version, nonce });
                }
            }
            Action::Reread(who) => {
                if let Phase::Refresh(base, nonce) = state.callers[who].phase {
                    state.callers[who].phase = Phase::Replace(base, nonce, state.database, None);
                }
            }
            Action::Replace(who) => self.replace(&mut state, who, true),
            Action::Discard(who) => self.replace(&mut state, who, false),
            Action::Change => state.database += 1,
            Action::Invalidate => self.invalidate(&mut state),
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
fn each_detail_is_needed() {
    for (variant, of_value) in [
        (Variant::TagAfterComputing, false),
        (Variant::MissingIsValid, false),
        (Variant::MissingIsValid, true),
        (Variant::JoinByLease, false),
        (Variant::JoinByLease, true),
        (Variant::JoinWithoutNonce, false),
        (Variant::JoinWithoutNonce, true),
        (Variant::AnyUnchecked, true),
        (Variant::AnyAfterTags, true),
        (Variant::AnyReadFirst, true),
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
