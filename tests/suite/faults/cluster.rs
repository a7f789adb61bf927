//! Servers in cluster mode, which are not supported yet: said at `connect`, logged once by a lazy cache, which is off then.

use std::time::Duration;

use redis_cached::{Cache, ErrorKind};
use redis_cached_test_support::{Given, Middleman, RedisServer};

use super::{DEADLINE, SLACK, get_user, lazy};
use crate::log_recorder::{record, warnings};
use crate::user;

fn cluster(has_slots: bool) -> RedisServer {
    let server = RedisServer::builder().in_cluster_mode().start();
    if has_slots {
        let slots: Vec<String> = (0..16384).map(|slot| slot.to_string()).collect();
        let mut assign = vec!["CLUSTER", "ADDSLOTS"];
        assign.extend(slots.iter().map(String::as_str));
        server.cli(&assign);
        while server.query::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:fail") {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    server
}

/// Calls give their own values in time, nothing is tried again and again, and it is said once.
async fn assert_off(server: &RedisServer, url: &str, port: u16) {
    record();
    let connections = || server.info("total_connections_received").unwrap().parse::<u64>().unwrap();
    let cache = lazy(url);
    let before = connections();
    for _ in 0..4 {
        let mut calls = tokio::task::JoinSet::new();
        for id in 1..=40 {
            let cache = cache.clone();
            calls.spawn(async move {
                let began = Given::now();
                assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
                assert!(began.elapsed() < 2 * DEADLINE + SLACK, "{:?}", began.elapsed());
            });
        }
        while let Some(done) = calls.join_next().await {
            done.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let made = connections() - before - 1;
    assert!(made <= 3, "{made} connections");
    let logged = warnings(&port.to_string());
    let is_off = |line: &&String| line.contains("cluster mode") && line.contains("the cache is off");
    // And one of a function that was called, unless it has said the like in this process.
    assert!(logged.iter().filter(is_off).count() == 1 && logged.len() <= 2, "{logged:#?}");
}

#[tokio::test]
async fn is_refused_at_connect() {
    for has_slots in [false, true] {
        let server = cluster(has_slots);
        let error = Cache::connect(server.url()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(error.to_string().contains("cluster mode"), "{error}");
    }
}

#[tokio::test]
async fn is_logged_once_by_who_connects_lazily() {
    for has_slots in [false, true] {
        let server = cluster(has_slots);
        assert_off(&server, &server.url(), server.port()).await;
    }
}

/// In the older protocol nothing tells the mode but the answers.
#[tokio::test]
async fn shows_in_its_answers() {
    for has_slots in [false, true] {
        let server = cluster(has_slots);
        assert_off(&server, &format!("{}/?protocol=resp2", server.url()), server.port()).await;
    }
    let server = RedisServer::start();
    for answer in ["MOVED 15495 10.0.0.1:6379", "CROSSSLOT Keys in request don't hash to the same slot"] {
        let proxy = Middleman::start(&server, move |_, mut request| {
            if request[0].eq_ignore_ascii_case(b"SET") || request[0].eq_ignore_ascii_case(b"EVAL") {
                let error = format!("return redis.error_reply('{}')", answer.replace('\'', "\\'"));
                request = vec![b"EVAL".to_vec(), error.into_bytes(), b"0".to_vec()];
            }
            request
        });
        assert_off(&server, proxy.url(), proxy.port()).await;
    }
}
