//! Keys: how a call becomes the name of a Redis key.
//!
//! A key is literal text and rendered arguments in turn. Every argument is percent-encoded as RFC 3986 does a path
//! segment, and the macro refuses a template in which two arguments touch without a character that the encoding never
//! produces. So two different argument lists can never give one key: keys are injective by construction, not by luck.
//!
//! # Composite arguments
//!
//! A scalar (integer, `bool`, `char`, string, …) is its text, encoded once. A composite (`Option`, list, tuple, derived
//! struct or enum) is the sequence of its elements, each encoded and followed by a comma, and the whole is encoded once
//! more when it stands in a key:
//!
//! | value | key part | in Python |
//! | --- | --- | --- |
//! | `42` | `42` | `quote(str(42), safe="")` |
//! | `"a/b"` | `a%2Fb` | `quote("a/b", safe="")` |
//! | `None` | (empty) | `quote("", safe="")` |
//! | `Some("a/b")` | `a%252Fb%2C` | `quote(quote("a/b", safe="") + ",", safe="")` |
//! | `(1, 2)` or `[1, 2]` | `1%2C2%2C` | `quote("1,2,", safe="")` |
//!
//! Hence `None`, `Some("")`, `[]` and `[""]` differ within a type. Across types they need not: a template's argument has
//! one type.
//!
//! # Long keys
//!
//! A key over [`LONGEST`] bytes keeps its readable beginning and ends in `#` and the first 128 bits of the SHA-256 of the
//! whole key, in hexadecimal. SHA-256 and not a fast hash, because callers choose arguments, and a collision would hand
//! one caller's data to another.

pub(crate) mod bucket;
mod buffer;
mod builder;
mod identity;
mod part;
mod pieces;
mod scalar;
mod scratch;
mod secret;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use buffer::KeyBuf;
pub use builder::KeyBuilder;
pub(crate) use builder::KeyTemplate;
#[cfg(any(test, feature = "page"))]
pub(crate) use builder::LONGEST;
pub use identity::IdentityWriter;
pub(crate) use identity::{CallIdentity, IdentitySeed};
pub use part::KeyPart;
pub use pieces::{Arg, Each, EachSecret, End, Path, Pieces, Secret, Template, Text};
pub use scalar::Scalar;
use scratch::Scratch;
pub(crate) use secret::SecretNames;
pub use writer::KeyWriter;
