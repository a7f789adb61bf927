//! Tests of the protocol as a whole: models that are checked exhaustively, and races under `shuttle`.

mod circles;
mod layers;
mod models;
mod races;
mod schedulers;
pub(crate) mod sources;
