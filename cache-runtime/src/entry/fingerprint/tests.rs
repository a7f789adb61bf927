//! Three questions: is a change of a type seen, is what is no change not seen, and does it always end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod changes;
mod golden;
mod hostile;
mod stable;

use serde::de::DeserializeOwned;

use super::{
    explore,
    graph::Graph,
    shape::{Kind, Leaf, Shape, What},
};

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
    let asks = |shape: &Shape| is_asking(&graph, shape.what);
    Fingerprint {
        hash: graph.digest(),
        self_describing: graph.slots.iter().any(|slot| slot.shapes.iter().any(asks)),
        opaque: graph.truncated || graph.slots.iter().any(|slot| slot.dead),
    }
}

fn is_asking(graph: &Graph, what: What) -> bool {
    match what {
        What::Leaf(leaf) => matches!(leaf, Leaf::Identifier | Leaf::Ignored),
        What::Node(node) => graph.nodes[node].kind == Kind::Any,
    }
}
