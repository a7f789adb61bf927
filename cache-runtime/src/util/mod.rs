//! Small tools that know nothing of caches.

pub(crate) mod clock;
pub(crate) mod counter;
pub(crate) mod function_id;
pub(crate) mod hashing;
pub(crate) mod histogram;
pub(crate) mod locks;
pub(crate) mod maybe_static;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod retry_gate;
pub(crate) mod serialize_fields;
pub(crate) mod streak;
pub(crate) mod striped;
pub(crate) mod surroundings;
pub(crate) mod test_clock;
pub(crate) mod trace;
