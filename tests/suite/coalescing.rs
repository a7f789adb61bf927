//! Look-ups that happen at the same time travel together, and a lone one travels as it always did.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::{Command, RedisServer};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::{User, redis, user};

#[redis_cached(ttl = 3600, key = "user:<id>")]
async fn get_user(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 3600, key = "square:<n>")]
async fn square(n: u64) -> u64 {
    n * n
}

#[redis_cached(ttl = 3600, key = "text:<n>")]
async fn text(n: u64) -> String {
    n.to_string().repeat(100_000)
}

#[redis_cached(ttl = 3600, key = "user:<id>")]
fn get_user_blocking(id: u64) -> User {
    user(id)
}

/// A server with these users in it, and a cache that has just forgotten what it did so far.
async fn warm(ids: std::ops::Range<u64>) -> (RedisServer, Cache) {
    let (server, cache) = redis().await;
    for id in ids {
        cache.sync_scope(|| get_user_entry(id)).put(&user(id)).await.unwrap();
    }
    (server, cache)
}

/// Asks for all of them at the same time, and checks what each is given.
async fn get_all(cache: &Cache, ids: impl IntoIterator<Item = u64>) {
    let mut calls = JoinSet::new();
    for id in ids {
        let cache = cache.clone();
        calls.spawn(async move { assert_eq!(cache.scope(get_user(id)).await, user(id)) });
    }
    calls.join_all().await;
}

/// How many calls went on to compute.
fn misses(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.misses).sum()
}

/// The look-ups among the commands: nothing else is there, and these ask for so many keys.
fn keys_of_reads(commands: &[Command]) -> Vec<usize> {
    let keys = |command: &Command| match command.name() {
        "GET" | "MGET" => command.args().len(),
        _ => panic!("{command} is no look-up"),
    };
    commands.iter().map(keys).collect()
}

async fn poll_once<F: Future>(future: &mut Pin<Box<F>>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

async fn in_time<F: Future>(future: F) -> F::Output {
    // Half of the patient caches' deadline.
    tokio::time::timeout(Duration::from_secs(5), future).await.unwrap()
}

#[tokio::test]
async fn alone_a_hit_is_one_get() {
    let (server, cache) = warm(0..20).await;
    let monitor = server.monitor();
    for id in 0..20 {
        assert_eq!(cache.scope(get_user(id)).await, user(id));
    }
    let commands = monitor.commands();
    assert_eq!(commands.len(), 20);
    assert!(commands.iter().all(|command| command.name() == "GET"));
}

#[tokio::test]
async fn hits_at_the_same_time_share_commands() {
    let (server, cache) = warm(0..100).await;
    let monitor = server.monitor();
    get_all(&cache, 0..100).await;
    let keys = keys_of_reads(&monitor.commands());
    assert!(keys.len() <= 10, "{keys:?}");
    assert_eq!(keys.iter().sum::<usize>(), 100);
    assert_eq!(misses(&cache), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_key_is_asked_for_a_few_times() {
    let (server, cache) = warm(7..8).await;
    let monitor = server.monitor();
    get_all(&cache, std::iter::repeat_n(7, 1000)).await;
    let keys = keys_of_reads(&monitor.commands());
    assert!(keys.iter().sum::<usize>() <= 100, "{keys:?}");
    assert_eq!(misses(&cache), 0);
}

#[tokio::test]
async fn no_command_asks_for_too_many_keys() {
    let (server, cache) = warm(0..1000).await;
    let monitor = server.monitor();
    get_all(&cache, 0..1000).await;
    let keys = keys_of_reads(&monitor.commands());
    assert!(keys.iter().all(|keys| *keys <= 256), "{keys:?}");
    assert_eq!(keys.iter().sum::<usize>(), 1000);
}

#[tokio::test]
async fn large_values_do_not_come_all_at_once() {
    let (server, cache) = redis().await;
    let texts = async |numbers: std::ops::Range<u64>| {
        let mut calls = JoinSet::new();
        for number in numbers {
            let cache = cache.clone();
            calls.spawn(async move { cache.scope(text(number)).await.len() });
        }
        assert_eq!(in_time(calls.join_all()).await, [200_000; 20]);
    };
    texts(10..30).await;
    cache.flush().await.unwrap();
    texts(10..30).await;
    let monitor = server.monitor();
    texts(10..30).await;
    let keys = keys_of_reads(&monitor.commands());
    assert!(keys.iter().all(|keys| *keys == 1), "{keys:?}");
}

#[tokio::test]
async fn a_caller_that_goes_away_or_is_polled_no_more_harms_nobody() {
    for goes_away in [true, false] {
        let (_server, cache) = warm(0..4).await;
        let mut calls: Vec<_> = (0..4).map(|id| Box::pin(cache.scope(get_user(id)))).collect();
        // The first reads alone, the second opens a batch, the others join it.
        for call in &mut calls {
            poll_once(call).await;
        }
        let last = calls.pop().unwrap();
        if goes_away {
            calls.clear();
        }
        assert_eq!(in_time(last).await, user(3));
        // And those who come later.
        in_time(get_all(&cache, 0..4)).await;
        assert_eq!(misses(&cache), 0);
    }
}

#[tokio::test]
async fn each_is_given_what_is_its_own() {
    let (server, cache) = warm(1..3).await;
    cache.scope(square(12)).await;
    cache.flush().await.unwrap();
    server.cli(&["RPUSH", "user:3", "a list"]);
    server.cli(&["SET", "user:4", "no entry"]);
    let monitor = server.monitor();
    let mut alone = Box::pin(cache.scope(get_user(2)));
    poll_once(&mut alone).await;
    let users = get_all(&cache, [1, 2, 3, 4, 5, 1, 3]);
    let (squared, ()) = in_time(async { tokio::join!(cache.scope(square(12)), users) }).await;
    assert_eq!((squared, alone.await), (144, user(2)));

    let commands = monitor.commands();
    let together = commands.iter().find(|command| command.name() == "MGET").unwrap();
    for key in ["square:12", "user:1", "user:2", "user:3", "user:4", "user:5"] {
        assert_eq!(together.args().iter().filter(|arg| *arg == key).count(), 1, "{together}");
    }
    // What was in the way has been replaced.
    cache.flush().await.unwrap();
    monitor.clear();
    in_time(get_all(&cache, 1..6)).await;
    keys_of_reads(&monitor.commands());
}

/// Together they look like nothing, each time anew, until one is asked for alone.
#[tokio::test]
async fn lists_in_the_way_of_many_are_replaced() {
    let (server, cache) = redis().await;
    for id in 0..20 {
        server.cli(&["RPUSH", &format!("user:{id}"), "a list"]);
    }
    in_time(get_all(&cache, 0..20)).await;
    cache.flush().await.unwrap();
    assert_eq!(misses(&cache), 20);
    in_time(get_all(&cache, 0..20)).await;
    assert_eq!(misses(&cache), 20);
}

#[tokio::test]
async fn the_end_of_the_connection_is_heard_by_all() {
    let (server, cache) = warm(0..50).await;
    server.pause();
    let mut calls = JoinSet::new();
    for id in 0..50 {
        let entry = cache.sync_scope(|| get_user_entry(id));
        calls.spawn(async move { entry.get().await.unwrap_err().kind() });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.kill();
    assert_eq!(in_time(calls.join_all()).await, [ErrorKind::Connection; 50]);
}

#[test]
fn the_end_of_the_runtime_is_heard_by_who_is_polled_elsewhere() {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(10)).url(server.url());
    let [first, second] = [(); 2].map(|()| runtime());
    let cache = first.block_on(patient.connect()).unwrap();
    let mut calls: Vec<_> = (0..3).map(|id| Box::pin(cache.scope(get_user(id)))).collect();
    server.pause();
    first.block_on(async {
        for call in &mut calls {
            poll_once(call).await;
        }
    });
    first.shutdown_background();
    server.resume();
    second.block_on(async {
        for (id, call) in (0..3).zip(calls) {
            assert_eq!(in_time(call).await, user(id));
        }
    });
}

#[test]
fn several_runtimes_and_threads_read_at_the_same_time() {
    let (server, cache) = runtime().block_on(warm(0..100));
    let monitor = server.monitor();
    let cache = Arc::new(cache);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| runtime().block_on(async { in_time(get_all(&cache, 0..100)).await }));
        }
        for first in 0..8 {
            let cache = &cache;
            scope.spawn(move || {
                for id in first..first + 50 {
                    assert_eq!(cache.sync_scope(|| get_user_blocking(id)), user(id));
                }
            });
        }
    });
    assert_eq!(keys_of_reads(&monitor.commands()).iter().filter(|keys| **keys > 256).count(), 0);
    assert_eq!(misses(&cache), 0);
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A user with these rights, and a cache of theirs.
async fn with_rights(server: &RedisServer, rights: &[&str]) -> Cache {
    server.cli(&[&["ACL", "SETUSER", "reader", "on", ">secret"], rights].concat());
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    patient.url(format!("redis://reader:secret@127.0.0.1:{}", server.port())).connect().await.unwrap()
}

#[tokio::test]
async fn who_may_not_ask_for_several_keys_asks_one_by_one() {
    let (server, _) = warm(0..100).await;
    let cache = with_rights(&server, &["~*", "-@all", "+get", "+ping"]).await;
    get_all(&cache, 0..100).await;
    assert_eq!(misses(&cache), 0);
    // And does not try in vain again.
    let refused = || {
        let statistics: String = server.query(&["INFO", "commandstats"]);
        statistics.lines().find(|line| line.starts_with("cmdstat_mget")).map(str::to_owned)
    };
    let before = refused();
    assert!(before.is_some());
    get_all(&cache, 0..100).await;
    assert_eq!((refused(), misses(&cache)), (before, 0));
}

#[tokio::test]
async fn a_key_that_may_not_be_read_is_in_nobodys_way() {
    let (server, _) = warm(0..100).await;
    let cache = with_rights(&server, &["~user:1*", "~user:2*", "-@all", "+get", "+mget", "+ping"]).await;
    get_all(&cache, [1, 2, 3, 10, 20, 30, 11, 21]).await;
    assert_eq!(misses(&cache), 2);
    // Others are asked for together as before.
    let monitor = server.monitor();
    get_all(&cache, [1, 2, 10, 11, 12, 13, 14, 15]).await;
    assert!(keys_of_reads(&monitor.commands()).len() <= 3);
}
