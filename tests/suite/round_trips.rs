//! What goes over the wire: one command a hit, two a miss, and never a key without its expiry.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};

use crate::{Failed, User, redis, user};

#[redis_cached(ttl = 3600, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Failed> {
    Ok(user(id))
}

#[redis_cached(ttl = 3600, key = "blocking:<id>")]
fn get_user_blocking(id: u64) -> Result<User, Failed> {
    Ok(user(id))
}

fn names(commands: &[redis_cached_test_support::Command]) -> Vec<String> {
    commands.iter().map(|command| format!("{} {}", command.name(), command.args()[0])).collect()
}

#[tokio::test]
async fn a_miss_is_a_get_and_a_set_with_expiry_and_a_hit_is_a_get() {
    let (server, cache) = redis().await;
    let monitor = server.monitor();
    cache.scope(get_user(42)).await.unwrap();
    let miss = monitor.commands();
    assert_eq!(names(&miss), ["GET user:42", "SET user:42"]);
    assert_eq!(miss[1].args()[2..], ["PX", "3600000"]);

    monitor.clear();
    assert_eq!(cache.scope(get_user(42)).await, Ok(user(42)));
    assert_eq!(names(&monitor.commands()), ["GET user:42"]);
}

#[tokio::test]
async fn so_it_is_for_blocking_functions() {
    let (server, cache) = redis().await;
    cache.sync_scope(|| get_user_blocking(42)).unwrap();
    let monitor = server.monitor();
    assert_eq!(cache.sync_scope(|| get_user_blocking(42)), Ok(user(42)));
    assert_eq!(names(&monitor.commands()), ["GET blocking:42"]);
}

#[tokio::test]
async fn each_operation_of_an_entry_is_one_command() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| get_user_entry(7));
    let monitor = server.monitor();
    entry.put(&user(7)).await.unwrap();
    entry.get().await.unwrap();
    entry.ttl().await.unwrap();
    entry.invalidate().await.unwrap();
    assert_eq!(names(&monitor.commands()), ["SET user:7", "GET user:7", "PTTL user:7", "UNLINK user:7"]);
}

#[tokio::test]
async fn the_prefix_begins_every_key() {
    let (server, _) = redis().await;
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    cache.scope(get_user(1)).await.unwrap();
    let entry = cache.sync_scope(|| get_user_entry(1));
    assert_eq!(entry.key(), "shop:user:1");
    let keys: Vec<String> = server.query(&["KEYS", "*"]);
    assert_eq!(keys, ["shop:user:1"]);
    assert!(entry.ttl().await.unwrap().unwrap() <= Duration::from_secs(3600));
}
