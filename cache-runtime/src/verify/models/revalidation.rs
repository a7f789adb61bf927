//! Revalidated copies, checked exhaustively: one process that keeps the value of an entry with a tag, and serves it if the entry's mark and the tag's nonce
//! are still what they were.
//!
//! # The world
//!
//! Readers of one process, which share their copy; somebody elsewhere who computes the value under a lease and stores it; and a writer who changes the
//! database and then removes the entry, removes the tag, or puts a new value in the entry's place. The mark and the nonce are read in two
//! steps, in either order, since in a cluster they are on two nodes; so are the entry and the nonce where all of it is read. Anything may be
//! evicted at any time. As next door, a call has begun when it asks, and an invalidation has returned when the server has carried it out, which makes the
//! promise stronger.
//!
//! # What is promised
//!
//! **No call returns a version older than one whose invalidation had returned when the call began**: what is promised without a copy.
//!
//! What an answer says is asked of [`Beginning`] and [`are_current`], and what becomes of the slot of `key_state`: the code that runs.

use stateright::{Model, Property};

use super::checks::{breaks, holds};
use super::server::apply;
use crate::store::key_state;
use crate::store::vocabulary::{Beginning, CasToken, Found, lease};
use crate::tags::are_current;

/// Marks and nonces are counted: none is ever used twice.
type Number = u8;
type Version = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// The mark is not asked for: a copy is served while its tag is as it was.
    MarkNotAsked,
    /// It is asked whether a value is there, and not which: of the mark, only the state is compared.
    StateAlone,
    /// All values are written under one nonce, in place of a new one for each.
    OneNonce,
    /// The tags are not compared.
    TagsNotCompared,
    /// A tag without a nonce is as good as the one that it had.
    MissingIsValid,
}

#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    readers: usize,
    changes: Version,
    /// How many marks and nonces there are.
    numbers: Number,
}

/// An entry that was read, or a copy of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Entry {
    mark: Number,
    version: Version,
    /// That the tag had before the value was computed.
    nonce: Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Content {
    Lease(Number),
    Value(Entry),
}

impl key_state::Content for Content {
    type Mark = Number;

    fn begins_with(&self, mark: &Number) -> bool {
        *self == Self::Lease(*mark)
    }
}

impl Content {
    /// As a server has it: its first 17 bytes.
    fn beginning(self) -> Vec<u8> {
        match self {
            Self::Lease(number) => lease(&[number; 16]).to_vec(),
            Self::Value(entry) => entry.mark().to_vec(),
        }
    }
}

impl Entry {
    fn mark(self) -> CasToken {
        let mut mark = [self.mark; 17];
        mark[0] = b'V';
        mark
    }
}

/// What was read of the slot, and of the tag.
type Slot = Option<Content>;
type Tag = Option<Number>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Has asked for what there is to compare the copy with.
    Comparing {
        copy: Entry,
        slot: Option<Slot>,
        tag: Option<Tag>,
    },
    /// Has asked for all of it.
    Reading {
        slot: Option<Slot>,
        tag: Option<Tag>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Reader {
    phase: Phase,
    /// What had been invalidated when it began.
    floor: Version,
}

/// Whoever computes, elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Computation {
    lease: Number,
    nonce: Number,
    version: Option<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    database: Version,
    invalidated: Version,
    slot: Slot,
    tag: Tag,
    used: Number,
    computing: Option<Computation>,
    copy: Option<Entry>,
    readers: Vec<Reader>,
    is_stale: bool,
    is_revalidated: bool,
    is_refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Ask(usize),
    /// The server answers one of the two questions.
    AnswerSlot(usize),
    AnswerTag(usize),
    Decide(usize),
    Lease,
    Compute,
    Store,
    Change,
    RemoveEntry,
    RemoveTag,
    Put,
    EvictEntry,
    EvictTag,
}

const FRESH: &str = "no call returns less than had been invalidated when it began";

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            database: 0,
            invalidated: 0,
            slot: None,
            tag: None,
            used: 0,
            computing: None,
            copy: None,
            readers: vec![Reader { phase: Phase::Idle, floor: 0 }; self.readers],
            is_stale: false,
            is_revalidated: false,
            is_refused: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, reader) in state.readers.iter().enumerate() {
            match reader.phase {
                // Of equal readers, the first goes first.
                Phase::Idle if state.readers[..who].contains(reader) => {}
                Phase::Idle => actions.push(Action::Ask(who)),
                Phase::Comparing { slot, tag, .. } | Phase::Reading { slot, tag } => {
                    actions.extend(slot.is_none().then_some(Action::AnswerSlot(who)));
                    actions.extend(tag.is_none().then_some(Action::AnswerTag(who)));
                    actions.extend((slot.is_some() && tag.is_some()).then_some(Action::Decide(who)));
                }
            }
        }
        // A computation takes a nonce, a lease and a mark.
        let can_write = state.used + 3 <= self.numbers;
        match state.computing {
            None => actions.extend((state.slot.is_none() && can_write).then_some(Action::Lease)),
            Some(Computation { version: None, .. }) => actions.push(Action::Compute),
            Some(_) => actions.push(Action::Store),
        }
        if state.database < self.changes && state.database == state.invalidated {
            actions.push(Action::Change);
        }
        if state.database > state.invalidated {
            actions.extend([Action::RemoveEntry, Action::RemoveTag]);
            actions.extend(can_write.then_some(Action::Put));
        }
        actions.extend(state.slot.map(|_| Action::EvictEntry));
        actions.extend(state.tag.map(|_| Action::EvictTag));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Ask(who) => {
                let phase = match state.copy {
                    Some(copy) => Phase::Comparing { copy, slot: None, tag: None },
                    None => Phase::Reading { slot: None, tag: None },
                };
                state.readers[who] = Reader { phase, floor: state.invalidated };
            }
            Action::AnswerSlot(who) => {
                let there = state.slot;
                if let Phase::Comparing { slot, .. } | Phase::Reading { slot, .. } =
                    &mut state.readers[who].phase
                {
                    *slot = Some(there);
                }
            }
            Action::AnswerTag(who) => {
                let there = state.tag;
                if let Phase::Comparing { tag, .. } | Phase::Reading { tag, .. } =
                    &mut state.readers[who].phase
                {
                    *tag = Some(there);
                }
            }
            Action::Decide(who) => self.decide(&mut state, who),
            Action::Lease => {
                let (nonce, lease) = (state.nonce(), state.new_number());
                let (write, _) = key_state::acquire(state.slot, || Content::Lease(lease));
                apply(write, &mut state.slot);
                state.computing = Some(Computation { lease, nonce, version: None });
            }
            Action::Compute => {
                let version = state.database;
                state.computing.iter_mut().for_each(|computing| computing.version = Some(version));
            }
            Action::Store => self.store(&mut state),
            Action::Change => state.database += 1,
            Action::RemoveEntry => {
                apply(key_state::remove(), &mut state.slot);
                state.invalidated = state.database;
            }
            Action::RemoveTag => {
                state.tag = None;
                state.invalidated = state.database;
            }
            Action::Put => {
                let nonce = state.nonce();
                let value = self.value(&mut state, nonce, last.database);
                apply(key_state::set(value), &mut state.slot);
                state.invalidated = state.database;
            }
            Action::EvictEntry => state.slot = None,
            Action::EvictTag => state.tag = None,
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(FRESH, |_, state: &State| !state.is_stale),
            Property::sometimes("a copy is served", |_, state: &State| state.is_revalidated),
            Property::sometimes("a copy is refused", |_, state: &State| state.is_refused),
        ]
    }
}

impl World {
    fn value(self, state: &mut State, nonce: Number, version: Version) -> Content {
        let mark = if self.variant == Variant::OneNonce { 0 } else { state.new_number() };
        Content::Value(Entry { mark, version, nonce })
    }

    fn store(self, state: &mut State) {
        let Some(Computation { lease, nonce, version: Some(version) }) = state.computing.take() else {
            return;
        };
        let value = self.value(state, nonce, version);
        let (write, _) = key_state::swap(state.slot.as_ref(), &lease, || value);
        apply(write, &mut state.slot);
    }

    /// Mirrors `engine::revalidation`, and for a call without a copy `engine::read`.
    fn decide(self, state: &mut State, who: usize) {
        match state.readers[who].phase {
            Phase::Comparing { copy, slot: Some(slot), tag: Some(tag) } => {
                if self.is_still(copy, slot) && (fits(copy, tag) || self.is_let_pass(tag)) {
                    state.is_revalidated = true;
                    return state.give(who, copy.version);
                }
                state.is_refused = true;
                state.copy = state.copy.filter(|kept| kept.mark != copy.mark);
                // In a second round trip, or at once where there is nothing to read.
                state.readers[who].phase = Phase::Reading { slot: None, tag: None };
            }
            Phase::Reading { slot: Some(Some(Content::Value(entry))), tag: Some(tag) }
                if fits(entry, tag) =>
            {
                state.copy = Some(entry);
                state.give(who, entry.version);
            }
            // It computes, which is no business of copies.
            _ => state.readers[who] = Reader { phase: Phase::Idle, floor: 0 },
        }
    }

    fn is_still(self, copy: Entry, slot: Slot) -> bool {
        let found = slot.map_or(Found::Absent, |content| Found::Bytes(content.beginning()));
        match self.variant {
            Variant::MarkNotAsked => true,
            Variant::StateAlone => matches!(Beginning::of(found), Beginning::Mark(_)),
            _ => Beginning::of(found) == Beginning::Mark(copy.mark()),
        }
    }

    /// Whether a copy is served in spite of its tag.
    fn is_let_pass(self, tag: Tag) -> bool {
        self.variant == Variant::TagsNotCompared || self.variant == Variant::MissingIsValid && tag.is_none()
    }
}

fn fits(entry: Entry, tag: Tag) -> bool {
    let as_bytes = |nonce: Number| [nonce; 16];
    are_current(&[as_bytes(entry.nonce)], &[tag.map(as_bytes)])
}

impl State {
    fn new_number(&mut self) -> Number {
        self.used += 1;
        self.used
    }

    /// Of the tag, which is given one where it has none.
    fn nonce(&mut self) -> Number {
        let nonce = self.tag.unwrap_or_else(|| self.new_number());
        self.tag = Some(nonce);
        nonce
    }

    fn give(&mut self, who: usize, version: Version) {
        self.is_stale |= version < self.readers[who].floor;
        self.readers[who] = Reader { phase: Phase::Idle, floor: 0 };
    }
}

fn world(variant: Variant) -> World {
    World { variant, readers: 1, changes: 2, numbers: 7 }
}

#[test]
fn revalidated_copies_hold_in_every_order_of_steps() {
    holds("revalidated copies, one reader", world(Variant::Sound), &[]);
    let two = World { readers: 2, changes: 1, numbers: 5, ..world(Variant::Sound) };
    holds("revalidated copies, two readers", two, &[]);
}

#[test]
fn a_comparison_that_lacks_a_detail_breaks() {
    for variant in [
        Variant::MarkNotAsked,
        Variant::StateAlone,
        Variant::OneNonce,
        Variant::TagsNotCompared,
        Variant::MissingIsValid,
    ] {
        breaks(variant, world(variant), FRESH);
    }
}
