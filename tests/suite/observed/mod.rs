//! What observers are told: recorders of the crate `metrics`.

mod reporter;
