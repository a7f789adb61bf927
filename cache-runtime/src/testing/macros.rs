//! The assertions.

/// Asserts how many bodies of cached functions run while the call is made, and gives what the call gives: for an async function a future, to be
/// awaited.
///
/// ```
/// # use redis_cached::{assert_computes, redis_cached, testing};
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// #[redis_cached(ttl = 60, key = "cube:<n>")]
/// fn cube(n: u64) -> u64 {
///     n * n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # testing::cache().scope(async {
/// assert_eq!(assert_computes!(1, square(12)).await, 144);
/// assert_computes!(0, square(12)).await;
/// assert_computes!(2, async { square(13).await + square(14).await }).await;
/// assert_eq!(assert_computes!(1, cube(2)), 8); // a blocking function
/// # }).await }
/// ```
///
/// It is about what this call does, not about the cache's counters, so other tests may run beside it. Not counted are the bodies that another cached
/// function's body calls, and what runs in other tasks: a refresh in the background, what the call spawns. A batch that computes several keys at once is one body.
///
/// Await the assertion and not the call: in `assert_computes!(1, get_user(7).await)` what other tasks of the thread call meanwhile counts as well.
///
/// # Panics
/// If it is another number. The message names each call, its key and what it was, and has the functions' counters.
#[macro_export]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
macro_rules! assert_computes {
    ($bodies:expr, $call:expr $(,)?) => {
        $crate::testing::private::expect!(
            $crate::testing::private::Expected::computes($bodies, ::core::stringify!($call)),
            $call
        )
    };
}

/// Asserts that the call is a hit, and gives what the call gives: for an async function a future, to be awaited. Of several calls within it each
/// is a hit, and there is one at least.
///
/// ```
/// # use redis_cached::{assert_hit, redis_cached, testing};
/// # #[redis_cached(ttl = 60, key = "square:<n>")]
/// # async fn square(n: u64) -> u64 { n * n }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # testing::cache().scope(async {
/// square(12).await;
/// assert_eq!(assert_hit!(square(12)).await, 144);
/// # }).await }
/// ```
///
/// A stale value is a hit, as in [`Stats`](crate::Stats); [`testing::observe`](crate::testing::observe) tells the two apart. What is recorded is what
/// [`assert_computes!`](crate::assert_computes) counts.
///
/// # Panics
/// If a body ran, the call waited for another's, or nothing was called.
#[macro_export]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
macro_rules! assert_hit {
    ($call:expr $(,)?) => {
        $crate::testing::private::expect!(
            $crate::testing::private::Expected::hit(::core::stringify!($call)),
            $call
        )
    };
}

/// Asserts that the entries are cached before the call and not after it, and gives what the call gives: for an async function a future, to be awaited.
///
/// ```
/// # use redis_cached::{assert_invalidates, redis_cached, redis_invalidates, testing};
/// #[redis_cached(ttl = "1h", key = "user:<id>")]
/// async fn get_user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// #[redis_cached(ttl = "1h", key = "users")]
/// async fn list_users() -> Vec<u64> {
///     vec![7]
/// }
///
/// #[redis_invalidates(get_user(id), list_users())]
/// async fn delete_user(id: u64) -> Result<(), std::io::Error> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// # testing::cache().scope(async {
/// get_user(7).await;
/// list_users().await;
/// assert_invalidates!([get_user_entry(7), list_users_entry()], delete_user(7)).await?;
/// # Ok(()) }).await }
/// ```
///
/// One round trip for each entry before the call and one after it. The first are made at once, also for an async function.
///
/// # Panics
/// If an entry is not there before the call, or still there after it, or if the store does not say.
#[macro_export]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
macro_rules! assert_invalidates {
    ([$($entry:expr),+ $(,)?], $call:expr $(,)?) => {
        $crate::testing::private::expect!(
            $crate::testing::private::Expected::invalidates(
                ::std::vec![$(
                    ::std::boxed::Box::new($entry)
                        as ::std::boxed::Box<dyn $crate::testing::private::Watched + '_>
                ),+],
                ::core::stringify!($call),
            ),
            $call
        )
    };
    ($entry:expr, $call:expr $(,)?) => {
        $crate::testing::assert_invalidates!([$entry], $call)
    };
}

/// Makes the call, and finds by its type whether it is to be awaited. A `match`, so that what the call borrows lives as long as the statement.
#[doc(hidden)]
#[macro_export]
macro_rules! __expect {
    ($expected:expr, $call:expr) => {
        match $expected.enter().begun($call) {
            begun => {
                #[allow(unused_imports, reason = "one of them is used")]
                use $crate::testing::private::{AsyncCall as _, BlockingCall as _};
                let way = (&begun).way();
                way.finish(begun)
            }
        }
    };
}

pub use {__expect as expect, assert_computes, assert_hit, assert_invalidates};
