//! The local tier, checked exhaustively: every order of steps in which a process keeps a value while others change it.
//!
//! # How this relates to the other model
//!
//! The slot's own protocol is the parent's business, which shows that the slot never holds anything older than the newest
//! invalidation that the server has carried out. Here that is taken as given: **a read gives the newest version**. Leases,
//! flights and refreshes are therefore not here, and the tier is not there. Together the two say: what a call is served comes
//! from the slot and is as new as that model promises, or from this process and is as new as this one does. One world with
//! both would have as many states as the product of the two, and no step in which they meet but the read.
//!
//! # The world
//!
//! One process with readers of one key, connections to a server, a writer elsewhere that changes the value or empties the
//! server, the process's own invalidations, and time in whole ticks, which may pass at any moment. Requests are carried out in
//! their order, and answers and pushes arrive in the order in which the server spoke, each at any later time or never: so a
//! frozen peer and a slow network need no step of their own. A connection may break, which takes its requests and the
//! server's memory of what was read; the process may notice that late, or may give up a connection that still works. Then
//! an old connection and a new one are there side by side, and a reader may still be waiting on the old one.
//!
//! A reader notes the generation and asks, is answered, and lets the value in: three moments. (That it notes before it asks
//! adds no order: a change between the two voids the guard, and without one they are as good as one.) Generations are not
//! counted: a change marks the guards that are held as void, which is all that comparing them can tell. To drop everything
//! is two steps, raising the generations and clearing the map, as in [`Tier`](crate::local::Tier); a hit may come between.
//!
//! A caller's thread keeps in front of the map what it was served, in two moments as well: it notes the generation, then takes what is in the map, and until when that may be
//! served. What voids a guard voids that too.
//!
//! Times are kept as ages up to the bound, past which nothing asks how old something is; so the clock never has to stop.
//!
//! # What is promised
//!
//! - A value is not served for as long as the staleness bound after its change, whatever the connections do.
//! - After an invalidation by the process itself has returned, it serves nothing older.
//! - While a connection works, an old value is there only as long as the word of its change is on the wire.
//!
//! What a value's own time allows is left out: it is a comparison of two moments of one clock, which unit tests show.

mod owners;
mod step;
mod tests;

use stateright::{Model, Property};

/// Of the value. The higher the newer.
type Version = u8;
type Time = u8;
const FOR_EVER: Time = Time::MAX;
/// Index of a connection. The last is the newest.
type Index = usize;
type Who = usize;

/// The tier, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// A value is let in whatever was told since it was asked for.
    NoGenerationGuard,
    /// What was kept over one connection is kept on over the next.
    NoFlushOnReconnect,
    /// Values are let in that were read where the server does not note who reads.
    UntrackedFill,
    /// A value that was asked for over one connection is let in under another.
    NoEpoch,
    /// Values are served for as long as the connection is thought to be there.
    NoHeartbeat,
    /// The bound counts from when the peer's answer came, and not from when it was asked.
    BoundFromTheAnswer,
    /// An invalidation by this process leaves its copy to the push.
    OwnWritesNotDropped,
    /// What stands in front of the map is not asked for its generation.
    FrontWithoutGeneration,
    /// The generation of what is put in front is read when it was found.
    GenerationAfterTheMap,
    /// To drop everything raises the generations before the map is cleared, and not after it.
    NotRaisedAfterClearing,
    /// What stands in front has no end of its own.
    FrontWithoutEnd,
}

#[derive(Debug, Clone, Copy)]
struct Tier {
    variant: Variant,
    readers: usize,
    /// How many versions follow the first.
    changes: Version,
    /// The staleness bound.
    staleness: Time,
    /// Whether connections end, and others begin.
    reconnects: bool,
    /// Whether the server may be emptied.
    empties: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Request {
    Get(Who),
    Ping { age: Time },
}

/// What the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Found(Who, Version),
    Changed,
    Emptied,
    /// To what was asked that long ago.
    Pong {
        age: Time,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Connection {
    /// Whether the server still has it.
    is_up: bool,
    /// Whether the server remembers that the key was read.
    is_tracked: bool,
    requests: Vec<Request>,
    wire: Vec<Message>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Front {
    None,
    /// The generation is noted, and still stands or not. `found` is for the variant that looks in the map first.
    Noted {
        is_valid: bool,
        found: Option<Version>,
    },
    /// A value, under a generation that still stands, and for how long it may be served yet.
    Holds {
        version: Version,
        good_for: Time,
    },
}

/// How far a reader is. `is_valid`: nothing was told, or dropped, since its guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asked { is_valid: bool, over: Index },
    Answered { is_valid: bool, over: Index, version: Version },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The newest version.
    current: Version,
    /// How long ago each version was followed by the next.
    ages: Vec<Time>,
    /// One; or an old one on which a reader waits, and a new one.
    connections: Vec<Connection>,
    // The process.
    /// The connection that counts.
    epoch: Option<Index>,
    /// For how long values may be served yet.
    good_for: Time,
    kept: Option<Version>,
    /// What the caller's thread has in front of the map.
    front: Front,
    /// Everything is being dropped: the generations are raised, the map is not cleared yet.
    is_clearing: bool,
    /// An own invalidation that the server has carried out, and that has not returned.
    own: Option<Version>,
    /// The newest version whose own invalidation has returned.
    floor: Version,
    readers: Vec<Phase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Change,
    Empty,
    OwnInvalidation,
    OwnReturns,
    Execute(Index),
    Deliver(Index),
    Break(Index),
    /// The process takes its connection for ended.
    End,
    Clear,
    Connect,
    Ping,
    Ask(Who),
    Admit(Who),
    Note,
    PutInFront,
}

const BOUND: &str = "a value is not served for as long as the bound after its change";
const OWN: &str = "an own invalidation that has returned is seen";
const TOLD: &str = "an old value is there only while the word of it is on the wire";
const HIT: &str = "a hit";
const OLD_HIT: &str = "a hit that is old, within the bound";
const GUARDED: &str = "a value is kept out by its guard";
const OF_AN_OLD_EPOCH: &str = "a value is kept out by its epoch alone";
const IN_FRONT: &str = "a hit in front of the map";
const AGAIN: &str = "a hit over a new connection while a reader waits on the old one";

impl Model for Tier {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            current: 0,
            ages: Vec::new(),
            connections: Vec::new(),
            epoch: None,
            good_for: 0,
            kept: None,
            front: Front::None,
            is_clearing: false,
            own: None,
            floor: 0,
            readers: vec![Phase::Idle; self.readers],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        if state.current < self.changes {
            actions.push(Action::Change);
            actions.extend(self.empties.then_some(Action::Empty));
            actions.extend(state.own.is_none().then_some(Action::OwnInvalidation));
        }
        actions.extend(state.own.map(|_| Action::OwnReturns));
        self.actions_of_the_library(state, actions);
        match state.front {
            // To note it before there is something only voids it earlier.
            Front::None => actions.extend(state.kept.map(|_| Action::Note)),
            Front::Noted { .. } => actions.push(Action::PutInFront),
            // The next one is noted when this has ended.
            Front::Holds { .. } => {}
        }
        for (index, connection) in state.connections.iter().enumerate().filter(|(_, one)| one.is_up) {
            actions.extend(self.reconnects.then_some(Action::Break(index)));
            actions.extend((!connection.requests.is_empty()).then_some(Action::Execute(index)));
        }
        // A reader may be handed a connection that has just been given up.
        let can_ask = state.connections.last().is_some_and(|last| last.is_up);
        for (who, phase) in state.readers.iter().enumerate() {
            match phase {
                // Of equal readers, the first goes first.
                Phase::Idle if can_ask && !state.readers[..who].contains(phase) => {
                    actions.push(Action::Ask(who));
                }
                Phase::Idle | Phase::Asked { .. } => {}
                Phase::Answered { .. } => actions.push(Action::Admit(who)),
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        self.step(&mut state, action);
        state.tidy();
        // What changes nothing leads nowhere.
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(BOUND, |tier: &Self, state: &State| {
                state.served().into_iter().flatten().all(|version| {
                    state.ages.get(usize::from(version)).is_none_or(|age| *age < tier.staleness)
                })
            }),
            Property::always(OWN, |_, state: &State| {
                state.served().into_iter().flatten().all(|version| version >= state.floor)
            }),
            Property::always(TOLD, |_, state: &State| {
                let in_front = match state.front {
                    Front::Holds { version, .. } => Some(version),
                    Front::None | Front::Noted { .. } => None,
                };
                let is_new =
                    [state.kept, in_front].into_iter().flatten().all(|version| version == state.current);
                let is_quiet = |connection: &Connection| connection.is_up && !connection.is_telling();
                is_new || state.is_clearing || !state.newest().is_some_and(is_quiet)
            }),
            Property::sometimes(HIT, |_, state: &State| state.served()[0].is_some()),
            Property::sometimes(OLD_HIT, |_, state: &State| {
                state.served()[0].is_some_and(|version| version < state.current)
            }),
            Property::sometimes(IN_FRONT, |_, state: &State| state.served()[1].is_some()),
            Property::sometimes(GUARDED, |_, state: &State| {
                state.readers.iter().any(|phase| {
                    matches!(phase, Phase::Answered { is_valid: false, over, .. }
                        if state.epoch == Some(*over))
                })
            }),
            Property::sometimes(OF_AN_OLD_EPOCH, |_, state: &State| {
                state.readers.iter().any(|phase| {
                    matches!(phase, Phase::Answered { is_valid: true, over, .. }
                        if state.epoch.is_some_and(|epoch| epoch != *over))
                })
            }),
            Property::sometimes(AGAIN, |_, state: &State| {
                state.served()[0].is_some() && state.epoch == Some(1)
            }),
        ]
    }
}

impl Tier {
    /// What the connection's driver and its keeper do: one thread, one thing after another.
    fn actions_of_the_library(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_clearing {
            return actions.push(Action::Clear);
        }
        let has_spoken = |index: &Index| !state.connections[*index].wire.is_empty();
        actions.extend((0..state.connections.len()).filter(has_spoken).map(Action::Deliver));
        match state.newest() {
            Some(connection) => {
                actions.extend(self.reconnects.then_some(Action::End));
                actions.extend((!connection.is_pinged()).then_some(Action::Ping));
            }
            None => actions.extend((state.connections.len() < 2).then_some(Action::Connect)),
        }
    }
}

impl State {
    /// What a hit would be given now, by the map and in front of it.
    fn served(&self) -> [Option<Version>; 2] {
        let in_front = match self.front {
            Front::Holds { version, good_for } => Some(version).filter(|_| good_for > 0),
            Front::None | Front::Noted { .. } => None,
        };
        [self.kept.filter(|_| self.good_for > 0), in_front]
    }

    fn newest(&self) -> Option<&Connection> {
        self.epoch.map(|index| &self.connections[index])
    }
}

impl Connection {
    /// Whether the word of a change is under way.
    fn is_telling(&self) -> bool {
        self.wire.iter().any(|message| matches!(message, Message::Changed | Message::Emptied))
    }

    /// Whether a heartbeat is under way: there is one at a time.
    fn is_pinged(&self) -> bool {
        self.requests.iter().any(|request| matches!(request, Request::Ping { .. }))
            || self.wire.iter().any(|message| matches!(message, Message::Pong { .. }))
    }
}
