//! The feature `testing`, as a team's own tests use it.

mod asserts;
mod clock;
mod faults;
mod sources;
