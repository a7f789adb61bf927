//! The clock of a test cache, and that of a runtime that stands still.

use std::time::Duration;

use redis_cached::testing::{self, Clock, assert_computes, assert_hit};
use redis_cached::{Cache, ErrorKind, redis_cached};

#[redis_cached(ttl = "1h", key = "hourly")]
async fn hourly() -> u8 {
    1
}

#[redis_cached(ttl = "1h", key = "blocking")]
fn blocking() -> u8 {
    1
}

#[redis_cached(ttl = "1h", key = "stale", stale_while_revalidate = "1d")]
async fn stale() -> u8 {
    1
}

#[tokio::test]
async fn text_and_durations_turn_it() {
    let cache = testing::cache();
    let test = async {
        assert_computes!(1, hourly()).await;
        cache.clock().advance("59m");
        assert_hit!(hourly()).await;
        cache.clock().advance(Duration::from_secs(60));
        assert_computes!(1, hourly()).await;
    };
    cache.scope(test).await;
}

#[test]
fn blocking_functions_have_it_too() {
    let cache = testing::cache();
    cache.sync_scope(|| {
        assert_computes!(1, blocking());
        cache.sync_settle().unwrap();
        cache.clock().advance("1h");
        assert_computes!(1, blocking());
    });
}

/// Nothing of it needs the runtime's clock to go on.
#[tokio::test(start_paused = true)]
async fn it_is_turned_where_the_runtimes_clock_stands_still() {
    let cache = testing::cache();
    let test = async {
        let began = tokio::time::Instant::now();
        assert_computes!(1, stale()).await;
        cache.clock().advance("2h");
        assert_hit!(stale()).await;
        cache.settle().await.unwrap();
        assert!(!stale_entry().lookup().await.unwrap().unwrap().is_stale);
        cache.faults().slow(Duration::from_millis(20));
        assert_hit!(stale()).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    };
    cache.scope(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_runtimes_clock_lets_entries_expire_while_the_code_sleeps() {
    let clock = Clock::of_runtime();
    let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy().unwrap();
    let test = async {
        assert_computes!(1, hourly()).await;
        tokio::time::sleep(Duration::from_secs(3599)).await;
        assert_hit!(hourly()).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_computes!(1, hourly()).await;
        clock.advance("1h");
        assert_computes!(1, hourly()).await;
        // From another thread as well, whose time is another.
        let entry = hourly_entry();
        let left = std::thread::spawn(move || entry.blocking().ttl()).join().unwrap().unwrap();
        assert_eq!(left.unwrap(), Duration::from_secs(3600));
    };
    cache.scope(test).await;
}

#[test]
fn outside_of_a_runtime_it_is_the_real_time() {
    let clock = Clock::of_runtime();
    let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy().unwrap();
    cache.sync_scope(|| (assert_computes!(1, blocking()), assert_hit!(blocking())));
}

#[test]
fn options_are_checked_as_a_program_has_them_checked() {
    let named = testing::cache_with(Cache::builder().url("redis://nowhere.example").prefix("shop:")).unwrap();
    assert_eq!(named.sync_scope(|| hourly_entry().key().to_owned()), "shop:hourly");
    let wrong = testing::cache_with(Cache::builder().memory_capacity("a lot")).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidOption);
}
