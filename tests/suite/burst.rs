//! Thousands of cold keys at once, large values, and programs that end: with a healthy Redis each value is stored, and no lease
//! is left in anybody's way.

use std::process::Command;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::faults::wait_until;
use crate::{Runs, User, redis, user, values_and_leases};

fn runtimes() -> [(&'static str, Runtime); 2] {
    [
        ("one thread", Builder::new_current_thread().enable_all().build().unwrap()),
        ("two workers", Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()),
    ]
}

/// How many values and how many leases there are at the keys that match.
fn states_of(server: &RedisServer, pattern: &str) -> (usize, usize) {
    values_and_leases(server, server.query::<Vec<String>>(&["KEYS", pattern]))
}

/// Patient, for the machine may be busy with other tests: what is looked at is what is stored, not how long Redis takes.
#[test]
fn every_value_of_a_burst_is_stored() {
    static RUNS: Runs = Runs::new();

    #[redis_cached(ttl = 3600, key = "burst:<id>")]
    async fn cold(id: u64) -> User {
        RUNS.count();
        user(id)
    }

    async fn burst(cache: &Cache, calls: u64) -> usize {
        let (before, mut all) = (RUNS.get(), JoinSet::new());
        for id in 0..calls {
            let cache = cache.clone();
            all.spawn(async move { assert_eq!(cache.scope(cold(id)).await, user(id)) });
        }
        all.join_all().await;
        RUNS.get() - before
    }

    for (name, runtime) in runtimes() {
        for calls in [1_000, 5_000, 20_000] {
            let server = RedisServer::start();
            runtime.block_on(async {
                // Nor may a lease end before its value is on its way, however slow the machine is.
                let patient = Cache::builder()
                    .deadline(Duration::from_secs(10))
                    .max_wait(Duration::from_secs(60))
                    .lease_ttl(Duration::from_secs(60));
                let cache = patient.url(server.url()).connect().await.unwrap();
                assert_eq!(burst(&cache, calls).await, calls as usize, "{name}, {calls} calls");
                cache.flush().await.unwrap();
                assert_eq!(burst(&cache, calls).await, 0, "{name}, {calls} calls, the second time");
            });
        }
    }
}

#[tokio::test]
async fn the_leases_of_thousands_of_cancelled_calls_are_given_back() {
    #[redis_cached(ttl = 3600, key = "cancelled:<id>", skip(forever))]
    async fn hung(id: u64, forever: bool) -> User {
        if forever {
            std::future::pending::<()>().await;
        }
        user(id)
    }

    let (server, cache) = redis().await;
    let mut all = JoinSet::new();
    for id in 0..3_000 {
        let cache = cache.clone();
        all.spawn(async move { cache.scope(hung(id, true)).await });
    }
    wait_until(|| states_of(&server, "cancelled:*").1 == 3_000).await;
    all.shutdown().await;
    cache.flush().await.unwrap();
    assert_eq!(states_of(&server, "cancelled:*"), (0, 0));
    let waits = cache.stats().functions[0].coalesced;
    for id in 0..3_000 {
        assert_eq!(cache.scope(hung(id, false)).await, user(id));
    }
    assert_eq!(cache.stats().functions[0].coalesced, waits, "somebody waited for a lease that nobody held");
}

#[test]
fn a_program_that_ends_leaves_its_value_and_no_lease() {
    let server = RedisServer::start();
    for (kind, bytes, values) in [
        ("async", 24 << 20, 1),
        ("async", 64 << 10, 1),
        ("blocking", 24 << 20, 1),
        ("blocking", 10, 1),
        ("failing", 10, 0),
        ("cancelled", 10, 0),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ending"));
        let ended = program.args([&server.url(), kind, &bytes.to_string()]).status().unwrap();
        assert!(ended.success());
        let left = states_of(&server, &format!("ending:{kind}:{bytes}"));
        assert_eq!(left, (values, 0), "{kind}, {bytes} bytes");
    }
}
