//! Answers that are not in Redis's protocol: named in the log, and not asked for again and again.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Entry, redis_cached};
use redis_cached_test_support::{Given, Middleman, RedisServer};

use super::{DEADLINE, SLACK, get_user, get_user_entry, lazy, wait_until_async};
use crate::log_recorder::{lines, record, warnings};
use crate::user;

#[redis_cached(ttl = 60, key = "stale:<id>", stale_while_revalidate = "1h")]
async fn stale(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

/// A server that answers a command with a status that is no text.
fn garbling(server: &RedisServer, command: &'static str) -> Middleman {
    garbling_all(server, &[command])
}

/// The same for each of these commands.
fn garbling_all(server: &RedisServer, commands: &[&'static str]) -> Middleman {
    let commands = commands.to_vec();
    Middleman::start(server, move |_, request| match commands.iter().any(|name| is_name(&request[0], name)) {
        true => ["EVAL", "return redis.status_reply('\\255\\254')", "0"]
            .map(|word| word.as_bytes().to_vec())
            .into(),
        false => request,
    })
}

fn is_name(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

#[tokio::test]
async fn a_command_is_named_and_rests() {
    record();
    let server = RedisServer::start();
    for (command, doing) in
        [("EVAL", "SET"), ("SET", "SET"), ("GET", "GET"), ("MGET", "MGET"), ("UNLINK", "UNLINK")]
    {
        let garbling = garbling(&server, command);
        let cache = lazy(garbling.url());
        for round in 0..6 {
            let mut calls = tokio::task::JoinSet::new();
            for id in 1..=20 {
                let cache = cache.clone();
                calls.spawn(async move {
                    let began = Given::now();
                    assert_eq!(cache.scope(get_user(100 * round + id)).await, Ok(user(100 * round + id)));
                    assert!(began.elapsed() < 2 * DEADLINE + SLACK, "{:?}", began.elapsed());
                });
            }
            while let Some(done) = calls.join_next().await {
                done.unwrap();
            }
            let _ = cache.sync_scope(|| get_user_entry(1)).invalidate().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(garbling.accepted() <= 8, "{command}: {} connections", garbling.accepted());
        let logged = warnings(&garbling.port().to_string());
        assert!(logged.len() <= 4, "{command}: {logged:#?}");
        let named = logged.iter().filter(|line| line.contains(&format!("answers {doing} with"))).count();
        assert_eq!(named, 1, "{command}: {logged:#?}");
        assert!(!logged.iter().any(|line| line.contains("user:")), "{logged:#?}");
    }
}

#[tokio::test]
async fn a_command_among_others_is_named_and_rests() {
    record();
    let server = RedisServer::start();
    for command in ["PTTL", "SET"] {
        let garbling = garbling(&server, command);
        let (cache, mut last) = (lazy(garbling.url()), false);
        for id in 0..60 {
            assert_eq!(cache.scope(stale(id)).await, id);
            let entries = cache.sync_scope(|| (0..8).map(get_user_entry).collect::<Vec<_>>());
            let stored = Entry::put_many(entries.into_iter().map(|entry| (entry, user(1)))).await;
            last = stored.is_ok();
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(last, command != "SET", "all others are taken");
        assert!(garbling.accepted() <= 8, "{command}: {} connections", garbling.accepted());
        let logged = warnings(&garbling.port().to_string());
        let named = logged.iter().filter(|line| line.contains(&format!("answers {command} with"))).count();
        assert_eq!((named, logged.len() <= 4), (1, true), "{command}: {logged:#?}");
    }
}

/// Else there would be a line for each that the library knows.
#[tokio::test]
async fn of_many_commands_two_are_named_loudly() {
    record();
    let server = RedisServer::start();
    let garbling = garbling_all(&server, &["MGET", "PTTL", "SET", "UNLINK"]);
    let (cache, address) = (lazy(garbling.url()), garbling.port().to_string());
    let named =
        || lines().iter().filter(|line| line.contains(&address) && line.contains(" answers ")).count();
    wait_until_async(async || {
        assert_eq!(cache.scope(stale(1)).await, 1);
        assert_eq!(cache.scope(many(&[1, 2])).await.len(), 2);
        let entry = cache.sync_scope(|| get_user_entry(1));
        let _ = entry.put(&user(1)).await;
        let _ = entry.invalidate().await;
        named() == 4
    })
    .await;
    let logged = warnings(&address);
    assert!(logged.len() <= 4, "{logged:#?}");
    assert_eq!(logged.iter().filter(|line| line.contains(" answers ")).count(), 2, "{logged:#?}");
}
