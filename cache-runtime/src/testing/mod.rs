//! For tests of a program that caches: the cargo feature `testing`, which belongs in `[dev-dependencies]` and costs a release nothing.
//!
//! ```
//! use redis_cached::{redis_cached, testing};
//! use redis_cached::testing::{assert_computes, assert_hit, assert_invalidates};
//!
//! #[redis_cached(ttl = "1h", key = "square:<n>")]
//! async fn square(n: u64) -> u64 {
//!     n * n
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let cache = testing::cache();
//! let test = async {
//!     assert_computes!(1, square(12)).await;
//!     assert_hit!(square(12)).await;
//!     cache.clock().advance("1h");
//!     assert_computes!(1, square(12)).await;
//!     assert_invalidates!(square_entry(12), square_entry(12).invalidate()).await.expect("in memory");
//!     cache.faults().refusing();
//!     assert_eq!(assert_computes!(1, square(12)).await, 144); // as if the server were down
//! };
//! cache.scope(test).await;
//! # }
//! ```
//!
//! | to … | see |
//! | --- | --- |
//! | have a cache whose time is turned and which fails when it is told to | [`cache`], [`TestCache`], [`Clock`], [`Faults`] |
//! | state what a call was: computed, a hit, invalidated | [`assert_computes!`](crate::assert_computes), [`assert_hit!`](crate::assert_hit), [`assert_invalidates!`](crate::assert_invalidates) |
//! | look at what calls were | [`observe`], [`sync_observe`], [`ObservedCalls`] |
//! | turn caching off | [`Cache::disabled`](crate::Cache::disabled) |
//! | test with a real server | the package `redis-cached-test` |
//!
//! What calls were is recorded for the task, or the thread, that makes them. So tests may run beside each other; and what a call does in tasks
//! that it spawns is not recorded.

mod asserts;
mod cache;
mod macros;
mod observe;
#[doc(hidden)]
pub mod private;
mod watched;

pub use self::cache::{TestCache, cache, cache_with};
pub use self::macros::{assert_computes, assert_hit, assert_invalidates};
pub use self::observe::{ObservedCall, ObservedCalls, observe, sync_observe};
pub use crate::engine::observation::CallSource;
pub use crate::store::faults::Faults;
pub use crate::util::test_clock::{Clock, TestTime};
