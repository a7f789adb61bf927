//! Redis absent, killed, restarted, emptied, or closing its connections.

use redis_cached::ErrorKind;
use redis_cached_test_support::{Given, RedisServer, servers};

use super::{RECOVERY, assert_own_value, assert_recovers, get_user_entry, lazy};

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
    assert!(cache.stats().functions[0].store_errors >= 4);
    server.restart();
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn killed_and_restarted() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
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
}

/// Its only thread is the one that the connection needs too.
#[tokio::test]
async fn a_loop_that_waits_for_nothing_lets_its_runtime_connect_again() {
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_recovers(&cache).await;
    server.kill();
    assert_own_value(&cache, 1).await;
    server.restart();
    let began = Given::now();
    while cache.sync_scope(|| get_user_entry(1)).get().await.is_err() {
        assert!(began.elapsed() < 10 * RECOVERY, "not once connected");
    }
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

/// No error at all: what is gone is a miss, a lease that is gone keeps a value from being stored, and a script that the server
/// forgot is sent once more.
#[tokio::test]
async fn an_emptied_server_is_a_miss_and_forgotten_scripts_are_sent_again() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let cache = lazy(server.url());
        assert_recovers(&cache).await;
        for command in ["FLUSHALL", "SCRIPT FLUSH", "FLUSHALL"] {
            server.cli(&command.split(' ').collect::<Vec<_>>());
            assert_own_value(&cache, 1).await;
            assert_recovers(&cache).await;
        }
        let stats = cache.stats();
        assert!(stats.functions.iter().all(|function| function.store_errors == 0), "{stats}");
    }
}
