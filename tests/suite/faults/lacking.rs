//! Servers that lack a command, by `rename-command`, by a user's rights or by their age: whatever is missing, calls give their function's
//! own value in time, nothing is tried again and again, and what can be stored is.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, Middleman, RedisServer};

use super::{DEADLINE, SLACK, get_user, get_user_entry};
use crate::log_recorder::{record, warnings};
use crate::{User, user};

/// All that the library asks, but for `PING`, without which nothing is a server.
const ALL: [&str; 15] = [
    "GET", "SET", "MGET", "PTTL", "UNLINK", "DEL", "SCAN", "EVAL", "EVALSHA", "GETRANGE", "PEXPIRE",
    "PERSIST", "CLIENT", "AUTH", "SELECT",
];

/// How many keys a function is called with.
const IDS: u64 = 20;

/// Those without which nothing is stored, or nothing is found.
const NEEDED: [&str; 2] = ["GET", "SET"];
/// Those too, where the server does not compare by itself (`SET … IFEQ`).
const TO_COMPARE: [&str; 2] = ["EVAL", "GETRANGE"];

#[redis_cached(ttl = 60, key = "several:<ids>", batch = ids)]
async fn get_users(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, user(*id))).collect()
}

#[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["city:<id>"])]
async fn tagged(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "known by its name:<id>", tags = |user: &User| vec![user.name.clone()])]
async fn named(id: u64) -> User {
    user(id)
}

fn computes(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.computes).sum()
}

/// Many at once, of each kind; each in time. Says how many ran their function.
async fn round(cache: &Cache, what: &str) -> u64 {
    let before = computes(cache);
    let mut calls = tokio::task::JoinSet::new();
    for id in 1..=IDS {
        let (cache, what) = (cache.clone(), what.to_owned());
        calls.spawn(async move {
            let began = Given::now();
            let (one, tags) = cache.scope(async { (get_user(id).await, tagged(id).await) }).await;
            assert_eq!((one, tags), (Ok(user(id)), user(id)));
            let ids = [100 + id, 200 + id];
            let several = cache.scope(get_users(&ids)).await;
            assert_eq!(several, ids.map(|id| (id, user(id))).into());
            assert_eq!(cache.scope(named(id)).await, user(id));
            assert!(began.elapsed() < 4 * DEADLINE + SLACK, "{what}: {:?}", began.elapsed());
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    cache.flush().await.unwrap();
    computes(cache) - before
}

fn connections(server: &RedisServer) -> u64 {
    server.info("total_connections_received").unwrap().parse().unwrap()
}

/// Whether single calls are stored, and invalidations take place.
async fn works(server: &RedisServer, url: &str, what: &str) -> (bool, bool) {
    record();
    let cache = Cache::builder().url(url).deadline(Duration::from_secs(2)).connect_lazy().unwrap();
    // The first ones find out what there is.
    round(&cache, what).await;
    let before = connections(server);
    for _ in 0..3 {
        round(&cache, what).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Each question on the side is one too.
    let made = connections(server) - before - 1;
    assert!(made <= 3, "{what}: {made} connections");
    let logged = warnings(&server.port().to_string());
    assert!(logged.len() <= 4, "{what}: {logged:#?}");

    let (before, mut stored) = (computes(&cache), true);
    for id in 1..=IDS {
        stored &= cache.scope(get_user(id)).await == Ok(user(id));
    }
    stored &= computes(&cache) == before;
    let invalidated = cache.sync_scope(|| get_user_entry(1)).invalidate().await.is_ok();
    let stats = cache.stats();
    assert!(stats.pending_invalidations == 0 || !invalidated, "{what}: {stats}");
    (stored, invalidated)
}

fn compares(server: &RedisServer) -> bool {
    server.takes(&["SET", "probe", "1", "IFEQ", "0"])
}

fn stores(server_compares: bool, without: &str) -> bool {
    !NEEDED.contains(&without) && (server_compares || !TO_COMPARE.contains(&without))
}

#[tokio::test]
async fn a_command_that_is_renamed_costs_what_it_must() {
    let compares = compares(&RedisServer::start());
    for command in ALL {
        let server = RedisServer::builder().arg("--rename-command").arg(command).arg("").start();
        let works = works(&server, &server.url(), command).await;
        assert_eq!(works, (stores(compares, command), true), "without {command}");
    }
}

#[tokio::test]
async fn a_command_that_a_user_may_not_run_costs_what_it_must() {
    for command in ALL {
        let server = RedisServer::start();
        let rights = format!("-{}", command.to_ascii_lowercase());
        server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", &rights]);
        let url = format!("redis://app:secret@127.0.0.1:{}", server.port());
        let works = works(&server, &url, &rights).await;
        assert_eq!(works, (stores(compares(&server), command), true), "without {command}");
    }
}

#[tokio::test]
async fn either_of_two_commands_will_do_for_an_invalidation() {
    let server = RedisServer::builder().arg("--rename-command").arg("UNLINK").arg("").start();
    let cache = super::lazy(server.url());
    let monitor = server.monitor();
    for _ in 0..2 {
        cache.sync_scope(|| get_user_entry(1)).invalidate().await.unwrap();
        cache.invalidate_tags(["rome", "paris"]).await.unwrap();
    }
    server.cli(&["SET", "swept:1", "by the test"]);
    assert_eq!(cache.invalidate_prefix("swept:").await.unwrap(), 1);
    let asked =
        |name| monitor.commands().iter().filter(|command| command.to_string().starts_with(name)).count();
    assert_eq!(asked("DEL"), 5);
}

#[tokio::test]
async fn what_compares_by_itself_needs_no_scripts() {
    let server = RedisServer::start();
    if !server.takes(&["SET", "probe", "x", "NX", "GET"]) {
        return;
    }
    let compares =
        Middleman::start(&server, |_, request| Middleman::with_ifeq(Middleman::without_scripts(request)));
    let cache =
        Cache::builder().url(compares.url()).deadline(Duration::from_secs(10)).connect_lazy().unwrap();
    round(&cache, "scripts").await;
    assert_eq!(round(&cache, "scripts").await, 0, "{}", cache.stats());
    cache.invalidate_tags((1..=IDS).map(|id| format!("city:{id}"))).await.unwrap();
    assert_eq!(round(&cache, "scripts").await, IDS, "{}", cache.stats());
    assert_eq!(compares.accepted(), 1);
}

/// Where nothing can be stored there are no leases either, in whose way nobody would be.
#[tokio::test]
async fn where_nothing_can_be_stored_nobody_waits() {
    let server = RedisServer::builder().arg("--rename-command").arg("EVAL").arg("").start();
    if compares(&server) {
        return;
    }
    let caches = [super::lazy(server.url()), super::lazy(server.url())];
    for cache in caches.iter().cycle().take(6) {
        let began = Given::now();
        assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
        assert!(began.elapsed() < 2 * DEADLINE + SLACK, "{:?}", began.elapsed());
    }
    assert_eq!(server.query::<usize>(&["DBSIZE"]), 0);
    let error = caches[0].sync_scope(|| get_user_entry(1)).invalidate().await;
    assert!(error.is_ok());
}
