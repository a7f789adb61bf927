//! A server that stopped: connections stay open, and nothing is answered.

use std::time::{Duration, Instant};

use redis_cached::Cache;
use redis_cached_test_support::{Given, RedisServer};

use super::{DEADLINE, SLACK, assert_own_value, assert_recovers, get_user, get_user_entry, lazy};
use crate::user;

#[tokio::test]
async fn frozen_costs_the_deadline_a_few_times_and_then_nothing() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_recovers(&cache).await;
    server.pause();
    for id in 1..5 {
        assert_own_value(&cache, id).await;
    }
    // The silent connection has been given up by now: calls do not wait any more.
    let began = Given::now();
    for id in 0..50 {
        let _ = cache.scope(get_user(id)).await;
    }
    assert!(began.elapsed() < 10 * DEADLINE, "{:?}", began.elapsed());
    server.resume();
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn many_callers_of_a_frozen_server_wait_side_by_side() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_recovers(&cache).await;
    server.pause();
    let began = Given::now();
    let calls: Vec<_> = (1..=200)
        .map(|id| {
            let cache = cache.clone();
            tokio::spawn(async move { assert_eq!(cache.scope(get_user(id)).await, Ok(user(id))) })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert!(began.elapsed() < DEADLINE + SLACK, "{:?}", began.elapsed());
    server.resume();
    assert_recovers(&cache).await;
}

/// With the settings that users get: after three waits nobody waits, and nothing is sent.
#[tokio::test]
async fn nobody_waits_and_nothing_is_sent_once_the_connection_is_given_up() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    assert_recovers(&cache).await;
    let before = server.commands_processed();
    server.pause();

    let mut waited = 0;
    // Long enough for several attempts to connect again, none of which may keep a caller.
    for id in 0..1000 {
        let began = Instant::now();
        let _ = cache.sync_scope(|| get_user_entry(id)).get().await.unwrap_err();
        // Half of the default deadline tells a wait from a busy machine.
        waited += usize::from(began.elapsed() > Duration::from_millis(125));
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert!((1..=5).contains(&waited), "{waited} calls waited");

    server.resume();
    let sent = server.commands_processed() - before;
    assert!(sent <= 3, "{sent} commands were waiting for the server");
    assert_recovers(&cache).await;
}
