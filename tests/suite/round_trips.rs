//! What goes over the wire: one command a hit, three a miss, and never a key without its expiry.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Command;

use crate::{Failed, User, redis, user};

#[redis_cached(ttl = 3600, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Failed> {
    match id {
        0 => Err(Failed("no such user")),
        id => Ok(user(id)),
    }
}

#[redis_cached(ttl = 3600, key = "blocking:<id>")]
fn get_user_blocking(id: u64) -> Result<User, Failed> {
    Ok(user(id))
}

/// The commands that a client sent, by name and key; those that a script ran are part of the script's.
fn sent(commands: &[Command]) -> Vec<String> {
    let sent = commands.iter().filter(|command| !command.in_script());
    sent.map(|command| match command.name() {
        script @ ("EVAL" | "EVALSHA") => format!("{script} {}", command.args()[2]),
        name => format!("{name} {}", command.args()[0]),
    })
    .collect()
}

#[tokio::test]
async fn a_miss_is_three_commands_and_a_hit_is_one() {
    let (server, cache) = redis().await;
    // The first store of a cache teaches the server the script, and finds out what it knows.
    cache.scope(get_user(1)).await.unwrap();
    cache.flush().await;

    let monitor = server.monitor();
    cache.scope(get_user(42)).await.unwrap();
    cache.flush().await;
    let miss = monitor.commands();
    assert_eq!(sent(&miss), ["GET user:42", "SET user:42", "EVALSHA user:42"]);
    assert_eq!(miss[1].args()[2..], ["NX", "GET", "PX", "3000"]);
    let store = miss.iter().rfind(|command| command.name() == "SET").unwrap();
    assert_eq!(store.args()[2..], ["PX", "3600000"]);

    monitor.clear();
    assert_eq!(cache.scope(get_user(42)).await, Ok(user(42)));
    assert_eq!(sent(&monitor.commands()), ["GET user:42"]);
}

#[tokio::test]
async fn the_first_miss_of_a_cache_is_stored_by_one_command_too() {
    let (server, cache) = redis().await;
    let monitor = server.monitor();
    cache.scope(get_user(42)).await.unwrap();
    cache.flush().await;
    assert_eq!(sent(&monitor.commands())[..3], ["GET user:42", "SET user:42", "EVAL user:42"]);
}

#[tokio::test]
async fn an_error_gives_the_lease_back() {
    let (server, cache) = redis().await;
    assert!(cache.scope(get_user(0)).await.is_err());
    cache.flush().await;
    let monitor = server.monitor();
    assert!(cache.scope(get_user(0)).await.is_err());
    cache.flush().await;
    assert_eq!(sent(&monitor.commands()), ["GET user:0", "SET user:0", "EVALSHA user:0"]);
    let left: usize = server.query(&["DBSIZE"]);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn so_it_is_for_blocking_functions() {
    let (server, cache) = redis().await;
    cache.sync_scope(|| get_user_blocking(42)).unwrap();
    cache.flush().await;
    let monitor = server.monitor();
    assert_eq!(cache.sync_scope(|| get_user_blocking(42)), Ok(user(42)));
    assert_eq!(sent(&monitor.commands()), ["GET blocking:42"]);
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
    entry.invalidate_with_hold(Duration::from_secs(1)).await.unwrap();
    let expected = ["SET user:7", "GET user:7", "PTTL user:7", "UNLINK user:7", "SET user:7"];
    assert_eq!(sent(&monitor.commands()), expected);
}

#[tokio::test]
async fn the_prefix_begins_every_key() {
    let (server, _) = redis().await;
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    cache.scope(get_user(1)).await.unwrap();
    let entry = cache.sync_scope(|| get_user_entry(1));
    assert_eq!(entry.key(), "shop:user:1");
    assert!(entry.ttl().await.unwrap().unwrap() <= Duration::from_secs(3600));
    let keys: Vec<String> = server.query(&["KEYS", "*"]);
    assert_eq!(keys, ["shop:user:1"]);
}
