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
mod clock;
mod cluster;
mod coalescing;
mod codec;
mod collections;
mod compress;
mod conditional;
mod dedicated;
mod default_key;
mod detached;
mod disabled;
mod entries;
mod entry_handle;
mod extremes;
mod failing;
mod failover;
mod faults;
mod follow;
mod foreign;
mod forked;
mod fresh;
mod freshness;
mod impostors;
mod invalidate_all;
mod invalidates;
mod invalidation;
mod jitter;
mod key;
mod late_lease;
mod lease_first;
mod local;
mod log_recorder;
mod logs;
mod misses;
mod negative;
mod negative_ttl;
mod observed;
mod own_entries;
mod parts;
mod pending;
mod prefix;
mod processes;
mod replicas;
mod replicated;
mod report;
mod results;
mod revalidate;
mod round_trips;
mod runtimes;
mod sealed;
mod sentinel;
mod shapes;
mod single_flight;
mod size;
mod sliding;
mod source;
mod stats;
mod stored_shapes;
mod tags;
mod testing;
mod timeout;
mod tls;
mod trait_impls;
mod ttl;
mod unstorable;
mod updates;
mod vanished;
mod verify;
mod version;
mod versions;
mod waits;
mod warm_up;

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::testing::Clock;
use redis_cached::{Cache, CacheBuilder, redis_cached};
use redis_cached_test_support::{RedisCluster, RedisSentinels, RedisServer};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

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
struct Runs {
    number: AtomicUsize,
    /// Of the tests that count them, one at a time.
    counting: Mutex<()>,
}

impl Runs {
    const fn new() -> Self {
        Self { number: AtomicUsize::new(0), counting: Mutex::const_new(()) }
    }

    fn count(&self) {
        self.number.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.number.load(Ordering::SeqCst)
    }
}

/// What a function was called with, call by call.
#[derive(Default)]
struct Calls(std::sync::Mutex<Vec<Vec<u64>>>);

impl Calls {
    fn add(&self, ids: &[u64]) {
        self.0.lock().unwrap().push(ids.to_vec());
    }

    fn take(&self) -> Vec<Vec<u64>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A server of the test's own and a connected cache, patient enough for a busy machine.
async fn redis() -> (RedisServer, Cache) {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let cache = patient.url(server.url()).connect().await.unwrap();
    (server, cache)
}

/// How many of these keys have a value, and how many a lease. One request: it is asked for while leases have to be renewed.
fn values_and_leases(server: &RedisServer, keys: impl IntoIterator<Item = String>) -> (usize, usize) {
    const COUNT: &str = "local states = {V = 0, L = 0}
        for _, key in ipairs(ARGV) do
            local state = redis.call('GETRANGE', key, 0, 0)
            states[state] = (states[state] or 0) + 1
        end
        return {states.V, states.L}";
    let keys: Vec<_> = keys.into_iter().collect();
    let command: Vec<_> = ["EVAL", COUNT, "0"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    server.query(&command)
}

/// A cache whose entries grow old as fast as a test can have it.
struct TestCache {
    cache: Cache,
    /// In memory. A server's own time has to be waited for.
    clock: Option<Clock>,
}

impl Deref for TestCache {
    type Target = Cache;

    fn deref(&self) -> &Cache {
        &self.cache
    }
}

impl TestCache {
    /// Lets time pass for all that is stored, or on its way.
    async fn pass(&self, time: Duration) {
        self.cache.flush().await.unwrap();
        match &self.clock {
            Some(clock) => clock.advance(time),
            None => tokio::time::sleep(time).await,
        }
    }
}

/// Both kinds of cache, for promises that hold on both: Redis, as one server, as a cluster and behind sentinels, and memory. The one server is
/// the test's own, and its keys have no prefix; cluster and sentinels are shared, and there a prefix keeps tests apart.
async fn both() -> (RedisServer, [TestCache; 4]) {
    both_with(Cache::builder()).await
}

/// The same with these options.
async fn both_with(options: CacheBuilder) -> (RedisServer, [TestCache; 4]) {
    let (server, patient) = (RedisServer::start(), options.deadline(Duration::from_secs(10)));
    let redis = async |url: String, prefix: &str| {
        let cache = patient.clone().url(url).prefix(prefix).connect().await.unwrap();
        TestCache { cache, clock: None }
    };
    let prefix = own_prefix();
    let caches = [
        redis(server.url(), "").await,
        memory(patient.clone()),
        redis(RedisCluster::shared().url(), &prefix).await,
        redis(RedisSentinels::shared().url(), &prefix).await,
    ];
    (server, caches)
}

/// A prefix that no other test of this process has.
fn own_prefix() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("test{}:", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A cache in memory, for what is the same on both.
fn memory(options: CacheBuilder) -> TestCache {
    let clock = Clock::new();
    let cache = options.url("memory://").clock(&clock).connect_lazy().unwrap();
    TestCache { cache, clock: Some(clock) }
}

/// Waits until every invalidation has been carried out.
async fn settled(cache: &Cache) {
    faults::wait_until(|| cache.stats().pending_invalidations == 0).await;
}

/// Runs the test within each of these caches.
async fn within_both(test: impl AsyncFn(&TestCache)) {
    let (_server, caches) = both().await;
    for cache in &caches {
        cache.scope(test(cache)).await;
    }
}

/// Runs the test within each of these caches, and expects so many runs of the body that is counted.
async fn runs_within_both(runs: &Runs, expected: usize, test: impl AsyncFn(&TestCache)) {
    let _counting = runs.counting.lock().await;
    within_both(async |cache| {
        let before = runs.get();
        test(cache).await;
        assert_eq!(runs.get() - before, expected, "{}", cache.stats());
    })
    .await;
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
