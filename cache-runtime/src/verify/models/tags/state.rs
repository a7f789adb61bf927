//! What there is: the entry, the nonces, and the callers.

use crate::store::key_state;

/// Nonces are counted: none is ever used twice.
pub(crate) type Number = u8;
pub(crate) type Version = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content {
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
pub(crate) struct Base {
    pub(crate) version: Version,
    pub(crate) nonce: Number,
}

impl Base {
    pub(crate) fn is(self, slot: Option<Content>) -> bool {
        slot == Some(Content::Value { version: self.version, nonce: self.nonce })
    }
}

/// What a caller does next, or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
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
    /// Where the value names the tag: `seen` is what it has read of the tag, and of any tag it reads then.
    Store {
        held: Option<(Number, Number)>,
        version: Version,
        seen: Option<Number>,
    },
    Follow {
        leader: usize,
    },
    /// Refreshes a value that stays readable, with the nonces from before its body.
    Claim(Base),
    Refresh(Base, Number),
    Replace(Base, Number, Version, Option<Number>),
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) phase: Phase,
    /// What had been invalidated when it began.
    pub(crate) floor: Version,
    pub(crate) attempts: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Version,
    pub(crate) invalidated: Version,
    /// The first of the two steps of an invalidation is done: in a cluster the keys are on two nodes.
    pub(crate) is_half_invalidated: bool,
    /// The newest version with which a refresh has replaced what it had read, or removed it.
    pub(crate) replaced: Version,
    pub(crate) slot: Option<Content>,
    pub(crate) tag: Option<Number>,
    /// Of the key that the invalidation of any tag removes.
    pub(crate) any: Option<Number>,
    pub(crate) used: Number,
    pub(crate) callers: Vec<Caller>,
    /// A call returned less than it had to.
    pub(crate) is_stale: bool,
    pub(crate) is_shared: bool,
    pub(crate) is_hit: bool,
}

impl State {
    pub(crate) fn new_number(&mut self) -> Number {
        self.used += 1;
        self.used
    }

    /// Reads the nonce of the tag, or of any tag, and gives it one where it has none.
    pub(crate) fn nonce(&mut self, any: bool) -> Number {
        let current = if any { self.any } else { self.tag };
        let (_, nonce) = key_state::tag(current, || {
            let new = self.new_number();
            (new, new)
        });
        *if any { &mut self.any } else { &mut self.tag } = Some(nonce);
        nonce
    }

    /// One of the two steps of an invalidation: that of the tag, or of any tag.
    pub(crate) fn remove(&mut self, any: bool) {
        *if any { &mut self.any } else { &mut self.tag } = None;
        if self.is_half_invalidated {
            self.invalidated = self.database;
        }
        self.is_half_invalidated = !self.is_half_invalidated;
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, who: usize) {
        if self.callers[who].attempts == 0 {
            self.callers[who].floor = self.invalidated.max(self.replaced);
        }
    }

    pub(crate) fn give(&mut self, who: usize, version: Version) {
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
