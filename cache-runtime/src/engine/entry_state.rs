//! The state of a key.

use crate::engine::flight::Sight;
use crate::engine::mark_of;
use crate::error::Error;
use crate::local::{Arrival, Guard};
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
    /// they have one.
    Unusable(Option<CasToken>),
    /// The store could not be asked, for this reason, or has not said anything else for too long.
    Unknown(Option<Error>),
}

/// An entry to serve. The caller, who knows the type, decodes its payload.
pub(crate) struct Hit {
    pub(crate) bytes: Vec<u8>,
    /// How this process may cache it locally.
    pub(crate) arriving: Option<Box<(Guard, Arrival)>>,
}

impl Hit {
    pub(super) fn mark(&self) -> Option<CasToken> {
        mark_of(&self.bytes)
    }
}

impl From<Vec<u8>> for Hit {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, arriving: None }
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

    /// The entry that would be served.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Hit(hit) | Self::Stale(hit, _) => Some(&hit.bytes),
            Self::Due(due) => Some(&due.bytes),
            _ => None,
        }
    }
}
