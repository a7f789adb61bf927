//! Servers that know some of the options and not others.

use std::time::{Duration, Instant};

use redis_cached_test_support::{Middleman, RedisServer};

use super::{Store, all, redis, soon};

#[tokio::test]
async fn redis_that_compares_and_runs_no_scripts() {
    let server = RedisServer::start();
    // Without it and without scripts nothing can be leased, and each server that compares is younger than it.
    if !server.takes(&["SET", "probe", "x", "NX", "GET"]) {
        return;
    }
    let compares =
        Middleman::start(&server, |_, request| Middleman::with_ifeq(Middleman::without_scripts(request)));
    all(&redis(compares.url())).await;
    assert_eq!(compares.accepted(), 1);
}

/// Each connection leads to another server, of which every second knows fewer options.
#[tokio::test]
async fn redis_of_several_kinds_behind_one_address() {
    let server = RedisServer::start();
    if !server.takes(&["SET", "probe", "x", "NX", "GET"]) {
        return;
    }
    let fleet = Middleman::start(&server, |connection, request| match connection % 3 {
        0 => Middleman::with_ifeq(Middleman::without_scripts(request)),
        1 => Middleman::without_nx_get(request),
        _ => request,
    });
    let store = redis(fleet.url());
    for _ in 0..4 {
        all(&store).await;
        server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        let began = Instant::now();
        while let Err(error) = store.get("k", soon()).await {
            assert!(began.elapsed() < Duration::from_secs(30), "not connected again: {error}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.flush_all();
    }
    assert!(fleet.accepted() >= 4);
}
