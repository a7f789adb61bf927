//! What a state of the world is made of.

use crate::store::key_state;
use crate::store::key_state::Write;

pub(crate) type Who = usize;
/// An index into what there is of each key.
pub(crate) type Key = usize;
pub(crate) type Version = u8;
pub(crate) type Each<T> = [T; 2];
/// Says who asked for the lease, and in which round: no two of a key are the same.
pub(crate) type Mark = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Content {
    Lease(Mark),
    Value(Version),
    Tombstone,
}

impl key_state::Content for Content {
    type Mark = Mark;

    fn begins_with(&self, mark: &Mark) -> bool {
        match self {
            Self::Lease(lease) => lease == mark,
            Self::Value(version) => OF_VALUE + version == *mark,
            Self::Tombstone => false,
        }
    }
}

/// From here on marks are those of values, which are told apart by their versions: of two with one version neither is older.
pub(crate) const OF_VALUE: Mark = 100;

/// What has become of a key of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// To be looked up. Others of the process may wait for the call already, which was refused a lease.
    Open {
        leads: bool,
    },
    /// Its flight is led. With what the look-up found, and whether others may join it unseen.
    Opened(Option<Content>, bool),
    /// A lease is asked for.
    Asked {
        mark: Mark,
        granted: Option<bool>,
        lapsed: bool,
    },
    /// To be computed; stored only with a mark. Lapsed if time or the writer has taken the lease.
    Led {
        mark: Option<Mark>,
        lapsed: bool,
    },
    /// To be computed without being stored.
    Alone,
    /// Another process has the lease. Others of this process may wait for the call to see its end.
    Waiting {
        mark: Mark,
        leads: bool,
    },
    Following(Who),
    /// The flight that was followed ended without a value.
    Landed(Landed),
    /// The value is there, or the key was never asked for.
    Settled,
}

/// How a flight ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Landed {
    Value(Version),
    Nothing,
    Abandoned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Idle,
    /// Looks up, asks, waits.
    Running,
    /// The body runs and has not read the database.
    Computing,
    /// It has.
    Read(Each<Version>),
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) stage: Stage,
    pub(crate) parts: Each<Part>,
    /// Keys whose flights are followed, in the order in which they were joined.
    pub(crate) following: Vec<Key>,
    /// What had been invalidated when the call began.
    pub(crate) floor: Each<Version>,
    pub(crate) rounds: u8,
}

/// On its way to the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Posted {
    Acquire(Key, Mark),
    Release(Key, Mark),
    /// What replaces nothing, since its value of this version is not to be stored, removes.
    Remove(Key, Mark, Version),
    /// Of one batch: for each key the lease and the value.
    Store {
        entries: Each<Option<(Mark, Version)>>,
        /// Whether the process still waits for the answer.
        is_awaited: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Each<Version>,
    pub(crate) invalidated: Each<Version>,
    /// The newest version with which a call within a bypass has replaced an older value, or removed it.
    pub(crate) replaced: Each<Version>,
    pub(crate) slots: Each<Option<Content>>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) posted: Vec<Posted>,
    /// A call returned less than it had to.
    pub(crate) is_stale: bool,
}

impl State {
    pub(crate) fn write(&mut self, key: Key, write: Write<Content>) {
        match write {
            Write::Keep => {}
            Write::Put(content) => self.slots[key] = Some(content),
            Write::Remove => self.slots[key] = None,
        }
    }

    /// Before an older value is replaced, or removed, if it is still there.
    pub(crate) fn note(&mut self, key: Key, mark: Mark, version: Version) {
        let is_there = |slot: Content| key_state::Content::begins_with(&slot, &mark);
        if mark >= OF_VALUE && self.slots[key].is_some_and(is_there) {
            self.replaced[key] = self.replaced[key].max(version);
        }
    }

    /// What a call that begins now may not go below.
    pub(crate) fn floor(&self, key: Key) -> Version {
        self.invalidated[key].max(self.replaced[key])
    }

    /// Time, or the writer, takes what is there.
    pub(crate) fn take(&mut self, key: Key) {
        let Some(Content::Lease(lost)) = self.slots[key].take() else { return };
        for caller in &mut self.callers {
            match &mut caller.parts[key] {
                Part::Asked { mark, lapsed, .. } if *mark == lost => *lapsed = true,
                Part::Led { mark: Some(mark), lapsed } if *mark == lost => *lapsed = true,
                _ => {}
            }
        }
    }

    pub(crate) fn any_part(&self, is: impl Fn(&Self, Key, Part) -> bool) -> bool {
        self.callers.iter().any(|caller| [0, 1].iter().any(|key| is(self, *key, caller.parts[*key])))
    }

    pub(crate) fn settle(&mut self, who: Who, key: Key, version: Version) {
        self.is_stale |= version < self.callers[who].floor[key];
        self.callers[who].parts[key] = Part::Settled;
    }

    pub(crate) fn follow(&mut self, who: Who, key: Key, leader: Who) {
        self.callers[who].parts[key] = Part::Following(leader);
        self.callers[who].following.push(key);
    }

    /// The body reads the database: one query for all that it computes.
    pub(crate) fn read(&mut self, who: Who) {
        let caller = &mut self.callers[who];
        let is_computed = |key: Key| matches!(caller.parts[key], Part::Led { .. } | Part::Alone);
        caller.stage = Stage::Read([0, 1].map(|key| if is_computed(key) { self.database[key] } else { 0 }));
    }

    /// Waits for a flight that computes the key.
    pub(crate) fn is_shared(&self, key: Key, part: Part) -> bool {
        let Part::Following(leader) = part else { return false };
        let leader = &self.callers[leader];
        matches!((leader.stage, leader.parts[key]), (Stage::Read(_), Part::Led { .. }))
    }

    pub(crate) fn holders(&self, key: Key) -> usize {
        self.callers.iter().filter(|caller| caller.parts[key].holds()).count()
    }
}

impl Part {
    /// Whether a lease is held that is still there.
    pub(crate) fn holds(self) -> bool {
        matches!(
            self,
            Self::Asked { granted: Some(true), lapsed: false, .. }
                | Self::Led { mark: Some(_), lapsed: false }
        )
    }

    /// Whether this is the flight that is known by the mark.
    pub(crate) fn has(self, seen: Mark) -> bool {
        match self {
            Self::Asked { mark, .. } => mark == seen,
            Self::Led { mark, .. } => mark == Some(seen),
            _ => false,
        }
    }
}

impl Posted {
    /// A batch of both keys whose leases are still there.
    pub(crate) fn fits(&self, state: &State) -> bool {
        let Self::Store { entries, .. } = self else { return false };
        entries
            .iter()
            .zip(state.slots)
            .all(|(entry, slot)| entry.is_some_and(|(mark, _)| slot == Some(Content::Lease(mark))))
    }

    pub(crate) fn concerns(&self, key: Key) -> bool {
        match self {
            Self::Acquire(of, _) | Self::Release(of, _) | Self::Remove(of, ..) => *of == key,
            Self::Store { entries, .. } => entries[key].is_some(),
        }
    }
}

impl Caller {
    pub(crate) fn replace(&mut self, old: Part, new: Part) {
        self.parts.iter_mut().filter(|part| **part == old).for_each(|part| *part = new);
    }

    /// The call is over. Nothing of it is left.
    pub(crate) fn end(&mut self) {
        *self = Self {
            stage: Stage::Over,
            parts: [Part::Settled; 2],
            following: Vec::new(),
            floor: [0; 2],
            rounds: 0,
        };
    }
}
