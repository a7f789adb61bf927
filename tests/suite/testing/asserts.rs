//! `assert_computes!`, `assert_hit!`, `assert_invalidates!`: what passes, what fails, and what is said then.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redis_cached::testing::{self, assert_computes, assert_hit, assert_invalidates};
use redis_cached::{Cache, redis_cached, redis_invalidates};

use crate::Failed;

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> String {
    format!("user {id}")
}

#[redis_cached(ttl = 60, key = "page:<id>")]
async fn page(id: u64) -> String {
    get_user(id).await + ", and more"
}

#[redis_cached(ttl = 60, key = "square:<n>")]
fn square(n: u64) -> u64 {
    n * n
}

#[redis_cached(ttl = 60, key = "length:<text>")]
async fn length(text: &str) -> usize {
    text.len()
}

#[redis_cached(ttl = 60, key = "fails")]
async fn fails() -> Result<u8, Failed> {
    Err(Failed("the source"))
}

#[redis_invalidates(get_user(id))]
async fn rename(id: u64) -> Result<(), Failed> {
    if id == 0 { Err(Failed("nobody")) } else { Ok(()) }
}

#[redis_invalidates(square(n))]
fn forget_square(n: u64) {}

/// What an assertion says that fails.
fn said(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it fails");
    *panic.downcast::<String>().expect("a message")
}

/// The same within a runtime of its own.
fn said_by(cache: &Cache, test: impl Future) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    said(|| {
        runtime.block_on(cache.scope(test));
    })
}

#[tokio::test]
async fn calls_give_what_they_give() {
    let test = async {
        assert_eq!(assert_computes!(1, get_user(7)).await, "user 7");
        assert_eq!(assert_hit!(get_user(7)).await, "user 7");
        assert_eq!(assert_computes!(1, square(3)), 9);
        assert_eq!(assert_hit!(square(3)), 9);
        assert_eq!(assert_computes!(1, fails()).await, Err(Failed("the source")));
        let text = "seven".to_owned();
        assert_eq!(assert_computes!(1, length(&text)).await, 5);
        assert_eq!(assert_hit!(length(&format!("se{}", "ven"))).await, 5);
        assert_computes!(2, async { tokio::join!(get_user(8), get_user(9)) }).await;
        assert_computes!(1, (square(4), square(3)));
        assert_eq!(assert_invalidates!(get_user_entry(7), rename(7)).await, Ok(()));
        get_user(7).await;
        assert_invalidates!(get_user_entry(7), get_user_entry(7).invalidate()).await.unwrap();
        assert_eq!(assert_computes!(1, get_user(7).await), "user 7");
        get_user(8).await;
        let entries =
            async { get_user_entry(7).invalidate().await.and(get_user_entry(8).invalidate().await) };
        assert_invalidates!([get_user_entry(7), &get_user_entry(8)], entries).await.unwrap();
        assert_invalidates!(square_entry(3), forget_square(3));
    };
    testing::cache().scope(test).await;
}

/// They may be awaited on another thread than they are made on, and several at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_can_be_sent() {
    let cache = testing::cache();
    let tasks = (0..20).map(|id| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let calls = async {
                for _ in 0..2 {
                    tokio::task::yield_now().await;
                    assert_computes!(
                        usize::from(get_user_entry(id).get().await.unwrap().is_none()),
                        get_user(id)
                    )
                    .await;
                }
            };
            cache.scope(calls).await;
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn only_what_the_call_itself_calls_counts() {
    let cache = testing::cache();
    let test = async {
        // The body of another cached function.
        assert_computes!(1, page(7)).await;
        assert_hit!(get_user(7)).await;
        // An assertion within a body begins with its own calls.
        let (_, calls) =
            testing::observe(page_entry(8).get_or_compute(async { assert_computes!(1, get_user(8)).await }))
                .await;
        let nested: Vec<bool> = calls.iter().map(|call| call.is_nested).collect();
        assert_eq!((calls.computes(), &nested[..]), (1, &[false, true][..]));
        // A task is another one's.
        assert_computes!(0, tokio::spawn(cache.clone().scope_owned(9))).await.unwrap();
    };
    cache.scope(test).await;
}

/// A call in a task.
trait ScopeOwned {
    fn scope_owned(self, id: u64) -> impl Future<Output = ()> + Send + 'static;
}

impl ScopeOwned for testing::TestCache {
    async fn scope_owned(self, id: u64) {
        self.scope(get_user(id)).await;
    }
}

#[test]
fn what_is_wrong_is_said_with_keys_and_counters() {
    let cache = testing::cache();
    let wrong_number = said_by(&cache, async { assert_computes!(2, get_user(7)).await });
    for part in [
        "`get_user(7)` at ",
        "asserts.rs:",
        "2 bodies were to run, and 1 did",
        "testing::asserts::get_user [user:7]: the body ran",
        "function ",
        "hit rate",
    ] {
        assert!(wrong_number.contains(part), "{part} in {wrong_number}");
    }
    assert!(!wrong_number.contains("square"), "{wrong_number}");

    let no_hit = said_by(&cache, async { assert_hit!(get_user(8)).await });
    assert!(no_hit.contains("it was to be a hit\n") && no_hit.contains("[user:8]: the body ran"), "{no_hit}");
    let one = said(|| {
        cache.sync_scope(|| assert_computes!(0, square(3)));
    });
    assert!(one.contains("`square(3)`") && one.contains("0 bodies were to run, and 1 did"), "{one}");
    let nested = said_by(&cache, async { assert_computes!(2, page(70)).await });
    assert!(
        nested
            .lines()
            .any(|line| line.starts_with("    ") && line.ends_with("get_user [user:70]: the body ran")),
        "{nested}"
    );
    let nothing = said_by(&cache, async { assert_hit!(async {}).await });
    assert!(nothing.contains("no cached function was called"), "{nothing}");
}

#[test]
fn an_entry_that_stays_or_was_not_there_is_named() {
    let cache = testing::cache();
    let was_not_there = said_by(&cache, async { assert_invalidates!(get_user_entry(7), rename(7)).await });
    assert!(was_not_there.contains("nothing is cached at `user:7` before the call"), "{was_not_there}");
    let stays = said_by(&cache, async {
        get_user(7).await;
        get_user(8).await;
        assert_invalidates!([get_user_entry(7), get_user_entry(8)], rename(7)).await
    });
    assert!(stays.contains("`user:8` is still cached after the call"), "{stays}");
    assert!(stays.contains("testing::asserts::get_user"), "{stays}");
    let failed = said_by(&cache, async {
        get_user(0).await;
        assert_invalidates!(get_user_entry(0), rename(0)).await
    });
    assert!(failed.contains("`user:0` is still cached"), "{failed}");
    let blocking = said(|| {
        cache.sync_scope(|| {
            square(3);
            assert_invalidates!(square_entry(3), forget_square(4));
        });
    });
    assert!(blocking.contains("`square:3` is still cached"), "{blocking}");
}

#[tokio::test]
async fn a_disabled_cache_computes_each_time() {
    let test = async {
        assert_computes!(1, get_user(7)).await;
        assert_computes!(1, get_user(7)).await;
        assert_computes!(2, (square(3), square(3)));
    };
    Cache::disabled().scope(test).await;
}
