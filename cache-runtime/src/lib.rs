//! Memoize functions in Redis with one attribute.
//!
//! ```
//! use redis_cached::{Cache, redis_cached, redis_invalidates};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct User {
//!     name: String,
//! }
//! # use std::collections::HashMap;
//! # type Database = tokio::sync::Mutex<HashMap<u64, User>>;
//!
//! #[redis_cached(ttl = "1h", key = "user:<id>", skip(db))]
//! async fn get_user(db: &Database, id: u64) -> Result<Option<User>, std::io::Error> {
//!     // … ask the database …
//! #   Ok(db.lock().await.get(&id).cloned())
//! }
//!
//! #[redis_invalidates(get_user(id))]
//! async fn rename_user(db: &Database, id: u64, name: String) -> Result<(), std::io::Error> {
//!     // … change the database …
//! #   db.lock().await.insert(id, User { name });
//! #   Ok(())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // With Redis: `Cache::builder().url("redis://127.0.0.1").prefix("shop:").connect_lazy()?`.
//!     Cache::memory().set_global()?;
//! #   let db = Database::default();
//!
//!     rename_user(&db, 42, "Ann".to_owned()).await?;
//!     get_user(&db, 42).await?; // a miss: runs the body and stores `user:42`
//!     get_user(&db, 42).await?; // a hit: one command, one round trip
//!     get_user_entry(42).invalidate().await?; // the entry function returns the typed entry of a call
//!     Cache::global().flush().await?; // before the program ends
//!     Ok(())
//! }
//! ```
//!
//! A cached function returns its own value or its own error. If Redis is down, slow or full, the function computes; a call waits for Redis no longer than
//! [`CacheBuilder::deadline`], 250 ms by default. Failures are counted in [`Cache::stats`] and logged through the crate `log`.
//!
//! | to … | see |
//! | --- | --- |
//! | choose options of a cached function | [`redis_cached`](macro@redis_cached) |
//! | invalidate or update entries where data changes | [`redis_invalidates`](macro@redis_invalidates), [`redis_updates`](macro@redis_updates) |
//! | connect, set limits, invalidate tags, test without Redis | [`Cache`], [`CacheBuilder`] |
//! | read, store or invalidate one entry, or warm up many | [`Entry`] |
//! | use your own types in keys and tags | [`KeyPart`], [`Tag`] |
//! | choose a codec, and see which types the schema fingerprint cannot see through | [`codec`] |
//! | follow a data source that others change | [`Cache::follow`], [`ChangeSource`] |
//! | know what happened | [`Stats`], [`Error`] |
//! | see what stands at a key | [`Inspection`] |
//! | find missing invalidations | [`StaleSample`], [`CacheBuilder::verify_grace`] |
//! | learn it step by step, and choose between ways | the [guide](https://docs.rs/redis-cached/latest/redis_cached/guide/index.html) |
//!
//! # Cargo features
//!
//! | feature | adds |
//! | --- | --- |
//! | `bincode` (default), `json`, `messagepack`, `postcard` | a [codec] each |
//! | `lz4`, `zstd` | the compression of the same name, for the option `compress` |
//! | `tls` | `rediss://` with ring and the system's root certificates |
//! | `tls-webpki-roots` | `tls`, and Mozilla's root certificates as well |
//! | `tls-aws-lc` | `rediss://` with aws-lc-rs instead of ring |
//! | `uuid`, `time`, `chrono` | [`KeyPart`] for the types of these crates |
//! | `seal` | [`Keyring`](https://docs.rs/redis-cached/latest/redis_cached/struct.Keyring.html): values that are encrypted before they leave the process, with aws-lc-rs |
//! | `seal-rust` | the same in Rust alone, where no other feature brings aws-lc-rs; slower |
//! | `metrics` | [`MetricsReporter`](https://docs.rs/redis-cached/latest/redis_cached/struct.MetricsReporter.html), which reports [`Stats`] to the crate `metrics` |
//! | `page` | [`Cache::page`](https://docs.rs/redis-cached/latest/redis_cached/struct.Cache.html#method.page): the [`Report`] as a page, in HTML and JSON |
//! | `tracing` | spans of the crate `tracing` around requests to Redis, look-ups, waits, computations and refreshes |
//! | `testing` | for tests of your program: a clock that is turned, faults, assertions about calls, in the module `testing`; `assert_nothing_stale!` and `CacheBuilder::verify_all` |
//!
//! # Servers
//!
//! Redis 6.2 to 8 and Valkey 8, as one server, one address behind which another takes over, a primary that Sentinel names, or a cluster, over TCP, a Unix socket
//! or TLS: [`CacheBuilder`] lists the URLs.

// docs.rs says of each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
pub mod codec;
mod engine;
mod entry;
mod error;
#[doc(hidden)]
pub mod expansion;
// Text for docs.rs alone, which nobody else's build reads.
#[cfg(docsrs)]
pub mod guide;
mod key;
mod local;
mod policy;
mod report;
mod runtime;
#[cfg(feature = "sealing")]
mod seal;
pub mod shape;
mod store;
mod tags;
#[cfg(feature = "testing")]
pub mod testing;
mod util;
#[cfg(test)]
mod verify;

pub use api::blocking_cache::BlockingCache;
pub use api::blocking_entry::BlockingEntry;
pub use api::builder::CacheBuilder;
pub use api::byte_size::ByteSize;
pub use api::cache::Cache;
pub use api::entry::Entry;
pub use api::entry_options::EntryOptions;
pub use api::follow::{Change, ChangeSource, Touched};
pub use api::inspect::{EntryInfo, Inspection, KeyContent};
pub use api::lookup::{Lookup, Source};
#[cfg(feature = "metrics")]
pub use api::metrics_reporter::MetricsReporter;
#[cfg(feature = "page")]
pub use api::page::{Page, PageAnswer, PageToken};
pub use api::report::{
    Advice, AdviceKind, FunctionReport, HotKey, LargeValue, MissReasons, NodeStats, Report, ServerStats,
};
#[doc(hidden)]
pub use api::servers::{Protection, ReplyValue, ServerReply};
pub use api::shaped_entry::{HashFields, PartRequest, ShapedEntry};
pub use api::stale_value::StaleValue;
pub use api::stats::{
    ChangeStats, DurationHistogram, FunctionStats, LocalStats, RequestStats, Stats, TagStats,
};
pub use api::warm_up::{BlockingWarmUp, WarmUp};
pub use engine::verification::{StaleSample, Staleness};
pub use error::{Error, ErrorKind};
pub use expansion::bounds::Cacheable;
pub use key::{KeyPart, KeyWriter, Scalar};
pub use policy::ttl::Ttl;
pub use redis_cached_macro::{Fields, KeyPart, Tag, redis_cached, redis_invalidates, redis_updates};
#[cfg(feature = "sealing")]
pub use seal::Keyring;
pub use store::credentials::Credentials;
pub use tags::Tag;

#[cfg(fuzzing)]
pub use entry::fuzz_decode;
