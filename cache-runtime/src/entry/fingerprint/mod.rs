//! A number for the shape of a type, as serde sees it.
//!
//! Why from the type and not from what a person writes? Forgetting to raise a version is the ordinary case, and in a
//! format without names yesterday's bytes then decode into today's struct, wrongly. Why through `Deserialize` and not
//! a derive of our own? Cached types come from everywhere; all of them have `Deserialize`.
//!
//! # How
//!
//! `Deserialize` is run against a deserializer that has no bytes ([`tracer`]). It notes what it is asked for in a graph
//! ([`shape`], [`graph`]), answers with some value so that the type goes on, and the graph is hashed ([`digest`]). One run
//! does not see everything, so there are several passes ([`explore`]): each takes the next variant of the enums it meets
//! ([`variants`]) and goes into options and collections only where something is left to see ([`plan`]), so passes are short
//! and recursive types are finite. A type may refuse a value: then another is tried ([`candidates`], [`search`]).
//!
//! # What is hashed
//!
//! Kinds of primitives; the names and the order of fields and variants, with aliases; names of structs and enums;
//! lengths of tuples; what is inside options, sequences, maps and newtypes. Not hashed: which values were taken, and
//! names of Rust types or modules, so moving a type or putting it in a `Box` changes nothing.
//!
//! # What is not seen through
//!
//! The docs of `codec` have the list for users; keep it in step.

mod access;
mod candidates;
mod deserializer;
mod digest;
mod graph;
mod loose;
mod offers;
mod plan;
mod refusal;
mod search;
mod settle;
mod shape;
#[cfg(test)]
mod tests;
mod tracer;
mod variants;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::de::DeserializeOwned;

use crate::codec::Codec;

use self::{
    graph::{Fault, Graph, ROOT},
    tracer::Tracer,
};

/// Runs of one type. A type needs about as many as its largest enum has variants, and one for each value refused.
const MAX_PASSES: usize = 10_000;
/// Passes in a row that learn nothing although something is unexplored: what a place asks for may depend on the
/// variant chosen elsewhere, and these go round the variants.
const MAX_STALLED: usize = 256;

/// The fingerprint of a type under a codec, the same in every process, and whether the codec can read it back.
///
/// It costs microseconds for ordinary types and up to a second for hostile ones, so take it once.
pub(crate) fn for_codec<T: DeserializeOwned, C: Codec>() -> Schema {
    let graph = explore::<T>(C::HUMAN_READABLE);
    let is_unanswered = !C::SELF_DESCRIBING && graph.is_self_describing();
    Schema { fingerprint: graph.digest(), unanswered_by: is_unanswered.then_some(C::NAME) }
}

/// What is known of a type under a codec.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) fingerprint: u64,
    /// The codec's name, if it cannot tell what the type asks its bytes, as `untagged`, `flatten` and `serde_json::Value` do: what
    /// they hold. Hardly a value is ever read back then.
    pub(crate) unanswered_by: Option<&'static str>,
}

/// The type's fingerprint for a codec of this readability: some types have two shapes.
#[cfg(test)]
pub(crate) fn of<T: DeserializeOwned>(human_readable: bool) -> u64 {
    explore::<T>(human_readable).digest()
}

fn explore<T: DeserializeOwned>(human_readable: bool) -> Graph {
    let graph = RefCell::new(Graph::new());
    let mut stalled = 0;
    for _ in 0..MAX_PASSES {
        let made = pass::<T>(&graph, human_readable);
        let mut graph = graph.borrow_mut();
        let another_tag = made && graph.next_tags();
        let unexplored = graph.plan();
        let retry = !made && graph.is_open_to(ROOT);
        if graph.fault == Fault::Stop || !(another_tag || unexplored || retry) {
            break;
        }
        if graph.progress {
            stalled = 0;
            continue;
        }
        stalled += 1;
        graph.rotation += 1;
        if stalled > MAX_STALLED {
            graph.truncated = true;
            break;
        }
    }
    refusal::clear();
    graph.into_inner()
}

/// Whether a value was made.
fn pass<T: DeserializeOwned>(graph: &RefCell<Graph>, human_readable: bool) -> bool {
    graph.borrow_mut().begin_pass();
    let tracer = Tracer { graph, slot: ROOT, depth: 0, human_readable };
    // A type that panics on a value it does not like would take the caller's request down for a value that nobody
    // cached. Nothing of the graph is borrowed while the type's code runs, so it stays sound.
    let made =
        catch_unwind(AssertUnwindSafe(|| tracer.hand_out(ROOT, |tracer| T::deserialize(tracer)).is_ok()));
    made.unwrap_or_else(|_| {
        graph.borrow_mut().panicked();
        false
    })
}
