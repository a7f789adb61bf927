//! Three questions: is a change of a type seen, is what is no change not seen, and does it always end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[cfg(all(feature = "bincode", feature = "json"))]
mod asking;
mod changes;
mod golden;
mod hostile;
mod stable;

use serde::de::DeserializeOwned;

use super::explore;

/// What is known of a type.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    hash: u64,
    /// The type asks the bytes what they are.
    self_describing: bool,
    /// Some place has no value, or a bound was met.
    opaque: bool,
}

fn inspect<T: DeserializeOwned>(human_readable: bool) -> Fingerprint {
    let graph = explore::<T>(human_readable);
    Fingerprint {
        hash: graph.digest(),
        self_describing: graph.is_self_describing(),
        opaque: graph.truncated || graph.slots.iter().any(|slot| slot.dead),
    }
}
