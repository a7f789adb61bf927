//! A network that delays, stalls, cuts, swallows, resets and refuses.

use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::{Direction, Given, Proxy, RedisServer};

use super::{DEADLINE, SLACK, assert_own_value, assert_recovers, get_user, lazy};
use crate::user;

/// A cache that works, by way of a proxy.
async fn behind_proxy() -> (RedisServer, Proxy, Cache) {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).deadline(DEADLINE).connect_lazy().unwrap();
    assert_recovers(&cache).await;
    (server, proxy, cache)
}

#[tokio::test]
async fn replies_that_come_within_the_deadline_are_used() {
    let (_server, proxy, cache) = behind_proxy().await;
    proxy.delay_replies(DEADLINE / 10);
    for id in 1..5 {
        assert_own_value(&cache, id).await;
    }
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn replies_that_come_too_late_are_not_waited_for() {
    let (_server, proxy, cache) = behind_proxy().await;
    proxy.delay_replies(3 * DEADLINE);
    for id in 1..8 {
        assert_own_value(&cache, id).await;
    }
    proxy.heal();
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn a_stalled_network_that_goes_on_is_used_again() {
    let (_server, proxy, cache) = behind_proxy().await;
    for round in 0..3 {
        proxy.pause();
        for id in 1..4 {
            assert_own_value(&cache, 10 * round + id).await;
        }
        proxy.resume();
        assert_recovers(&cache).await;
    }
}

#[tokio::test]
async fn a_connection_cut_within_a_frame_is_replaced() {
    let (_server, proxy, cache) = behind_proxy().await;
    for direction in [Direction::Replies, Direction::Requests] {
        for bytes in [1, 4, 9, 40, 150] {
            proxy.cut_after(direction, bytes);
            for id in 1..4 {
                assert_own_value(&cache, id).await;
            }
            assert_recovers(&cache).await;
        }
    }
}

#[tokio::test]
async fn a_network_that_swallows_everything_costs_a_few_waits() {
    let (_server, proxy, cache) = behind_proxy().await;
    proxy.black_hole(true);
    for id in 1..8 {
        assert_own_value(&cache, id).await;
    }
    proxy.heal();
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn resets_and_closes_are_survived() {
    let (_server, proxy, cache) = behind_proxy().await;
    for id in 1..10 {
        if id % 2 == 0 {
            proxy.reset_connections();
        } else {
            proxy.close_connections();
        }
        assert_own_value(&cache, id).await;
    }
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_any_more_is_tried_again() {
    let (_server, proxy, cache) = behind_proxy().await;
    proxy.refuse(true);
    proxy.reset_connections();
    for id in 1..8 {
        assert_own_value(&cache, id).await;
    }
    proxy.heal();
    assert_recovers(&cache).await;
}

/// The server may have granted a lease whose asker is gone: then nobody else waits for it.
#[tokio::test]
async fn a_lease_that_was_granted_to_nobody_is_given_back() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = lazy(proxy.url());
    assert_recovers(&cache).await;
    // GET is answered after 20 ms, the acquisition would be after 40.
    proxy.delay_replies(Duration::from_millis(20));
    let call = cache.scope(get_user(1));
    tokio::time::timeout(Duration::from_millis(30), call).await.unwrap_err();
    let began = Given::now();
    assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
    assert!(began.elapsed() < DEADLINE + SLACK, "{:?}", began.elapsed());
}
