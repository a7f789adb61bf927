//! What the world looks like between two steps.

use crate::store::key_state;

/// Tells one write from any other. Only ever compared with others, so states that differ in names alone are one; see
/// [`State::tidy`].
pub(crate) type Nonce = u8;
/// Of the database. The higher the newer.
pub(crate) type Version = u8;
/// Index of a caller.
pub(crate) type Who = usize;
/// Index into what there is of each key.
pub(crate) type Key = usize;
pub(crate) type Each<T> = [T; 2];

pub(crate) const KEYS: Each<Key> = [0, 1];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Value {
    pub(crate) nonce: Nonce,
    pub(crate) version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Content {
    Lease(Nonce),
    Value(Value),
    Tombstone(Nonce),
}

impl Content {
    pub(crate) fn nonce(self) -> Nonce {
        match self {
            Self::Lease(nonce) | Self::Tombstone(nonce) | Self::Value(Value { nonce, .. }) => nonce,
        }
    }
}

impl key_state::Content for Content {
    /// In bytes it is the state and the nonce; nonces alone tell contents apart as well.
    type Mark = Nonce;

    fn begins_with(&self, mark: &Nonce) -> bool {
        self.nonce() == *mark
    }
}

/// Where a lease is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Position {
    Empty,
    /// The same, in place of a look-up: what is there is the answer to one.
    First,
    /// In the place of a value that is past all its windows.
    Over(Nonce),
    /// Beside a value that stays readable.
    Beside(Nonce),
}

/// A lease that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ask {
    pub(crate) lease: Nonce,
    pub(crate) position: Position,
}

impl Ask {
    /// The value to be replaced; `None` if the lease itself is in its place.
    pub(crate) fn base(self) -> Option<Nonce> {
        match self.position {
            Position::Beside(base) => Some(base),
            _ => None,
        }
    }

    /// Once it has been asked for, what it has taken the place of makes no difference.
    pub(crate) fn standing(self) -> Self {
        match self.position {
            Position::Over(_) | Position::First => Self { position: Position::Empty, ..self },
            _ => self,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reply {
    Granted,
    Refused,
    /// It does not come in time.
    Lost,
}

/// The right to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Permit {
    pub(crate) ask: Ask,
    /// Whether time or the writer has taken the lease.
    pub(crate) is_lapsed: bool,
}

/// A command on its way to the server, for which nobody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Op {
    /// That nobody waits for any more.
    Acquire(Ask),
    /// `from` is the process that still waits for the answer.
    Store { ask: Ask, value: Value, from: Option<u8> },
    /// Of a lease, wherever it stands. `stored` if its value has replaced another.
    Release { ask: Ask, stored: bool },
    /// Of a refresh whose value, of this version, is not to be stored: removes the old one. Then the lease beside it goes.
    Remove { ask: Ask, version: Version },
}

/// A value that was read and is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Old {
    pub(crate) value: Value,
    /// Whether it has time left, and is replaced early.
    pub(crate) is_fresh: bool,
}

/// How a call takes what it found; the engine's `Lookup`, less what is served at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Lookup {
    Absent,
    Lease(Nonce),
    Tombstone,
    Due(Old),
    /// Past all its windows.
    Unusable(Nonce),
    /// The store did not answer in time.
    Unknown,
}

impl Lookup {
    /// The mark by which a flight of this process may be joined.
    pub(crate) fn sight(self) -> Option<Nonce> {
        match self {
            Self::Lease(mark) | Self::Due(Old { value: Value { nonce: mark, .. }, .. }) => Some(mark),
            _ => None,
        }
    }
}

/// How a flight ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Landed {
    Value(Version),
    /// The computation failed. With the old value that its leader serves in its place, if it has found one.
    Failed(Option<Value>),
    Nothing,
    Abandoned,
}

/// How far a key of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The value is there, or the key was never asked for.
    Done,
    /// To be looked up.
    Open,
    /// The server has carried that out, and the reply is on its way.
    Answered(Option<Content>),
    /// Looked up. Others may join the flight.
    Found(Lookup),
    Asked(Ask, Option<Reply>, bool),
    /// Another process has the lease.
    Waiting(Nonce),
    /// Waits for another's flight.
    Following(Who),
    /// That has ended.
    Landed(Landed),
    /// To be computed, and stored under this permit.
    Leading(Option<Permit>),
    /// To be computed without being stored.
    Alone,
    /// Of a refresher that is about to begin.
    Stale(Value),
}

/// A flight, kept with its leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) is_open: bool,
    pub(crate) mark: Option<Nonce>,
}

/// A key of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Miss {
    pub(crate) stage: Stage,
    pub(crate) lead: Option<Flight>,
    /// An older value that this call has found itself.
    pub(crate) fallback: Option<Old>,
    /// The newest version of whose invalidation the call knows: what it may not go below.
    pub(crate) floor: Version,
    /// What had been replaced by then, likewise.
    pub(crate) replaced: Version,
}

impl Miss {
    pub(crate) const DONE: Self =
        Self { stage: Stage::Done, lead: None, fallback: None, floor: 0, replaced: 0 };

    /// The right to store that has been granted, whether the call knows of it yet or not.
    pub(crate) fn permit(&self) -> Option<Permit> {
        match self.stage {
            Stage::Leading(permit) => permit,
            Stage::Asked(ask, Some(Reply::Granted), is_lapsed) => Some(Permit { ask, is_lapsed }),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Call,
    /// Within a bypass: all is computed, and takes the place of what is there.
    Forced,
    /// A process's background refresher.
    Refresher,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Course {
    Idle,
    /// Looks up, asks, waits.
    Running,
    /// About to read the database.
    Computing,
    /// Has read it.
    Read(Each<Version>),
}

/// Makes calls, or refreshes in the background.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Caller {
    pub(crate) kind: Kind,
    pub(crate) process: u8,
    /// Of each of its calls, in their order.
    pub(crate) keys: &'static [Key],
    /// How many calls it will still make.
    pub(crate) calls: u8,
    pub(crate) course: Course,
    pub(crate) rounds: u8,
    pub(crate) misses: Each<Miss>,
    /// Whether it met the lease of a process that is gone.
    pub(crate) met_orphan: bool,
}

impl Caller {
    pub(crate) fn new(kind: Kind, process: u8, keys: &'static [Key], calls: u8) -> Self {
        let (course, misses) = (Course::Idle, [Miss::DONE; 2]);
        Self { kind, process, keys, calls, course, rounds: 0, misses, met_orphan: false }
    }

    pub(crate) fn any(&self, is: impl Fn(Stage) -> bool) -> bool {
        self.misses.iter().any(|miss| is(miss.stage))
    }

    /// The call is over. Nothing of it is left.
    pub(crate) fn end(&mut self) {
        let is_call = self.course != Course::Idle && self.kind != Kind::Refresher;
        *self = Self::new(self.kind, self.process, self.keys, self.calls - u8::from(is_call));
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Each<Version>,
    /// The newest version whose invalidation the server has carried out. It counts as returned at once: a later return
    /// would only ask less of the calls.
    pub(crate) invalidated: Each<Version>,
    /// The newest version with which a refresh has replaced what it had read, or of which it has removed it.
    pub(crate) replaced: Each<Version>,
    pub(crate) slots: Each<Option<Content>>,
    /// The leases beside the slots.
    pub(crate) beside: Each<Option<Content>>,
    pub(crate) callers: Vec<Caller>,
    /// Commands that nobody waits for. A sorted bag, since they may overtake each other.
    pub(crate) posted: Vec<(Key, Op)>,
    /// A nonce that nobody had before, or that nobody remembers, which comes to the same.
    pub(crate) new_nonce: Nonce,
    pub(crate) crashes: u8,
    /// The lease that a crashed process left.
    pub(crate) orphan: Option<Nonce>,
    // What only the properties look at.
    pub(crate) served_old: bool,
    pub(crate) served_replaced: bool,
    pub(crate) broke_hold: bool,
}

impl State {
    pub(crate) fn stage(&self, who: Who, key: Key) -> Stage {
        self.callers[who].misses[key].stage
    }

    pub(crate) fn set(&mut self, who: Who, key: Key, stage: Stage) {
        self.callers[who].misses[key].stage = stage;
    }

    pub(crate) fn post(&mut self, key: Key, op: Op) {
        self.posted.push((key, op));
    }

    /// The call has its value of a key.
    pub(crate) fn give(&mut self, who: Who, key: Key, version: Version) {
        let caller = &mut self.callers[who];
        let Miss { floor, replaced, lead, .. } = caller.misses[key];
        if caller.kind != Kind::Refresher {
            self.served_old |= version < floor;
            self.served_replaced |= version < replaced;
        }
        caller.misses[key] = Miss { lead, ..Miss::DONE };
    }

    /// A nonce that nobody has. Until the state is tidy, the next one is another.
    pub(crate) fn take_nonce(&mut self) -> Nonce {
        self.new_nonce += 1;
        self.new_nonce - 1
    }
}
