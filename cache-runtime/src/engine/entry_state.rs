//! The state of a key.

use crate::engine::flight::Sight;
use crate::engine::mark_of;
use crate::error::Error;
use crate::local::{Arrival, Guard, LocalValue};
use crate::report::miss_reason::MissReason;
use crate::store::vocabulary::CasToken;

/// The state of a key, as one function sees it.
pub(super) enum EntryState {
    Absent,
    /// A stored absence: the function has no value for this key of a batch.
    NoValue(CasToken),
    /// Another caller is computing.
    Lease(Sight),
    /// A hold: nothing may be stored for a while.
    Tombstone,
    Hit(Hit),
    /// To be served, and refreshed in the background.
    Stale(Hit, Sight),
    Due(Due),
    /// Bytes that are no entry of this function, or one past all its windows, or whose tags were invalidated; with their mark, if
    /// they have one, and with what a miss is for.
    Unusable(Option<CasToken>, MissReason),
    /// The store could not be asked, for this reason, or has not said anything else for too long.
    Unknown(Option<Error>),
}

/// An entry to serve. The caller, who knows the type, decodes its payload.
pub(crate) struct Hit {
    /// The entry; only its mark if this process has the value.
    pub(crate) bytes: Vec<u8>,
    pub(super) locally: Option<Box<Locally>>,
}

/// What this process has to do with an entry's value.
pub(super) enum Locally {
    /// How it may cache it.
    Arriving(Guard, Arrival),
    /// It has it.
    Kept(LocalValue),
}

impl Hit {
    /// An entry whose value this process keeps.
    pub(super) fn kept(mark: CasToken, value: LocalValue) -> Self {
        Self { bytes: mark.to_vec(), locally: Some(Box::new(Locally::Kept(value))) }
    }

    /// Its value, if this process has it.
    pub(crate) fn kept_value(&self) -> Option<LocalValue> {
        match self.locally.as_deref()? {
            Locally::Kept(value) => Some(LocalValue::clone(value)),
            Locally::Arriving(..) => None,
        }
    }

    /// All of the entry, unless there is only its mark.
    pub(super) fn entry(&self) -> Option<&[u8]> {
        match self.locally.as_deref() {
            Some(Locally::Kept(_)) => None,
            _ => Some(&self.bytes),
        }
    }

    pub(crate) fn mark(&self) -> Option<CasToken> {
        mark_of(&self.bytes)
    }
}

impl From<Vec<u8>> for Hit {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, locally: None }
    }
}

/// An entry that this call has to replace now.
pub(super) struct Due {
    pub(super) bytes: Vec<u8>,
    pub(super) sight: Sight,
    /// Whether it is still fresh and due for an early refresh.
    pub(super) is_fresh: bool,
}

impl EntryState {
    /// An entry to serve in place of an error.
    pub(super) fn into_fallback(self) -> Option<Vec<u8>> {
        match self {
            Self::Due(due) => Some(due.bytes),
            _ => None,
        }
    }

    /// The observation by which a flight of this process may be joined.
    pub(super) fn sight(&self) -> Option<Sight> {
        match self {
            Self::Lease(sight) | Self::Due(Due { sight, .. }) => Some(*sight),
            _ => None,
        }
    }

    /// The entry that would be served, if it was read.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Hit(hit) | Self::Stale(hit, _) => hit.entry(),
            Self::Due(due) => Some(&due.bytes),
            _ => None,
        }
    }
}
