//! Passwords that change while the program runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, Credentials, ErrorKind};
use redis_cached_test_support::RedisServer;

use super::{DEADLINE, assert_own_value, assert_recovers, get_user_entry, wait_until};
use crate::log_recorder::{record, warnings};

fn builder(server: &RedisServer) -> CacheBuilder {
    let url = format!("redis://127.0.0.1:{}", server.port());
    Cache::builder().url(url).deadline(DEADLINE)
}

/// As an operator does it: the new one holds for who comes from now on.
fn rotate(server: &RedisServer, user: &str, password: &str) {
    server.query::<()>(&["ACL", "SETUSER", user, "reset", "on", &format!(">{password}"), "~*", "+@all"]);
}

/// Each connection is made with what holds when it is made.
#[tokio::test]
async fn each_attempt_asks_for_them() {
    let server = RedisServer::start();
    rotate(&server, "app", "first");
    let (password, asked) = (Arc::new(Mutex::new("first")), Arc::new(AtomicUsize::new(0)));
    let (of_closure, count) = (Arc::clone(&password), Arc::clone(&asked));
    let provide = move || {
        let password = *of_closure.lock().unwrap();
        count.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, std::io::Error>(Credentials::new(password).user("app")) }
    };
    let cache = builder(&server).credentials(provide).connect().await.unwrap();
    assert_recovers(&cache).await;

    rotate(&server, "app", "second");
    server.query::<usize>(&["CLIENT", "KILL", "USER", "app"]);
    *password.lock().unwrap() = "second";
    let before = asked.load(Ordering::SeqCst);
    assert_recovers(&cache).await;
    assert!(asked.load(Ordering::SeqCst) > before);
}

/// A connection that lives says again who it is, before what it said is over.
#[tokio::test]
async fn connections_log_in_again() {
    let server = RedisServer::start();
    rotate(&server, "app", "token");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provide = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            let token = Credentials::new("token").user("app");
            Ok::<_, std::io::Error>(token.valid_for(Duration::from_millis(500)))
        }
    };
    let cache = builder(&server).credentials(provide).connect().await.unwrap();
    assert_recovers(&cache).await;
    let connections = || server.info("total_connections_received").unwrap().parse::<u64>().unwrap();
    let (before, first) = (connections(), asked.load(Ordering::SeqCst));
    wait_until(|| asked.load(Ordering::SeqCst) >= first + 3).await;
    assert_recovers(&cache).await;
    // Those that ask are connections as well.
    assert!(connections() < before + 3, "it connects in place of logging in");
}

/// A closure that fails, panics or hangs fails no call, and is logged once.
#[tokio::test]
async fn a_closure_that_fails_harms_nobody() {
    record();
    let failing = |how: u8| {
        let server = RedisServer::start();
        let builder =
            builder(&server).connect_timeout(Duration::from_millis(300)).credentials(move || async move {
                match how {
                    0 => Err("the vault is closed"),
                    1 => panic!("on purpose"),
                    _ => std::future::pending().await,
                }
            });
        (server, builder)
    };
    for (how, reason) in [(0, "the vault is closed"), (1, "it panicked"), (2, "nothing came in time")] {
        let (server, builder) = failing(how);
        let error = builder.clone().connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.to_string().contains(reason), "{error}");
        let cache = builder.connect_lazy().unwrap();
        for id in 1..20 {
            assert_own_value(&cache, id).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(cache.sync_scope(|| get_user_entry(1)).get().await.is_err());
        let lines = warnings(&server.port().to_string());
        assert!((1..=3).contains(&lines.len()), "{lines:#?}");
    }
}

#[test]
fn no_secret_is_shown() {
    let builder = Cache::builder()
        .credentials(|| async { Ok::<_, std::io::Error>(Credentials::new("a secret").user("u")) });
    assert!(!format!("{builder:?} {:?}", Credentials::new("a secret")).contains("secret"));
}
