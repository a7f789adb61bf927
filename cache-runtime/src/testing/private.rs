//! What the macros write. No promise holds between versions.

pub use super::asserts::{AsyncCall, Awaiting, Begun, BlockingCall, Done, Expected, Prepared};
pub use super::macros::expect;
pub use super::watched::Watched;
