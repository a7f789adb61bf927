//! The library from outside: what users are promised, on a real Redis and in memory. One file an option or a promise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod arguments;
mod batch;
mod blocking;
mod bodies;
mod burst;
mod cache;
mod cache_if;
mod cache_option;
mod coalescing;
mod codec;
mod collections;
mod compress;
mod default_key;
mod detached;
mod disabled;
mod entries;
mod entry_handle;
mod extremes;
mod failing;
mod faults;
mod foreign;
mod forked;
mod fresh;
mod freshness;
mod impostors;
mod invalidates;
mod invalidation;
mod jitter;
mod key;
mod late_lease;
mod local;
mod log_recorder;
mod logs;
mod misses;
mod negative;
mod negative_ttl;
mod own_entries;
mod pending;
mod prefix;
mod processes;
mod results;
mod round_trips;
mod runtimes;

mod shapes;
mod single_flight;
mod size;
mod stats;
mod tags;
mod tls;
mod trait_impls;
mod ttl;
mod unstorable;
mod updates;
mod vanished;
mod version;
mod waits;
mod warm_up;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use serde::{Deserialize, Serialize};

/// What most tests cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

fn user(id: u64) -> User {
    User { id, name: format!("user {id}") }
}

/// The error of functions under test. Without `Clone`, `Serialize` or anything else that a cache could ask for.
#[derive(Debug, PartialEq)]
struct Failed(&'static str);

/// Counts how often a function's body ran. In a `static`, which an expansion must not double.
struct Runs(AtomicUsize);

impl Runs {
    const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn count(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server of the test's own and a connected cache, patient enough for a busy machine.
async fn redis() -> (RedisServer, Cache) {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let cache = patient.url(server.url()).connect().await.unwrap();
    (server, cache)
}

/// Both kinds of cache, for promises that hold on both.
async fn both() -> (RedisServer, [Cache; 2]) {
    let (server, cache) = redis().await;
    (server, [cache, Cache::memory()])
}

#[redis_cached(ttl = 60, key = "led")]
async fn led() -> u8 {
    std::future::pending().await
}

/// The bytes of a lease that somebody had.
async fn lease(server: &RedisServer) -> Vec<u8> {
    let cache = Cache::connect(server.url()).await.unwrap();
    let leader = tokio::spawn(async move { cache.scope(led()).await });
    loop {
        if let Some(lease) = server.query(&["GET", "led"]) {
            leader.abort();
            return lease;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Puts it where nobody renews it, nor gives it back.
fn set_lease(server: &RedisServer, key: &str, lease: &[u8], millis: Option<u64>) {
    let mut set = redis::cmd("SET");
    set.arg(key).arg(lease);
    if let Some(millis) = millis {
        set.arg("PX").arg(millis);
    }
    set.exec(&mut server.connection()).unwrap();
}
