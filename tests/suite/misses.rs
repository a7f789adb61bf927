//! Misses that happen at the same time travel together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Proxy, RedisServer};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::{User, redis, user, values_and_leases};

#[redis_cached(ttl = 3600, key = "user:<id>")]
async fn get_user(id: u64) -> User {
    user(id)
}

/// Long enough for any machine, and never waited for.
const LONG: Duration = Duration::from_secs(20);

/// Calls for all of them at the same time.
fn call_all(cache: &Cache, ids: std::ops::Range<u64>) -> JoinSet<()> {
    let mut calls = JoinSet::new();
    for id in ids {
        let cache = cache.clone();
        calls.spawn(async move { assert_eq!(cache.scope(get_user(id)).await, user(id)) });
    }
    calls
}

/// How many of the keys hold a value, and how many a lease.
fn states_of(server: &RedisServer, ids: std::ops::Range<u64>) -> (usize, usize) {
    values_and_leases(server, ids.map(|id| format!("user:{id}")))
}

#[tokio::test]
async fn values_that_are_stored_at_the_same_time_share_a_script() {
    let (server, cache) = redis().await;
    // What the server can do is known after the first.
    call_all(&cache, 1000..1001).join_all().await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    call_all(&cache, 0..64).join_all().await;
    cache.flush().await.unwrap();
    let scripts = monitor.commands().iter().filter(|command| command.name().starts_with("EVAL")).count();
    // Where the server compares by itself there is none, and each lease is one where it has no `SET NX GET`.
    let of_leases = if server.takes(&["SET", "probe", "1", "NX", "GET"]) { 0 } else { 64 };
    assert!(scripts - of_leases <= 8, "{scripts} scripts for 64 values");
    assert_eq!(states_of(&server, 0..64), (64, 0));
    assert_eq!(cache.stats().functions[0].stored, 65);
}

/// Outside of the runtime's threads it depends on when one of them wakes up, so it is tried often.
#[test]
fn what_a_caller_stored_is_there_for_what_it_asks_next() {
    let server = RedisServer::start();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cache = Cache::builder().url(server.url()).deadline(LONG).connect().await.unwrap();
        let rounds = async {
            for id in 0..500 {
                get_user(id).await;
                assert_eq!(get_user_entry(id).get().await.unwrap(), Some(user(id)), "round {id}");
            }
        };
        cache.scope(rounds).await;
    });
}

/// Has the server take no writes from here on, so that what it returns is not stored yet.
#[redis_cached(ttl = 3600, key = "late:<id>", skip(server, runs))]
async fn stored_late(id: u64, server: &RedisServer, runs: &AtomicUsize) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst);
    server.query::<()>(&["CLIENT", "PAUSE", "60000", "WRITE"]);
    id
}

#[redis_cached(ttl = 3600, key = "late:<ids>", batch = ids, skip(server, runs))]
async fn all_stored_late(ids: &[u64], server: &RedisServer, runs: &AtomicUsize) -> Vec<(u64, u64)> {
    runs.fetch_add(1, Ordering::SeqCst);
    server.query::<()>(&["CLIENT", "PAUSE", "60000", "WRITE"]);
    ids.iter().map(|id| (*id, *id)).collect()
}

/// Over a connection of its own: that of the first caller waits with its store.
fn elsewhere<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|threads| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        threads.spawn(move || runtime.block_on(work)).join().unwrap()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_the_lease_of_a_value_on_its_way_gets_the_value() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).deadline(LONG).connect().await.unwrap();
    let runs = &AtomicUsize::new(0);
    assert_eq!(cache.scope(stored_late(1, &server, runs)).await, 1);
    assert_eq!(elsewhere(cache.scope(stored_late(1, &server, runs))), 1);
    assert_eq!(elsewhere(cache.scope(all_stored_late(&[1], &server, runs))), [(1, 1)]);
    server.query::<()>(&["CLIENT", "UNPAUSE"]);
    assert_eq!(cache.scope(all_stored_late(&[2, 3], &server, runs)).await, [(2, 2), (3, 3)]);
    assert_eq!(elsewhere(cache.scope(all_stored_late(&[3, 2], &server, runs))), [(3, 3), (2, 2)]);
    assert_eq!(elsewhere(cache.scope(stored_late(2, &server, runs))), 2);
    server.query::<()>(&["CLIENT", "UNPAUSE"]);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(cache.stats().functions.iter().map(|function| function.coalesced).sum::<u64>(), 0);
    cache.flush().await.unwrap();
    assert_eq!(server.query::<usize>(&["EXISTS", "late:1", "late:2", "late:3"]), 3);
}

/// The last caller may end with the program: what it stored was put in line before, and so was what others stored.
#[test]
fn values_are_stored_though_the_runtime_ends() {
    let server = RedisServer::start();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cache = Cache::builder().url(server.url()).deadline(LONG).connect().await.unwrap();
        call_all(&cache, 0..64).join_all().await;
    });
    drop(runtime);
    assert_eq!(states_of(&server, 0..64), (64, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_leave_no_lease_behind() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).deadline(LONG).lease_ttl(LONG).connect().await.unwrap();
    proxy.delay_replies(Duration::from_millis(3));
    for round in 0..20 {
        let ids = round * 100..round * 100 + 64;
        let mut calls = call_all(&cache, ids.clone());
        tokio::time::sleep(Duration::from_micros(700 * round)).await;
        // Those that are looking up, asking for their leases, or storing.
        calls.abort_all();
        while calls.join_next().await.is_some() {}
    }
    let all_given_back = async {
        while states_of(&server, 0..2000).1 > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Sooner than they run out.
    tokio::time::timeout(LONG / 2, all_given_back).await.expect("leases are left");
}
