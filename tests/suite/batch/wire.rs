//! What goes over the wire.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use redis_cached::{BlockingEntry, Cache, Entry};
use redis_cached_test_support::{Command, RedisServer};

use super::{Calls, get_user_entry, get_users, users};
use crate::{redis, user};

/// The names of the commands that a client sent, each with how many followed it in a row.
fn sent(commands: &[Command]) -> Vec<(String, usize)> {
    let mut runs: Vec<(String, usize)> = Vec::new();
    for command in commands.iter().filter(|command| !command.in_script()) {
        // The first call of a pipeline carries the script's text.
        let name = command.name().replace("EVALSHA", "EVAL");
        match runs.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => runs.push((name, 1)),
        }
    }
    runs
}

/// How many keys a command sets; a script may set several.
fn keys_written(command: &Command) -> usize {
    if command.name().starts_with("EVAL") { command.args()[1].parse().unwrap() } else { 1 }
}

/// A way to the server that notes what the client sends between two answers.
fn turns(server: &RedisServer) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, server) = (listener.local_addr().unwrap().port(), server.port());
    let turns = Arc::new(Mutex::new(vec![String::new()]));
    let noted = Arc::clone(&turns);
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            for (mut from, mut to, is_client) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap(), true), (server, client, false)]
            {
                let turns = Arc::clone(&noted);
                thread::spawn(move || {
                    let mut buffer = vec![0; 1 << 20];
                    while let Ok(length @ 1..) = from.read(&mut buffer) {
                        let mut turns = turns.lock().unwrap();
                        if is_client {
                            let sent = String::from_utf8_lossy(&buffer[..length]);
                            turns.last_mut().unwrap().push_str(&sent);
                        } else if !turns.last().unwrap().is_empty() {
                            turns.push(String::new());
                        }
                        drop(turns);
                        to.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        }
    });
    (format!("redis://127.0.0.1:{port}"), turns)
}

#[tokio::test]
async fn a_miss_is_three_round_trips_however_many_keys_it_has() {
    let (server, _) = redis().await;
    let (url, turns) = turns(&server);
    let cache = Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap();
    let calls = Calls::default();
    // What the server knows is found out by the first store.
    cache.scope(get_users(&calls, &[0])).await.unwrap();
    cache.flush().await.unwrap();
    *turns.lock().unwrap() = vec![String::new()];
    cache.scope(get_users(&calls, &(0..11).collect::<Vec<_>>())).await.unwrap();
    cache.flush().await.unwrap();
    let turns: Vec<String> = turns.lock().unwrap().iter().filter(|turn| !turn.is_empty()).cloned().collect();
    let keys = |turn: &String| turn.matches("\r\nuser:").count();
    assert_eq!(turns.iter().map(keys).collect::<Vec<_>>(), [11, 10, 10], "{turns:?}");
    assert!(turns[0].contains("MGET"));
}

#[tokio::test]
async fn a_hundred_keys_of_which_ten_are_missing() {
    let (server, cache) = redis().await;
    let calls = Calls::default();
    let (there, all): (Vec<u64>, Vec<u64>) = ((0..90).collect(), (0..100).collect());
    cache.scope(get_users(&calls, &there)).await.unwrap();
    cache.flush().await.unwrap();
    calls.take();

    let monitor = server.monitor();
    assert_eq!(cache.scope(get_users(&calls, &all)).await, Ok(users(0..100)));
    cache.flush().await.unwrap();
    let commands = monitor.commands();
    let counts = sent(&commands);
    assert_eq!(counts[0], ("MGET".into(), 1), "{counts:?}");
    let keys: usize = commands.iter().filter(|command| !command.in_script()).skip(1).map(keys_written).sum();
    assert_eq!(keys, 20, "ten leases and ten values: {counts:?}");
    assert_eq!(commands[0].args().len(), 100);
    assert_eq!(calls.take(), [(90..100).collect::<Vec<_>>()]);

    monitor.clear();
    assert_eq!(cache.scope(get_users(&calls, &all)).await, Ok(users(0..100)));
    assert_eq!(sent(&monitor.commands()), [("MGET".into(), 1)]);
}

#[tokio::test]
async fn more_keys_than_512_are_several_commands() {
    let (server, cache) = redis().await;
    let calls = Calls::default();
    let all: Vec<u64> = (0..1000).collect();
    assert_eq!(cache.scope(get_users(&calls, &all)).await.unwrap().len(), 1000);
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    assert_eq!(cache.scope(get_users(&calls, &all)).await.unwrap().len(), 1000);
    let keys: Vec<_> = monitor.commands().iter().map(|command| command.args().len()).collect();
    assert_eq!(keys, [512, 488]);
    assert_eq!(calls.take(), [all]);
}

#[tokio::test]
async fn many_invalidations_are_one_command_for_each_cache() {
    let (server, caches) = crate::both().await;
    let entries = |cache: &Cache| cache.sync_scope(|| (0..600).map(get_user_entry).collect::<Vec<_>>());
    let all: Vec<Entry<crate::User>> = caches.iter().flat_map(|cache| entries(cache)).collect();
    Entry::put_many(all.iter().map(|entry| (entry.clone(), user(1)))).await.unwrap();
    let monitor = server.monitor();
    Entry::invalidate_many(all.iter().cloned()).await.unwrap();
    let commands = monitor.commands();
    assert_eq!(sent(&commands), [("UNLINK".into(), 1)]);
    assert_eq!(commands[0].args().len(), 600);
    for entry in [0, 599, 600, 1199] {
        assert_eq!(all[entry].get().await.unwrap(), None);
    }
    let monitor = server.monitor();
    Entry::invalidate_many(entries(&caches[0]).into_iter().take(0)).await.unwrap();
    assert!(monitor.commands().is_empty());
}

#[test]
fn blocking_code_invalidates_many() {
    let cache = Cache::memory();
    let entries = || cache.sync_scope(|| [1, 2].map(|id| get_user_entry(id).blocking()));
    entries()[1].put(&user(2)).unwrap();
    BlockingEntry::invalidate_many(entries()).unwrap();
    assert_eq!(entries()[1].get().unwrap(), None);
}

#[tokio::test]
async fn a_warm_up_is_one_command_a_value_and_holds_for_calls() {
    let (server, caches) = crate::both().await;
    let calls = Calls::default();
    for cache in caches {
        let monitor = server.monitor();
        let entries = |ids: std::ops::Range<u64>| {
            cache.sync_scope(|| ids.map(|id| (get_user_entry(id), user(id))).collect::<Vec<_>>())
        };
        Entry::put_many(entries(0..600)).await.unwrap();
        let put = sent(&monitor.commands());
        assert!(put.is_empty() || put == [("SET".into(), 600)], "{put:?}");
        let ids: Vec<u64> = (0..600).collect();
        assert_eq!(cache.scope(get_users(&calls, &ids)).await, Ok(users(0..600)));
        assert!(calls.take().is_empty());
        let left = entries(7..8)[0].0.ttl().await.unwrap().unwrap();
        assert!(left <= Duration::from_secs(60));
        Entry::put_many(entries(0..0)).await.unwrap();
    }
}
