//! What the world looks like between two steps.

use crate::store::key_state;

/// Tells one write from any other. Only ever compared with others, so states that differ in names alone are one; see
/// [`State::tidy`].
pub(crate) type Nonce = u8;
/// Of the database. The higher the newer.
pub(crate) type Version = u8;
/// Index of an actor.
pub(crate) type Who = usize;

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

/// A command on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Op {
    Get,
    Acquire {
        lease: Nonce,
    },
    /// Puts a lease in the place of a value that is past all its windows.
    Replace {
        old: Nonce,
        lease: Nonce,
    },
    /// Puts a lease beside a value that stays readable.
    Claim {
        lease: Nonce,
        old: Old,
    },
    /// `beside` is the lease beside the slot, where the mark is that of the value to be replaced. `from` is the process that
    /// waits for the answer.
    Store {
        mark: Nonce,
        value: Value,
        beside: Option<Nonce>,
        from: Option<u8>,
    },
    Release {
        lease: Nonce,
    },
    ReleaseClaim {
        lease: Nonce,
        stored: bool,
    },
    /// Of a refresh whose value, of this version, is not to be stored: removes the old one. Then the lease beside it goes.
    Remove {
        old: Nonce,
        version: Version,
        lease: Nonce,
    },
}

/// A value that was read and is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Old {
    pub(crate) value: Value,
    /// Whether it has time left, and is replaced early.
    pub(crate) is_fresh: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reply {
    Found(Option<Content>),
    Done(bool),
}

/// How a caller takes what it found; the engine's `Seen`, less what is served at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Seen {
    Nothing,
    Lease(Nonce),
    Tombstone,
    Replace(Old),
    /// Past all its windows.
    Unfit(Nonce),
    /// A background refresh of a value that was served.
    Refresh(Value),
    /// The store did not answer in time.
    Unknown,
}

impl Seen {
    /// The mark by which a flight of this process may be joined.
    pub(crate) fn mark(self) -> Option<Nonce> {
        match self {
            Self::Lease(mark) | Self::Replace(Old { value: Value { nonce: mark, .. }, .. }) => Some(mark),
            _ => None,
        }
    }
}

/// The right to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Hold {
    pub(crate) lease: Nonce,
    /// The value to be replaced; `None` if the lease itself is in its place.
    pub(crate) base: Option<Nonce>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    Idle,
    /// A refresher that is about to begin.
    Due(Value),
    /// The command is on its way.
    Asked(Op),
    /// The server has carried it out, and the reply is on its way.
    Answered(Op, Reply),
    /// Leads a flight that others may join.
    Opened(Seen),
    /// Waits for another's flight. `fallback` is the old value that it has found, and serves should the other fail.
    Following {
        leader: Who,
        fallback: Option<Value>,
    },
    /// Will compute by itself, without storing.
    Alone,
    /// Has read the database.
    Computing {
        hold: Option<Hold>,
        version: Version,
        fallback: Option<Value>,
    },
}

/// A flight, kept with its leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) open: bool,
    pub(crate) mark: Option<Nonce>,
}

/// A caller, or a process's background refresher.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Actor {
    pub(crate) process: u8,
    pub(crate) refresher: bool,
    /// How many calls it will still make.
    pub(crate) calls: u8,
    pub(crate) phase: Phase,
    pub(crate) flight: Option<Flight>,
    /// The newest version of which the call under way knows: what it may not go below.
    pub(crate) floor: Version,
    /// What had been replaced by then, likewise.
    pub(crate) replaced: Version,
    /// Whether it met the lease of a process that is gone.
    pub(crate) met_orphan: bool,
}

impl Actor {
    pub(crate) fn new(process: u8, refresher: bool, calls: u8) -> Self {
        Self {
            process,
            refresher,
            calls,
            phase: Phase::Idle,
            flight: None,
            floor: 0,
            replaced: 0,
            met_orphan: false,
        }
    }

    /// The right to store that it has been granted, whether it knows of it yet or not.
    pub(crate) fn hold(&self) -> Option<Hold> {
        match self.phase {
            Phase::Computing { hold, .. } => hold,
            Phase::Answered(Op::Acquire { lease } | Op::Replace { lease, .. }, Reply::Done(true)) => {
                Some(Hold { lease, base: None })
            }
            Phase::Answered(Op::Claim { lease, old }, Reply::Done(true)) => {
                Some(Hold { lease, base: Some(old.value.nonce) })
            }
            _ => None,
        }
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Version,
    /// The newest version whose invalidation the server has carried out. It counts as returned at once: a later return
    /// would only ask less of the calls.
    pub(crate) invalidated: Version,
    /// The newest version with which a refresh has replaced what it had read, or of which it has removed it.
    pub(crate) replaced: Version,
    pub(crate) slot: Option<Content>,
    /// The lease beside the slot.
    pub(crate) claim: Option<Nonce>,
    pub(crate) actors: Vec<Actor>,
    /// Commands that nobody waits for. A sorted bag, since they may overtake each other.
    pub(crate) posted: Vec<Op>,
    /// A nonce that nobody had before, or that nobody remembers, which comes to the same.
    pub(crate) new_nonce: Nonce,
    pub(crate) crashes: u8,
    /// The lease that a crashed process left.
    pub(crate) orphan: Option<Nonce>,
    // What only the properties look at.
    /// The leases, one bit each, that time or the writer took from one who computes.
    pub(crate) lapsed: u64,
    pub(crate) served_old: bool,
    pub(crate) served_replaced: bool,
    pub(crate) broke_hold: bool,
}

impl State {
    /// The values on their way to the store with which flights of the process have landed, and the marks that they replace.
    pub(crate) fn landed(&self, process: u8) -> impl Iterator<Item = (Nonce, Version)> {
        self.posted.iter().filter_map(move |op| match *op {
            Op::Store { mark, value, from: Some(from), .. } if from == process => Some((mark, value.version)),
            _ => None,
        })
    }

    /// Nobody waits for the answer any more: the process has ended, or its patience.
    pub(crate) fn disown(&mut self, is_meant: impl Fn(usize, u8) -> bool) {
        for (index, op) in self.posted.iter_mut().enumerate() {
            if let Op::Store { from, .. } = op {
                *from = from.filter(|from| !is_meant(index, *from));
            }
        }
    }

    pub(crate) fn post(&mut self, op: Op) {
        self.posted.push(op);
    }
}

pub(crate) fn bit(nonce: Nonce) -> u64 {
    1 << nonce
}
