//! A number for the shape of a type, as serde sees it.
//!
//! Why from the type and not from what a person writes? Forgetting to raise a version is the ordinary case, and in a
//! format without names yesterday's bytes then decode into today's struct, wrongly. Why through `Deserialize` and not
//! a derive of our own? Cached types come from everywhere; all of them have `Deserialize`.
//!
//! # How
//!
//! `Deserialize` is run against a deserializer that has no bytes ([`tracer`]). A pass goes down one path of the type, says at
//! its end what was asked for there, and ends with an error. The next pass goes one step further on another path, until
//! all is known ([`graph`]), and the graph is hashed ([`digest`]). A recursive type is a finite graph.
//!
//! # What the type's own code gets to see
//!
//! An error, as for bytes that are damaged, and never a value that was invented: it may index, assert or unwrap, and with
//! `panic = "abort"` that would end the process. Visitors are told nothing, except those that serde's derive has generated and
//! those of serde itself ([`trust`]). A struct is read by name, one field a pass, so no field needs another's value. Only the
//! elements of a tuple come one after the other: to see the second, the first is made, provided that all of it
//! is made by trusted code. It is dropped as soon as the pass ends.
//!
//! # What is hashed
//!
//! Kinds of primitives; the names and the order of fields and variants, with aliases; names of structs and enums;
//! lengths of tuples; what is inside options, sequences, maps and newtypes. Where code written by hand reads a
//! value, what it asks for and the type's name, without its path. Not hashed: any other name of a Rust type and all
//! modules, so moving a type or putting it in a `Box` changes nothing.
//!
//! # What is not seen through
//!
//! The docs of `codec` have the list for users; keep it in step.

mod asked;
mod digest;
mod graph;
mod names;
mod parts;
#[cfg(test)]
mod tests;
mod tracer;
mod trust;

use std::any::type_name;

use serde::de::DeserializeOwned;

use crate::codec::Codec;

use self::{
    graph::Graph,
    tracer::{Pass, Tracer},
};

/// Passes over one type: as many as it has fields, variants and elements, each counted once.
const MAX_PASSES: usize = 100_000;

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
    run(human_readable, type_name::<T>(), &|tracer| {
        // An error in any case: the pass keeps what was asked for.
        let _ = T::deserialize(tracer);
    })
}

/// Compiled once, and not for every type.
fn run(human_readable: bool, expected: &'static str, visit: &dyn Fn(Tracer<'_>)) -> Graph {
    let mut graph = Graph::new();
    for _ in 0..MAX_PASSES {
        let Some(place) = graph.next_place() else { return graph };
        let path = graph.path_to(place);
        let pass = Pass::new(&graph, human_readable);
        visit(Tracer::follow(&pass, &path, expected));
        let asked = pass.asked();
        graph.answer(place, asked);
    }
    graph.truncate();
    graph
}
