//! What observers are told: recorders of the crate `metrics`, and subscribers of `tracing`.

mod reporter;
mod spans;
