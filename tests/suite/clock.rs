//! `CacheBuilder::clock`: what a turned clock does to what is stored in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis_cached::testing::Clock;
use redis_cached::{Cache, ErrorKind, redis_cached};

use crate::{Failed, memory};

const HOUR: Duration = Duration::from_secs(3600);

#[redis_cached(ttl = "1h", key = "hourly")]
async fn hourly() -> u8 {
    1
}

#[redis_cached(ttl = "never", key = "never")]
async fn never() -> u8 {
    1
}

#[tokio::test]
async fn an_entry_expires_when_its_time_is_turned_over_and_not_before() {
    let cache = memory(Cache::builder());
    let test = async {
        hourly().await;
        never().await;
        cache.pass(HOUR - Duration::from_secs(60)).await;
        let left = hourly_entry().ttl().await.unwrap().unwrap();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50), "{left}");
        assert_eq!(hourly_entry().lookup().await.unwrap().unwrap().age.unwrap().as_secs() / 60, 59);
        cache.pass(Duration::from_secs(60)).await;
        assert_eq!(hourly_entry().get().await.unwrap(), None);
        // A new one lives as long as the first, and nothing ends what has no end.
        hourly().await;
        cache.pass(HOUR / 2).await;
        assert_eq!(hourly_entry().get().await.unwrap(), Some(1));
        cache.pass(Duration::MAX).await;
        assert_eq!(hourly_entry().get().await.unwrap(), None);
        assert_eq!(never_entry().get().await.unwrap(), Some(1));
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn caches_may_share_a_clock_and_others_have_their_own() {
    let clock = Clock::new();
    let turned = || Cache::builder().url("memory://").clock(&clock).connect_lazy().unwrap();
    let (one, two, other) = (turned(), turned(), Cache::memory());
    for cache in [&one, &two, &other] {
        cache.sync_scope(hourly_entry).put(&1).await.unwrap();
    }
    clock.advance(HOUR);
    for (cache, expected) in [(&one, None), (&two, None), (&other, Some(1))] {
        assert_eq!(cache.sync_scope(hourly_entry).get().await.unwrap(), expected);
    }
}

#[redis_cached(ttl = "1h", key = "stale", stale_if_error = "1d", skip(fails))]
async fn stale(fails: &AtomicBool) -> Result<u8, Failed> {
    if fails.load(Ordering::SeqCst) { Err(Failed("the source")) } else { Ok(1) }
}

/// Of two failures in a row follows a rest.
#[tokio::test]
async fn a_source_that_failed_rests_by_it() {
    let cache = memory(Cache::builder().retry_after(HOUR));
    let fails = AtomicBool::new(false);
    let test = async {
        stale(&fails).await.unwrap();
        cache.pass(2 * HOUR).await;
        fails.store(true, Ordering::SeqCst);
        for (calls, computes) in [(5, 3), (5, 3)] {
            for _ in 0..calls {
                assert_eq!(stale(&fails).await, Ok(1));
            }
            assert_eq!(cache.stats().functions[0].computes, computes);
        }
        cache.pass(HOUR).await;
        stale(&fails).await.unwrap();
        assert_eq!(cache.stats().functions[0].computes, 4);
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_hold_ends_by_it() {
    let cache = memory(Cache::builder());
    let test = async {
        hourly_entry().invalidate_with_hold(HOUR).await.unwrap();
        for expected in [None, Some(1)] {
            hourly().await;
            cache.flush().await.unwrap();
            assert_eq!(hourly_entry().get().await.unwrap(), expected);
            cache.pass(HOUR).await;
        }
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_server_has_a_clock_of_its_own() {
    let builder = Cache::builder().url("redis://127.0.0.1:1").clock(&Clock::new());
    let error = builder.clone().connect_lazy().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains("`memory://`"), "{error}");
    assert_eq!(builder.connect().await.unwrap_err().kind(), ErrorKind::InvalidOption);
    let misspelt = Cache::builder().url("rediss//127.0.0.1").clock(&Clock::new());
    assert_eq!(misspelt.connect_lazy().unwrap_err().kind(), ErrorKind::Url);
}
