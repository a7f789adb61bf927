//! The tier in front of a cluster, checked exhaustively: a key whose slot goes from one node to another.
//!
//! # How this relates to the other models
//!
//! The parent shows what guards, epochs and the bound of one connection are for; here none of them is left out, connections do not end, and
//! there is one reader. What is new is that there are two nodes, of which each tells of its own, and that the old owner may not know that it
//! has been replaced.
//!
//! # The world
//!
//! The slot is at the old node. It leaves by migration, which takes its key along and tells who has read it, and meanwhile what is absent at the old
//! node is asked for at the new one. Or the new node just takes it over, as a replica does, and tells nobody. When the old node hears of it, and when
//! the others do whom the process asks for the map, is open: each may be first. Until it has heard, the old node answers for what it has. One
//! value follows the first, written wherever the slot is.
//!
//! What is asked is carried out at once, and answered at any later time: that an answer is older than it might be is what the bounds are for. What was
//! told before it arrives before it, on each connection.
//!
//! # What is promised
//!
//! A value is not served for as long as the staleness bound after it was replaced *and* somebody who is asked has heard where: the others, or the old
//! node if its heartbeat asks for this very slot.

mod tests;

use stateright::{Model, Property};

use super::Time;

type Version = u8;
/// A node, and the connection to it.
const OLD: usize = 0;
const NEW: usize = 1;

/// The tier, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// The heartbeat asks for nothing that has an owner.
    PingAsHeartbeat,
    /// A slot that changes hands takes nothing along.
    NoTenures,
    /// The tenure is read when the answer is there.
    TenureAfterTheAnswer,
    /// What a node says of itself is enough.
    MapNotConfirmed,
    /// Who hears of one node takes that for the word of all.
    OneBoundForAllNodes,
    /// What the next owner gave beforehand is let in.
    KeptFromAsk,
}

#[derive(Debug, Clone, Copy)]
struct Cluster {
    variant: Variant,
    staleness: Time,
    /// Whether the heartbeat asks for the slot that goes, or for another one.
    asks_for_the_slot: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Found(Version),
    Ask,
    Moved,
    Changed,
    Owned { age: Time },
    NotOwned,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Link {
    is_tracked: bool,
    wire: Vec<Message>,
}

/// Where the slot is in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slot {
    AtOld,
    /// On its way, with its key.
    Leaving,
    AtNew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// `is_current`: the slot has not changed hands since.
    Asked {
        is_valid: bool,
        is_current: bool,
    },
    /// At the next owner, over a connection that is not tracked.
    Asking,
    Answered {
        is_valid: bool,
        is_current: bool,
        version: Version,
        from: usize,
        by_ask: bool,
    },
}

/// The others' answer to the question who owns the slot, asked that long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Map {
    owner: usize,
    age: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    old_knows: bool,
    others_know: bool,
    /// What the old node would answer, if it takes itself for the owner.
    old_has: Option<Version>,
    current: Version,
    /// How long ago it was known that the first version is old.
    due: Option<Time>,
    was_written_before_the_takeover: bool,
    links: [Link; 2],
    map: Option<Map>,
    // The process.
    asks: usize,
    good_for: [Time; 2],
    owners_known_for: Time,
    kept: Option<(Version, usize)>,
    reader: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Change,
    MigrateKey,
    TakeOver,
    OldHears,
    OthersHear,
    Deliver(usize),
    ExecuteAsking,
    Heartbeat(usize),
    AskForMap,
    DeliverMap,
    Read,
    Admit,
}

const BOUND: &str = "a value is not served for as long as the bound after its change is known";
const HIT: &str = "a hit";
const OLD_HIT: &str = "a hit that is old, within the bound";
const AT_NEW: &str = "a hit of what the new owner gave";
const ASKED: &str = "an answer of the next owner";

impl Model for Cluster {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            slot: Slot::AtOld,
            old_knows: false,
            others_know: false,
            old_has: Some(0),
            current: 0,
            due: None,
            was_written_before_the_takeover: false,
            links: [Link::default(), Link::default()],
            map: None,
            asks: OLD,
            good_for: [0; 2],
            owners_known_for: 0,
            kept: None,
            reader: Phase::Idle,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        actions.extend((state.current == 0).then_some(Action::Change));
        actions.extend((state.slot == Slot::AtOld).then_some(Action::MigrateKey));
        match state.slot {
            Slot::AtNew => {
                actions.extend((!state.old_knows).then_some(Action::OldHears));
                actions.extend((!state.others_know).then_some(Action::OthersHear));
            }
            Slot::AtOld | Slot::Leaving => actions.push(Action::TakeOver),
        }
        for (node, link) in state.links.iter().enumerate() {
            actions.extend((!link.wire.is_empty()).then_some(Action::Deliver(node)));
            actions.extend((!link.is_asked()).then_some(Action::Heartbeat(node)));
        }
        actions.push(if state.map.is_none() { Action::AskForMap } else { Action::DeliverMap });
        match state.reader {
            Phase::Idle => actions.push(Action::Read),
            Phase::Asking => actions.push(Action::ExecuteAsking),
            Phase::Answered { .. } => actions.push(Action::Admit),
            Phase::Asked { .. } => {}
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        self.step(&mut state, action);
        let has_heard = state.others_know || (self.asks_for_the_slot && state.old_knows);
        if state.current > 0 && (state.was_written_before_the_takeover || has_heard) {
            state.due.get_or_insert(0);
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(BOUND, |cluster: &Self, state: &State| {
                let is_old = served(cluster, state).is_some_and(|(version, _)| version < state.current);
                !is_old || state.due.is_none_or(|age| age < cluster.staleness)
            }),
            Property::sometimes(HIT, |cluster: &Self, state: &State| served(cluster, state).is_some()),
            Property::sometimes(OLD_HIT, |cluster: &Self, state: &State| {
                served(cluster, state).is_some_and(|(version, _)| version < state.current)
            }),
            Property::sometimes(AT_NEW, |cluster: &Self, state: &State| {
                served(cluster, state).is_some_and(|(_, node)| node == NEW)
            }),
            Property::sometimes(ASKED, |_, state: &State| {
                matches!(state.reader, Phase::Answered { by_ask: true, .. })
            }),
        ]
    }
}

/// What a hit would be given now, and who gave it.
fn served(cluster: &Cluster, state: &State) -> Option<(Version, usize)> {
    let is_known = state.owners_known_for > 0 || cluster.variant == Variant::MapNotConfirmed;
    state.kept.filter(|(_, node)| is_known && state.good_for[*node] > 0)
}

impl Link {
    /// There is one heartbeat at a time.
    fn is_asked(&self) -> bool {
        self.wire.iter().any(|message| matches!(message, Message::Owned { .. } | Message::NotOwned))
    }

    fn change(&mut self) {
        if std::mem::take(&mut self.is_tracked) {
            self.wire.push(Message::Changed);
        }
    }
}

impl Cluster {
    fn step(&self, state: &mut State, action: Action) {
        match action {
            Action::Tick => state.tick(self.staleness),
            Action::Change => {
                state.current = 1;
                state.was_written_before_the_takeover = state.slot != Slot::AtNew;
                let at = if state.slot == Slot::AtOld { OLD } else { NEW };
                state.links[at].change();
                if at == OLD {
                    state.old_has = Some(1);
                }
            }
            Action::MigrateKey => {
                state.slot = Slot::Leaving;
                state.old_has = None;
                state.links[OLD].change();
            }
            Action::TakeOver => state.slot = Slot::AtNew,
            Action::OldHears => state.old_knows = true,
            Action::OthersHear => state.others_know = true,
            Action::Deliver(node) => self.deliver(state, node),
            Action::ExecuteAsking => {
                let (version, from) = (state.current, NEW);
                state.reader =
                    Phase::Answered { is_valid: true, is_current: true, version, from, by_ask: true };
            }
            Action::Heartbeat(node) => {
                let is_blind = !self.asks_for_the_slot || self.variant == Variant::PingAsHeartbeat;
                let is_owned = is_blind || state.owns(node);
                let answer = if is_owned { Message::Owned { age: 0 } } else { Message::NotOwned };
                state.links[node].wire.push(answer);
            }
            Action::AskForMap => {
                state.map = Some(Map { owner: if state.others_know { NEW } else { OLD }, age: 0 });
            }
            Action::DeliverMap => {
                if let Some(Map { owner, age }) = state.map.take() {
                    self.set_owner(state, owner);
                    state.owners_known_for = self.staleness.saturating_sub(age);
                }
            }
            Action::Read => {
                state.get(state.asks);
                state.reader = Phase::Asked { is_valid: true, is_current: true };
            }
            Action::Admit => self.admit(state),
        }
    }

    /// The process hears the next thing that the node said.
    fn deliver(&self, state: &mut State, node: usize) {
        match state.links[node].wire.remove(0) {
            Message::Found(version) => {
                if let Phase::Asked { is_valid, is_current } = state.reader {
                    let by_ask = false;
                    state.reader = Phase::Answered { is_valid, is_current, version, from: node, by_ask };
                }
            }
            Message::Ask => state.reader = Phase::Asking,
            Message::Moved => {
                self.set_owner(state, 1 - node);
                state.reader = Phase::Idle;
            }
            Message::Changed => state.forget(),
            Message::Owned { age } => {
                let good_for = self.staleness.saturating_sub(age);
                state.good_for[node] = good_for;
                if self.variant == Variant::OneBoundForAllNodes {
                    state.good_for = [good_for; 2];
                }
            }
            Message::NotOwned => self.changed_hands(state),
        }
    }

    fn set_owner(&self, state: &mut State, owner: usize) {
        if std::mem::replace(&mut state.asks, owner) != owner {
            self.changed_hands(state);
        }
    }

    fn changed_hands(&self, state: &mut State) {
        if self.variant != Variant::NoTenures {
            // What is under an older tenure is not served.
            state.kept = None;
        }
        if let Phase::Asked { is_current, .. } | Phase::Answered { is_current, .. } = &mut state.reader {
            *is_current = false;
        }
    }

    fn admit(&self, state: &mut State) {
        let Phase::Answered { is_valid, is_current, version, from, by_ask } = state.reader else { return };
        let is_current =
            is_current || matches!(self.variant, Variant::NoTenures | Variant::TenureAfterTheAnswer);
        if is_valid && is_current && (!by_ask || self.variant == Variant::KeptFromAsk) {
            state.kept = Some((version, from));
        }
        state.reader = Phase::Idle;
    }
}

impl State {
    /// Whether the node takes itself for the owner.
    fn owns(&self, node: usize) -> bool {
        match node {
            OLD => !self.old_knows,
            _ => self.slot == Slot::AtNew,
        }
    }

    /// The node carries out a read.
    fn get(&mut self, node: usize) {
        let value = if node == OLD { self.old_has } else { Some(self.current) };
        let owns = self.owns(node);
        let link = &mut self.links[node];
        link.wire.push(match value {
            _ if !owns => Message::Moved,
            None => Message::Ask,
            Some(version) => {
                link.is_tracked = true;
                Message::Found(version)
            }
        });
    }

    fn tick(&mut self, oldest: Time) {
        let older = |age: &mut Time| *age = (*age + 1).min(oldest);
        for link in &mut self.links {
            for message in &mut link.wire {
                if let Message::Owned { age } = message {
                    older(age);
                }
            }
        }
        if let Some(Map { age, .. }) = &mut self.map {
            older(age);
        }
        if let Some(age) = &mut self.due {
            older(age);
        }
        self.good_for.iter_mut().for_each(|left| *left = left.saturating_sub(1));
        self.owners_known_for = self.owners_known_for.saturating_sub(1);
    }

    fn forget(&mut self) {
        self.kept = None;
        if let Phase::Asked { is_valid, .. } | Phase::Answered { is_valid, .. } = &mut self.reader {
            *is_valid = false;
        }
    }
}
