//! For which replicas removals wait, where a cache asks for that.

use std::time::Duration;

/// How long may be waited for replicas.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How many replicas have to acknowledge a removal, and how long they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplicaWait {
    pub(crate) replicas: u32,
    pub(crate) time: Duration,
}

impl ReplicaWait {
    /// `WAIT` without a time waits for ever.
    pub(crate) fn is_possible(&self) -> bool {
        self.replicas > 0 && (SHORTEST..=LONGEST).contains(&self.time)
    }
}
