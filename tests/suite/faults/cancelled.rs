//! Callers that go away, one by one or with their runtime: what was on its way for them is given to nobody else, and nobody
//! waits for them.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Proxy, RedisServer};
use tokio::runtime::{Builder, Runtime};

use super::{assert_recovers, get_user};
use crate::user;

const KEYS: u64 = 32;

/// Every key's own value, though replies to other calls, and to calls that are no more, come in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_to_calls_that_were_dropped_are_given_to_nobody() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).connect_lazy().unwrap();
    // So that there is a while in which a question has been asked and not answered.
    proxy.delay_replies(Duration::from_millis(2));
    for round in 0..20 {
        if round % 5 == 4 {
            server.flush_all();
        }
        let calls: Vec<_> = (0..200).map(|number| (number, call(&cache, 1 + number % KEYS))).collect();
        for (number, call) in &calls {
            if (number + round) % 3 == 0 {
                // Some before they were sent, some after.
                if number % 2 == 0 {
                    tokio::time::sleep(Duration::from_micros(20 * (number % 16))).await;
                }
                call.abort();
            }
        }
        for (_, call) in calls {
            let panicked = call.await.is_err_and(|error| error.is_panic());
            assert!(!panicked, "another key's value");
        }
    }
    proxy.heal();
    assert_recovers(&cache).await;
}

fn call(cache: &Cache, id: u64) -> tokio::task::JoinHandle<()> {
    let cache = cache.clone();
    tokio::spawn(async move { assert_eq!(cache.scope(get_user(id)).await, Ok(user(id))) })
}

#[redis_cached(ttl = 60, key = "slow:<id>")]
async fn slow(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(20)).await;
    id
}

/// As `#[tokio::test]`s share the global cache, but with calls under way when a runtime ends.
#[test]
fn a_runtime_that_ends_with_calls_under_way_keeps_nobody_else() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).lease_ttl(Duration::from_millis(500)).connect_lazy().unwrap();
    for round in 0..4 {
        let ids = 100 * round..100 * round + 100;
        let ending = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        for id in ids.clone() {
            let cache = cache.clone();
            ending.spawn(async move { cache.scope(slow(id)).await });
        }
        // A different moment of the calls each time: none has begun, some have asked, some compute.
        ending.block_on(async { tokio::time::sleep(Duration::from_millis(7 * round)).await });
        drop(ending);

        let next = Builder::new_current_thread().enable_all().build().unwrap();
        assert_all_answered(&next, &cache, ids);
    }
}

fn assert_all_answered(runtime: &Runtime, cache: &Cache, ids: std::ops::Range<u64>) {
    let calls = async {
        let calls: Vec<_> = ids
            .map(|id| {
                let cache = cache.clone();
                tokio::spawn(async move { assert_eq!(cache.scope(slow(id)).await, id) })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    };
    // A lease that went down with its runtime runs out; the rest is for a busy machine.
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(3), calls).await }).expect("they hang");
}
