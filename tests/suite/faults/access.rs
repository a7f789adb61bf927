//! Wrong passwords, and users who may not do everything.

use std::time::Duration;

use redis_cached::{Cache, ErrorKind};
use redis_cached_test_support::{RedisServer, servers};

use super::{DEADLINE, assert_hits, assert_own_value, get_user, get_user_entry, lazy};
use crate::user;

/// What the documentation says a user of the cache needs, with the prefix `app:`.
const LEAST: &str = "~app:* resetchannels -@all +get +mget +set +unlink +del +pttl +pexpire +getrange +evalsha +eval \
                     +script|load +ping +client|tracking";

fn add_user(server: &RedisServer, name: &str, rights: &str) -> String {
    let mut command = vec!["ACL", "SETUSER", name, "on", ">secret"];
    command.extend(rights.split_whitespace());
    server.cli(&command);
    format!("redis://{name}:secret@127.0.0.1:{}", server.port())
}

#[tokio::test]
async fn the_least_rights_are_enough_for_everything() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let url = add_user(&server, "app", LEAST);
        let connect = async || Cache::builder().url(&url).prefix("app:").connect().await.unwrap();
        let [one, other] = [connect().await, connect().await];
        for cache in [&one, &other] {
            assert_own_value(cache, 1).await;
            assert_hits(cache).await;
        }
        let entry = one.sync_scope(|| get_user_entry(2));
        entry.put(&user(2)).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(user(2)));
        assert!(entry.ttl().await.unwrap().is_some());
        entry.invalidate().await.unwrap();
        entry.invalidate_with_hold(Duration::from_millis(1)).await.unwrap();
        for cache in [one, other] {
            cache.flush().await;
            let stats = cache.stats();
            assert!(stats.functions.iter().all(|function| function.errors == 0), "{stats}");
            assert_eq!(stats.pending_invalidations, 0);
        }
    }
}

#[tokio::test]
async fn missing_rights_cost_the_cache_and_nothing_else() {
    let server = RedisServer::start();
    let cache = lazy(add_user(&server, "reader", "~* -@all +get +ping +hello"));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(2)).put(&user(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn keys_that_the_user_may_not_touch_are_computed() {
    let server = RedisServer::start();
    let url = add_user(&server, "app", LEAST);
    let cache = Cache::builder().url(url).prefix("others:").deadline(DEADLINE).connect_lazy().unwrap();
    assert_own_value(&cache, 1).await;
    assert_eq!(cache.scope(get_user(3)).await, Ok(user(3)));
    assert_eq!(server.query::<usize>(&["DBSIZE"]), 0);
}

#[tokio::test]
async fn a_wrong_password_in_a_running_program_is_no_failure() {
    let server = RedisServer::builder().password("right").start();
    let cache = lazy(format!("redis://:wrong@127.0.0.1:{}", server.port()));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(1)).get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}
