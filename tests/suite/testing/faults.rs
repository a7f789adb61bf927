//! `Faults`: what a program sees of them is what it sees of a server with the same fault.

use std::time::{Duration, Instant};

use redis_cached::testing::{self, Faults, TestCache, assert_computes, assert_hit};
use redis_cached::{Cache, ErrorKind, redis_cached, redis_invalidates};

use crate::settled;

#[redis_cached(ttl = "1h", key = "user:<id>")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidates(get_user(id))]
async fn change(id: u64) {}

const DEADLINE: Duration = Duration::from_millis(40);

fn cache() -> TestCache {
    testing::cache_with(Cache::builder().deadline(DEADLINE)).unwrap()
}

#[tokio::test]
async fn a_server_that_is_down_costs_no_time_and_comes_back() {
    let cache = cache();
    let test = async {
        assert_computes!(1, get_user(7)).await;
        cache.settle().await.unwrap();
        cache.faults().refusing();
        for _ in 0..20 {
            assert_computes!(1, get_user(7)).await;
        }
        let error = get_user_entry(7).get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        cache.faults().heal();
        assert_hit!(get_user(7)).await;
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_silent_server_is_waited_for_three_times_until_it_answers() {
    let cache = cache();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().silent();
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(get_user_entry(7).get().await.unwrap_err().kind(), ErrorKind::Timeout);
            assert!(began.elapsed() >= DEADLINE);
        }
        for _ in 0..20 {
            assert_computes!(1, get_user(7)).await;
        }
        assert_eq!(get_user_entry(7).get().await.unwrap_err().kind(), ErrorKind::Connection);
        cache.faults().heal();
        assert_hit!(get_user(7)).await;
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn who_still_waits_when_it_is_healed_is_answered() {
    let cache = testing::cache_with(Cache::builder().deadline(Duration::from_secs(10))).unwrap();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().silent();
        let heal = async {
            tokio::task::yield_now().await;
            cache.faults().heal();
        };
        let (value, ()) = tokio::join!(async { assert_hit!(get_user(7)).await }, heal);
        assert_eq!(value, 7);
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_slow_server_answers_within_the_deadline_and_not_beyond() {
    let cache = cache();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().slow(DEADLINE / 4);
        let began = Instant::now();
        assert_hit!(get_user(7)).await;
        assert!(began.elapsed() >= DEADLINE / 4);
        cache.faults().slow(DEADLINE * 100);
        assert_computes!(1, get_user(7)).await;
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn an_invalidation_that_fails_is_retried_and_its_value_is_not_used_meanwhile() {
    let cache = cache();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().refusing();
        change(7).await;
        assert_eq!(cache.stats().pending_invalidations, 1);
        assert_computes!(1, get_user(7)).await;
        cache.faults().heal();
        settled(&cache).await;
        assert_eq!(get_user_entry(7).get().await.unwrap(), None);
        assert_eq!(cache.stats().retried_invalidations, 1);
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn what_an_answer_is_lost_of_was_done() {
    let cache = cache();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().lose_answers(1.0);
        assert_eq!(get_user_entry(7).invalidate().await.unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(cache.faults().evict("user:7"), 0);
        cache.faults().lose_answers(0.0);
        settled(&cache).await;
        assert_computes!(1, get_user(7)).await;
        assert_hit!(get_user(7)).await;
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_full_server_reads_and_removes() {
    let cache = cache();
    let test = async {
        get_user(7).await;
        cache.settle().await.unwrap();
        cache.faults().full();
        assert_hit!(get_user(7)).await;
        for _ in 0..2 {
            assert_computes!(1, get_user(8)).await;
        }
        assert_eq!(get_user_entry(8).put(&8).await.unwrap_err().kind(), ErrorKind::Server);
        get_user_entry(7).invalidate().await.unwrap();
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn what_is_evicted_is_computed_again() {
    let cache = testing::cache_with(Cache::builder().prefix("shop:")).unwrap();
    let test = async {
        for id in 0..5 {
            get_user(id).await;
        }
        cache.settle().await.unwrap();
        assert_eq!(cache.faults().evict("user:*"), 0);
        assert_eq!(cache.faults().evict("shop:user:3"), 1);
        assert_computes!(1, get_user(3)).await;
        assert_hit!(get_user(4)).await;
        cache.settle().await.unwrap();
        assert_eq!(cache.faults().evict("*"), 5);
        cache.clock().advance("1h");
        assert_eq!(cache.faults().evict("*"), 0);
    };
    cache.scope(test).await;
}

#[test]
fn blocking_calls_meet_them_too() {
    let cache = cache();
    let entry = cache.sync_scope(|| get_user_entry(7)).blocking();
    cache.faults().silent();
    assert_eq!(entry.get().unwrap_err().kind(), ErrorKind::Timeout);
    cache.faults().heal();
    assert_eq!(entry.get().unwrap(), None);
}

#[tokio::test]
async fn a_server_has_faults_of_its_own() {
    let builder = Cache::builder().url("redis://127.0.0.1:1").faults(&Faults::new());
    let error = builder.clone().connect_lazy().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains("`memory://`"), "{error}");
    assert_eq!(builder.connect().await.unwrap_err().kind(), ErrorKind::InvalidOption);
}
