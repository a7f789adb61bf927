//! Authenticated encryption under keys that have names: XAES-256-GCM of the C2SP, and a keyring of it.
//!
//! It knows nothing of entries. What is sealed and what it is bound to is for `entry/sealed` to say.

mod keyring;
mod provider;
mod xaes;

pub use keyring::Keyring;
pub(crate) use keyring::Seals;
