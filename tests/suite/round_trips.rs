//! What goes over the wire: one command a hit, three a miss, and never a key without its expiry. That is so on every server;
//! where one lacks a command, a script stands in its place.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Command, RedisServer};

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

/// By which command a lease is taken, and a value stored in its place, once the cache knows its server. The server itself is
/// asked: versions say little, and those of its relatives nothing.
struct Commands {
    nx_get: bool,
    ifeq: bool,
}

impl Commands {
    fn of(server: &RedisServer) -> Self {
        server.cli(&["SET", "probe", "1"]);
        // Neither changes anything: the key is there, and holds something else.
        let [nx_get, ifeq] = [&["NX", "GET"], &["IFEQ", "2"]]
            .map(|how| server.takes(&[&["SET", "probe", "3"], &how[..]].concat()));
        server.cli(&["UNLINK", "probe"]);
        Self { nx_get, ifeq }
    }

    fn acquire(&self) -> &str {
        if self.nx_get { "SET" } else { "EVALSHA" }
    }

    fn store(&self) -> &str {
        if self.ifeq { "SET" } else { "EVALSHA" }
    }
}

/// What follows a command's key and its value or mark.
fn rest(command: &Command) -> &[String] {
    match command.name() {
        // Its name, the number of keys and the key before; then the mark.
        "EVALSHA" => &command.args()[4..],
        _ => &command.args()[2..],
    }
}

#[tokio::test]
async fn a_miss_is_three_commands_and_a_hit_is_one() {
    let (server, cache) = redis().await;
    let commands = Commands::of(&server);
    // The first store of a cache teaches the server the script, and finds out what it knows.
    cache.scope(get_user(1)).await.unwrap();
    cache.flush().await.unwrap();

    let monitor = server.monitor();
    cache.scope(get_user(42)).await.unwrap();
    cache.flush().await.unwrap();
    let miss = monitor.commands();
    let [acquire, store] = [commands.acquire(), commands.store()].map(|name| format!("{name} user:42"));
    assert_eq!(sent(&miss), ["GET user:42", &acquire, &store]);

    let by_client: Vec<_> = miss.iter().filter(|command| !command.in_script()).collect();
    if commands.nx_get {
        assert_eq!(rest(by_client[1]), ["NX", "GET", "PX", "3000"]);
    } else {
        // The script's hash, the number of keys and the key before.
        assert_eq!(by_client[1].args()[3], "3000");
    }
    if commands.ifeq {
        assert_eq!(rest(by_client[2])[0], "IFEQ");
    }
    // Whatever brought it there, it came with its expiry.
    let written = miss.iter().rfind(|command| command.name() == "SET").unwrap();
    assert_eq!(written.args()[written.args().len() - 2..], ["PX", "3600000"]);

    monitor.clear();
    assert_eq!(cache.scope(get_user(42)).await, Ok(user(42)));
    assert_eq!(sent(&monitor.commands()), ["GET user:42"]);
}

/// The store's command is one that every server knows. An acquisition is tried by the one that nearly all know: it is waited
/// for, so where it is refused there is time for another.
#[tokio::test]
async fn the_first_miss_of_a_cache_is_stored_by_one_command_too() {
    let (server, cache) = redis().await;
    let commands = Commands::of(&server);
    let monitor = server.monitor();
    cache.scope(get_user(42)).await.unwrap();
    cache.flush().await.unwrap();
    let sent = sent(&monitor.commands());
    let mut expected = vec!["GET user:42", "SET user:42"];
    expected.extend((!commands.nx_get).then_some("EVAL user:42"));
    expected.push("EVAL user:42");
    // Behind the store, and with nothing left to do: what the server knows, for the next one.
    expected.push("SET user:42");
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_error_gives_the_lease_back() {
    let (server, cache) = redis().await;
    let commands = Commands::of(&server);
    assert!(cache.scope(get_user(0)).await.is_err());
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    assert!(cache.scope(get_user(0)).await.is_err());
    cache.flush().await.unwrap();
    let acquire = format!("{} user:0", commands.acquire());
    assert_eq!(sent(&monitor.commands()), ["GET user:0", &acquire, "EVALSHA user:0"]);
    let left: usize = server.query(&["DBSIZE"]);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn so_it_is_for_blocking_functions() {
    let (server, cache) = redis().await;
    cache.sync_scope(|| get_user_blocking(42)).unwrap();
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    assert_eq!(cache.sync_scope(|| get_user_blocking(42)), Ok(user(42)));
    assert_eq!(sent(&monitor.commands()), ["GET blocking:42"]);
}

#[tokio::test]
async fn each_operation_of_an_entry_is_one_round_trip() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| get_user_entry(7));
    let monitor = server.monitor();
    entry.put(&user(7)).await.unwrap();
    entry.get().await.unwrap();
    entry.ttl().await.unwrap();
    entry.invalidate().await.unwrap();
    entry.invalidate_with_hold(Duration::from_secs(1)).await.unwrap();
    let expected = ["SET user:7", "GET user:7", "PTTL user:7", "GET user:7", "UNLINK user:7", "SET user:7"];
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
