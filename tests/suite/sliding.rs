//! `sliding`: hits prolong entries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

use crate::faults::wait_until;
use crate::{Runs, TestCache, both, memory, redis, runs_within_both, within_both};

const TTL: Duration = Duration::from_millis(1200);
/// Less than a TTL, and more than a tenth of it.
const LESS: Duration = Duration::from_millis(350);

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = TTL, sliding, key = "slides:<id>", tags = ["slides:<id>"], stale_if_error = "1s")]
async fn slides(id: u64) -> Option<u64> {
    RUNS.count();
    Some(id)
}

#[redis_cached(ttl = 60, sliding, negative_ttl = 30, key = "negative:<id>")]
fn negative(id: u64) -> Option<u64> {
    (id > 1).then_some(id)
}

#[redis_cached(ttl = TTL, sliding, key = "of many:<ids>", batch = ids)]
async fn of_many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, sliding, negative_ttl = 90, key = "long negative:<id>", local = revalidate)]
async fn long_negative(id: u64) -> Option<u64> {
    (id > 1).then_some(id)
}

#[redis_cached(ttl = 60, sliding, key = "plain:<id>")]
async fn plain(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 2, sliding, key = "short local:<id>", local = "1h")]
async fn kept_briefly(id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[redis_cached(ttl = 2, sliding, key = "short revalidated:<id>", local = revalidate)]
async fn revalidated_briefly(id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[redis_cached(ttl = 60, sliding, key = "local:<id>", local = "1h")]
async fn kept(id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[redis_cached(ttl = 60, sliding, key = "revalidated:<id>", local = revalidate)]
async fn revalidated(id: u64) -> Arc<u64> {
    Arc::new(id)
}

static AGED: Runs = Runs::new();

#[redis_cached(ttl = "600ms", sliding, max_age = 2, key = "aged:<id>")]
async fn aged(id: u64) -> u64 {
    AGED.count();
    id
}

#[redis_cached(ttl = "5m", sliding, max_age = "10m", key = "aged by minutes:<id>")]
async fn aged_by_minutes(id: u64) -> u64 {
    id
}

/// Lets time pass, and sees to it that what the next hit prolongs is prolonged.
async fn hit_after(cache: &TestCache, time: Duration, hit: impl Future<Output = ()>) {
    cache.pass(time).await;
    let prolonged = || cache.stats().functions.iter().map(|function| function.prolonged).sum::<u64>();
    let before = prolonged();
    hit.await;
    wait_until(|| prolonged() > before).await;
}

#[tokio::test]
async fn a_value_that_is_read_outlives_its_ttl() {
    runs_within_both(&RUNS, 1, async |cache| {
        slides(1).await;
        for _ in 0..4 {
            hit_after(cache, LESS, async { assert_eq!(slides(1).await, Some(1)) }).await;
        }
        // A tag lives as long.
        assert_eq!(slides_entry(1).get().await.unwrap(), Some(Some(1)));
    })
    .await;
}

#[tokio::test]
async fn one_that_is_not_read_ends() {
    let _counting = RUNS.counting.lock().await;
    let (cache, before) = (memory(Cache::builder()), RUNS.get());
    let calls = async {
        slides(2).await;
        cache.pass(2 * TTL).await;
        slides(2).await;
    };
    cache.scope(calls).await;
    assert_eq!(RUNS.get() - before, 2);
}

#[tokio::test]
async fn a_hit_within_the_first_tenth_prolongs_nothing() {
    within_both(async |cache| {
        let hits = async || {
            kept(7).await;
            revalidated(7).await;
            negative_entry(7).get().await.unwrap();
        };
        hits().await;
        cache.flush().await.unwrap();
        hits().await;
        assert!(cache.stats().functions.iter().all(|function| function.prolonged == 0));
    })
    .await;
}

#[tokio::test]
async fn so_do_the_keys_of_a_batch() {
    within_both(async |cache| {
        of_many(&[1, 2]).await;
        for _ in 0..4 {
            hit_after(cache, LESS, async { assert_eq!(of_many(&[1, 2]).await.len(), 2) }).await;
        }
        wait_until(|| cache.stats().functions[0].prolonged >= 8).await;
        assert_eq!(cache.stats().functions[0].computes, 1, "{}", cache.stats());
    })
    .await;
}

#[test]
fn a_none_ends_by_itself() {
    let clock = redis_cached::testing::Clock::new();
    let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy().unwrap();
    cache.sync_scope(|| {
        assert_eq!((negative(1), negative(2)), (None, Some(2)));
        for _ in 0..2 {
            cache.blocking().flush().unwrap();
            clock.advance(Duration::from_secs(20));
            assert_eq!((negative(1), negative(2)), (None, Some(2)));
        }
        assert_eq!(cache.stats().functions[0].computes, 3, "{}", cache.stats());
    });
}

/// How long the server keeps it yet.
fn left(server: &redis_cached_test_support::RedisServer, key: &str) -> i64 {
    server.query(&["PTTL", key])
}

#[tokio::test]
async fn redis_hears_of_hits_in_this_process() {
    let (_server, cache) = redis().await;
    let calls = async {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            assert_eq!((*kept_briefly(1).await, *revalidated_briefly(1).await), (1, 1));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let functions = cache.stats().functions;
        let computes: u64 = functions.iter().map(|function| function.computes).sum();
        assert_eq!(computes, 2, "{}", cache.stats());
        assert!(functions.iter().all(|function| function.prolonged >= 3), "{}", cache.stats());
    };
    cache.scope(calls).await;
}

#[tokio::test]
async fn what_has_taken_the_place_of_a_value_keeps_its_own_time() {
    let (server, caches) = both().await;
    let calls = async {
        slides(9).await;
        caches[0].flush().await.unwrap();
        let entry: Vec<u8> = server.query(&["GET", "slides:9"]);
        slides_entry(9).invalidate_with_hold(Duration::from_secs(5)).await.unwrap();
        let time = left(&server, "slides:9");
        // A hit that has read before, and whose request comes behind.
        let mut script = redis::cmd("EVAL");
        script.arg(include_str!("../../cache-runtime/src/store/redis/lua/swap.lua")).arg(1).arg("slides:9");
        script.arg(&entry[..17]).arg(&entry[..17]).arg(60_000);
        assert_eq!(script.query::<i64>(&mut server.connection()).unwrap(), 0);
        assert!(left(&server, "slides:9") <= time);
    };
    caches[0].scope(calls).await;
}

/// A process that has not stored the entry does not know when it was prolonged. So its first hit does, and its next ones do not.
#[tokio::test]
async fn a_hit_is_one_command_and_of_many_one_prolongs() {
    let (server, cache) = redis().await;
    cache
        .scope(async {
            plain(1).await;
            cache.flush().await.unwrap();
        })
        .await;
    let other = Cache::connect(server.url()).await.unwrap();
    let calls = async {
        plain(1).await;
        wait_until(|| other.stats().functions[0].prolonged == 1).await;
        let monitor = server.monitor();
        for _ in 0..20 {
            plain(1).await;
        }
        let commands = monitor.commands();
        assert_eq!(commands.len(), 20, "{commands:?}");
        assert!(commands.iter().all(|command| command.name() == "GET"), "{commands:?}");
        assert_eq!(other.stats().functions[0].prolonged, 1);
    };
    other.scope(calls).await;
}

#[test]
fn a_none_ends_by_itself_however_long_it_may_stay() {
    let clock = redis_cached::testing::Clock::new();
    let cache = Cache::builder().url("memory://").clock(&clock).connect_lazy().unwrap();
    let computes = || cache.stats().functions.iter().map(|function| function.computes).sum::<u64>();
    let calls = async {
        long_negative(1).await;
        for seconds in [0, 40, 40] {
            cache.flush().await.unwrap();
            clock.advance(Duration::from_secs(seconds));
            assert_eq!(long_negative(1).await, None);
            assert_eq!(computes(), 1);
        }
        clock.advance(Duration::from_secs(20));
        long_negative(1).await;
        assert_eq!(computes(), 2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(cache.scope(calls));
}

#[tokio::test]
async fn a_value_that_is_read_grows_no_older_than_its_maximum_age() {
    runs_within_both(&AGED, 2, async |cache| {
        let computes = || cache.stats().functions.iter().map(|function| function.computes).sum::<u64>();
        aged(1).await;
        for _ in 0..11 {
            cache.pass(Duration::from_millis(200)).await;
            aged(1).await;
            if computes() > 1 {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn it_grows_as_old_as_that() {
    let cache = memory(Cache::builder());
    let calls = async {
        aged_by_minutes(1).await;
        for minutes in 1..20 {
            hit_after_a_minute(&cache, async { aged_by_minutes(1).await }).await;
            let computes = cache.stats().functions[0].computes;
            assert_eq!(computes, if minutes < 10 { 1 } else { 2 }, "{minutes} {}", cache.stats());
        }
    };
    cache.scope(calls).await;
}

/// The same as a hit that prolongs, or a miss that stores: nothing is on its way when it returns.
async fn hit_after_a_minute(cache: &TestCache, hit: impl Future<Output = u64>) {
    cache.pass(Duration::from_secs(60)).await;
    hit.await;
    cache.flush().await.unwrap();
    // A prolongation is no store, and has no end that can be waited for in a cache that may prolong nothing.
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[tokio::test]
async fn a_value_whose_age_is_lost_has_its_ttl_and_no_more() {
    let (server, cache) = redis().await;
    let calls = async {
        aged(7).await;
        cache.flush().await.unwrap();
        let exists = || server.query::<u64>(&["EXISTS", "aged:7\u{1}age"]) == 1;
        wait_until(exists).await;
        server.query::<u64>(&["UNLINK", "aged:7\u{1}age"]);
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            aged(7).await;
        }
        let stats = cache.stats();
        assert!(stats.functions[0].computes >= 2, "{stats}");
    };
    let _counting = AGED.counting.lock().await;
    cache.scope(calls).await;
}
