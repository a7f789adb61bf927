//! What the sources themselves promise, checked by reading them: the list of public items, and the rules of
//! `ARCHITECTURE.md` that the compiler cannot check.
//!
//! The crates are parsed from `lib.rs` on along their `mod` declarations, as the library is built with all its features
//! and without its tests, so nothing here knows the name of a file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod book;
mod links;
mod macros;
mod mentions;
mod names;
mod public_items;
mod rules;
mod tree;
mod type_names;
