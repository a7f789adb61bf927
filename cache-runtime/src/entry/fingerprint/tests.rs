//! Four questions: is a change of a type seen, is what is no change not seen, does it always end, and is nobody's code told
//! anything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[cfg(all(feature = "bincode", feature = "json"))]
mod asking;
mod changes;
mod golden;
mod hostile;
mod stable;
mod unmade;
mod untouched;

use serde::de::DeserializeOwned;

use super::explore;
use super::graph::Place;

/// What is known of a type.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    hash: u64,
    /// The type asks the bytes what they are.
    self_describing: bool,
    /// Code that is not seen through reads some part of it.
    opaque: bool,
    /// Some part was not reached, or a bound was met.
    partial: bool,
}

fn inspect<T: DeserializeOwned>(human_readable: bool) -> Fingerprint {
    let graph = explore::<T>(human_readable);
    let places = || graph.nodes.iter().flat_map(|node| &node.parts);
    let is_opaque = |place: &Place| place.found.as_ref().is_some_and(|found| found.label.is_some());
    Fingerprint {
        hash: graph.digest(),
        self_describing: graph.is_self_describing(),
        opaque: places().any(is_opaque),
        partial: graph.truncated || places().any(|place| place.found.is_none()),
    }
}
