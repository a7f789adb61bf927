//! What stands at a key, and how it is told that it is what it should be.
//!
//! - [`header`]: the bytes of values, leases and tombstones. Any change to one is noticed before its payload is read.
//! - [`fingerprint`]: a number for the shape of a type, so that the bytes of another type, or of the type as it was yesterday,
//!   are a miss.
//! - [`head`]: what stands beside the parts of a value that is stored in parts.
//! - [`identity`]: a number for the function too, in the same place: its template, its version, its instantiation.
//! - [`sealed`]: values whose payload is encrypted.
//! - [`special`]: whether a value is a `None`, which is stored for another time or not at all, or an `Err`, which never is.

pub(crate) mod fingerprint;
pub(crate) mod head;
pub(crate) mod header;
pub(crate) mod identity;
pub(crate) mod sealed;
pub(crate) mod special;

#[cfg(fuzzing)]
mod fuzz;
#[cfg(fuzzing)]
pub use self::fuzz::fuzz_decode;
