//! What the library logs when something fails: how many lines, and nothing in them that is nobody's business.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::log_recorder::{is_alone, lines, record, warnings};
use crate::{User, user};

#[redis_cached(ttl = 60, key = "secret-one:<id>")]
async fn one(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "secret-two:<id>", tags = ["secret-tag:<id>"])]
async fn two(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "secret-three:<id>", local = "10s")]
fn three(id: u64) -> User {
    user(id)
}

/// A thousand calls, in each of which something fails.
async fn calls(cache: &Cache) {
    for id in 0..300 {
        assert_eq!(cache.scope(one(id)).await, user(id));
        assert_eq!(cache.scope(two(id)).await, user(id));
        assert_eq!(cache.sync_scope(|| three(id)), user(id));
    }
    for _ in 0..50 {
        cache.sync_scope(|| one_entry(1)).invalidate().await.unwrap_err();
        cache.invalidate_tag("secret-tag:1").await.unwrap_err();
    }
    let _ = cache.flush().await;
}

fn assert_no_secret() {
    let said = lines();
    assert!(!said.iter().any(|line| line.contains("secret")), "{said:#?}");
}

#[tokio::test]
async fn errors_of_one_kind_are_logged_once_a_function() {
    if !is_alone("logs::errors_of_one_kind_are_logged_once_a_function") {
        return;
    }
    record();
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "-@all", "+get", "+ping", "+hello"]);
    let url = format!("redis://reader:secret@127.0.0.1:{}", server.port());
    let cache = Cache::builder().url(url).deadline(Duration::from_secs(10)).connect_lazy().unwrap();
    calls(&cache).await;
    for function in ["`one`", "`two`", "`three`"] {
        assert_eq!(warnings(function).len(), 1, "{:#?}", warnings(""));
    }
    // And what the connections say: that nothing can be stored, and that no changes are told.
    let said = warnings("");
    assert!(said.len() <= 5, "{said:#?}");
    assert_no_secret();
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_one_line() {
    if !is_alone("logs::a_server_that_lets_nobody_in_is_one_line") {
        return;
    }
    record();
    let server = RedisServer::builder().password("right").start();
    let url = format!("redis://:secret@127.0.0.1:{}", server.port());
    let cache = Cache::builder().url(url).connect_lazy().unwrap();
    calls(&cache).await;
    let said = warnings("");
    // What connects says it, and no function says it again.
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("`redis://:PASSWORD@HOST`"), "{said:#?}");
    assert_no_secret();
}
