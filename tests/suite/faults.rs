//! Redis absent, killed, restarted, frozen, full, forbidding: the function's own value, within its own time and the deadline.
//!
//! Times are bounds that only a hang or a wait for something else than the deadline breaks, not measurements.

use std::time::{Duration, Instant};

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{Failed, User, user};

const DEADLINE: Duration = Duration::from_millis(100);
/// What a noisy machine may add.
const SLACK: Duration = Duration::from_millis(900);

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Failed> {
    match id {
        0 => Err(Failed("own error")),
        id => Ok(user(id)),
    }
}

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user_blocking(id: u64) -> Result<User, Failed> {
    Ok(user(id))
}

fn lazy(url: String) -> Cache {
    Cache::builder().url(url).deadline(DEADLINE).connect_lazy().unwrap()
}

/// A call must give the function's own value, and soon.
async fn assert_own_value(cache: &Cache, id: u64) {
    let began = Instant::now();
    assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
    assert_eq!(cache.scope(get_user(0)).await, Err(Failed("own error")));
    let worker = cache.clone();
    let blocking = tokio::task::spawn_blocking(move || worker.sync_scope(|| get_user_blocking(id)));
    assert_eq!(blocking.await.unwrap(), Ok(user(id)));
    assert!(began.elapsed() < 3 * DEADLINE + SLACK, "{:?}", began.elapsed());
}

/// Within two seconds calls hit again.
async fn assert_recovers(cache: &Cache) {
    let entry = cache.sync_scope(|| get_user_entry(999));
    let until = Instant::now() + Duration::from_secs(2) + SLACK;
    while entry.put(&user(999)).await.is_err() {
        assert!(Instant::now() < until, "no recovery");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(entry.get().await.unwrap(), Some(user(999)));
}

#[tokio::test]
async fn absent_at_the_start_and_appearing_later() {
    let server = RedisServer::start();
    server.kill();
    let cache = lazy(server.url());
    for id in 1..5 {
        assert_own_value(&cache, id).await;
    }
    let entry = cache.sync_scope(|| get_user_entry(1));
    assert_eq!(entry.get().await.unwrap_err().kind(), ErrorKind::Connection);
    assert!(cache.stats().functions[0].errors >= 4);
    server.restart();
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn killed_and_restarted() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_recovers(&cache).await;
    for _ in 0..2 {
        server.kill();
        for id in 1..5 {
            assert_own_value(&cache, id).await;
        }
        server.restart();
        assert_recovers(&cache).await;
    }
}

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
    let began = Instant::now();
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
    let began = Instant::now();
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

#[tokio::test]
async fn connections_cut_by_the_server_are_replaced() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    for round in 0..5 {
        assert_recovers(&cache).await;
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        assert_own_value(&cache, round + 1).await;
    }
}

#[tokio::test]
async fn a_full_server_serves_what_it_has() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_own_value(&cache, 1).await;
    assert_own_value(&cache, 2).await;
    let entry = cache.sync_scope(|| get_user_entry(2));
    let error = entry.put(&user(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().contains("OOM"), "{error}");
    assert!(cache.stats().functions[0].hits >= 1);
}

#[tokio::test]
async fn missing_rights_cost_the_cache_and_nothing_else() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "-@all", "+get", "+ping", "+hello"]);
    let cache = lazy(format!("redis://reader:secret@127.0.0.1:{}", server.port()));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(2)).put(&user(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn a_wrong_password_in_a_running_program_is_no_failure() {
    let server = RedisServer::builder().password("right").start();
    let cache = lazy(format!("redis://:wrong@127.0.0.1:{}", server.port()));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(1)).get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}
