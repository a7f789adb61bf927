//! Memoize functions in Redis with one attribute.
//!
//! ```no_run
//! # use serde::{Serialize, Deserialize};
//! # #[derive(Serialize, Deserialize)] struct User; struct Pool; enum DbError {}
//! use redis_cached::redis_cached;
//!
//! #[redis_cached(ttl = 3600, key = "user:<id>", skip(db))]
//! async fn get_user(db: &Pool, id: u64) -> Result<User, DbError> {
//! #   let _ = db;
//!     // … ask the database …
//! #   Ok(User)
//! }
//!
//! # async fn example(db: Pool) -> Result<(), Box<dyn std::error::Error>> {
//! # let _ =
//! get_user(&db, 42).await; // the Redis key `user:42`, one GET when it is there
//! get_user_entry(42).invalidate().await?; // typed: the same key
//! # Ok(()) }
//! ```
//!
//! [`redis_cached`](macro@redis_cached) documents the attribute's options, [`Cache`] where values are kept, [`Entry`] what can be
//! done with one, [`KeyPart`] what may stand in a key, and [`codec`] how values are encoded and which types the schema
//! fingerprint cannot see through.
//!
//! Redis 6.2 to 8 and Valkey 8 are supported, as one server or one address behind which another takes over, by TCP, by a Unix socket
//! and, with the cargo feature `tls`, by TLS ([`CacheBuilder::url`]). Cluster and Sentinel are not supported yet: their URLs are refused
//! with [`ErrorKind::Url`], and a server in cluster mode with [`ErrorKind::Server`].

mod api;
pub mod codec;
mod engine;
mod entry;
mod error;
#[doc(hidden)]
pub mod expansion;
mod key;
mod local;
mod policy;
mod runtime;
mod store;
mod tags;
mod util;
#[cfg(test)]
mod verify;

pub use api::blocking_cache::BlockingCache;
pub use api::blocking_entry::BlockingEntry;
pub use api::builder::CacheBuilder;
pub use api::byte_size::ByteSize;
pub use api::cache::Cache;
pub use api::entry::Entry;
pub use api::stats::{FunctionStats, LocalStats, Stats};
pub use api::warm_up::{BlockingWarmUp, WarmUp};
pub use error::{Error, ErrorKind};
pub use expansion::call::Cacheable;
pub use key::{KeyPart, KeyWriter, Scalar};
pub use policy::ttl::Ttl;
pub use redis_cached_macro::{KeyPart, Tag, redis_cached, redis_invalidates, redis_updates};
pub use store::credentials::Credentials;
pub use tags::Tag;

#[cfg(fuzzing)]
pub use entry::fuzz_decode;

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So are those of the page on keys.
#[cfg(doctest)]
#[doc = include_str!("../../docs/keys.md")]
struct Keys;
