//! Runtimes that end while they have work of the cache's.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Given, RedisServer};
use tokio::runtime::{Builder, Runtime};

use crate::{User, user};

/// `0` takes for ever.
#[redis_cached(ttl = 60, key = "user:<id>", skip(time))]
async fn slow(id: u64, time: Duration) -> User {
    tokio::time::sleep(time).await;
    user(id)
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids, skip(time))]
async fn slow_many(ids: &[u64], time: Duration) -> std::collections::HashMap<u64, User> {
    tokio::time::sleep(time).await;
    ids.iter().map(|id| (*id, user(*id))).collect()
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

fn lease_of(server: &RedisServer, key: &str) -> bool {
    server.query::<usize>(&["EXISTS", key]) == 1
}

/// The one that waits next is not kept waiting for a lease that nobody holds any more.
#[test]
fn a_leader_that_ends_with_its_runtime_keeps_nobody_waiting() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).connect_lazy().unwrap();
    let ever = Duration::from_secs(3600);
    for (round, runtime) in runtimes().into_iter().enumerate() {
        let id = round as u64;
        let leader = cache.clone();
        runtime.spawn(async move { leader.scope(slow(id, ever)).await });
        let leader = cache.clone();
        runtime.spawn(async move { leader.scope(slow_many(&[id, id + 10], ever)).await });
        let (single, of_batch) = (format!("user:{id}"), format!("many:{id}"));
        runtime.block_on(async {
            while !lease_of(&server, &single) || !lease_of(&server, &of_batch) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        drop(runtime);
        let began = Given::now();
        let next = Builder::new_current_thread().enable_all().build().unwrap();
        next.block_on(cache.scope(async {
            assert_eq!(slow(id, Duration::ZERO).await, user(id));
            assert_eq!(slow_many(&[id, id + 10], Duration::ZERO).await.len(), 2);
        }));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

/// Its lease cannot be given back, and will run out by itself.
#[test]
fn a_leader_that_ends_after_its_server_is_not_waited_for() {
    for runtime in runtimes() {
        let server = RedisServer::start();
        let patient = Cache::builder().deadline(Duration::from_secs(20));
        let patient = patient.url(server.url());
        runtime.block_on(async {
            let cache = patient.connect().await.unwrap();
            tokio::spawn(async move { cache.scope(slow(1, Duration::from_secs(3600))).await });
            while !lease_of(&server, "user:1") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        server.kill();
        let began = Given::now();
        drop(runtime);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

/// A handle outlives its runtime, and runs what needs neither a timer nor a socket.
#[test]
fn a_runtime_that_has_ended_is_no_reason_to_fail() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).connect_lazy().unwrap();
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        assert_eq!(runtime.block_on(cache.scope(slow(1, Duration::ZERO))), user(1));
        drop(runtime);
        for id in 1..4 {
            assert_eq!(handle.block_on(cache.scope(now(id))), user(id));
        }
    }
}

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn now(id: u64) -> User {
    user(id)
}
