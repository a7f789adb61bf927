//! What calls are said to have been: each kind, on a server where memory has none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis_cached::redis_cached;
use redis_cached::testing::{self, CallSource};

use crate::{Failed, redis};

#[redis_cached(ttl = 60, key = "near:<id>", local = "30s")]
async fn near(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "named:<id>", local = "30s", early_refresh = 1.0)]
async fn named(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = "1h", key = "stale", stale_while_revalidate = "1d")]
async fn stale() -> u8 {
    1
}

#[redis_cached(ttl = "1h", key = "older", stale_if_error = "1d", skip(fails))]
async fn older(fails: &AtomicBool) -> Result<u8, Failed> {
    if fails.load(Ordering::SeqCst) { Err(Failed("the source")) } else { Ok(1) }
}

#[redis_cached(ttl = "1h", key = "slow")]
async fn slow() -> u8 {
    tokio::time::sleep(Duration::from_millis(50)).await;
    1
}

#[redis_cached(ttl = "1h", key = "slow and failing")]
async fn slow_and_failing() -> Result<u8, String> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Err("the source".to_owned())
}

#[redis_cached(ttl = "1h", key = "many:<ids>", batch = ids, negative_ttl = "1h")]
async fn many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().filter(|id| **id < 10).map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = "1h", key = "detached", finish_in_background = true)]
async fn detached() -> u8 {
    1
}

async fn sources(call: impl Future) -> Vec<CallSource> {
    testing::observe(call).await.1.iter().map(|call| call.source).collect()
}

#[tokio::test]
async fn a_value_of_this_process() {
    let (_server, cache) = redis().await;
    let test = async {
        near(7).await;
        cache.flush().await.unwrap();
        near(7).await;
        for _ in 0..3 {
            let (_, calls) = testing::observe(near(7)).await;
            let call = calls.iter().next().unwrap();
            assert_eq!((call.source, &call.keys[..]), (CallSource::Local, &["near:7".to_owned()][..]));
        }
        named(7).await;
        cache.flush().await.unwrap();
        named(7).await;
        assert_eq!(sources(named(7)).await, [CallSource::Local]);
        assert_eq!(sources(near_entry(7).get_or_compute(async { 7 })).await, [CallSource::Local]);
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_stale_value() {
    let cache = testing::cache();
    let fails = AtomicBool::new(false);
    let test = async {
        assert_eq!(
            sources(async { (stale().await, stale().await) }).await,
            [CallSource::Computed, CallSource::Store]
        );
        cache.clock().advance("2h");
        // What refreshes it is in the background.
        assert_eq!(sources(stale()).await, [CallSource::Stale]);
        cache.settle().await.unwrap();
        assert_eq!(sources(stale()).await, [CallSource::Store]);

        older(&fails).await.unwrap();
        cache.clock().advance("2h");
        fails.store(true, Ordering::SeqCst);
        let (value, calls) = testing::observe(older(&fails)).await;
        assert_eq!((value, calls.last(), calls.computes()), (Ok(1), Some(CallSource::Stale), 1));
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_value_and_an_error_of_another_caller() {
    let cache = testing::cache();
    let test = async {
        let (first, second) = tokio::join!(sources(slow()), sources(slow()));
        assert_eq!((first, second), (vec![CallSource::Computed], vec![CallSource::Waited]));
        let (first, second) = tokio::join!(sources(slow_and_failing()), sources(slow_and_failing()));
        assert_eq!((first, second), (vec![CallSource::Computed], vec![CallSource::Waited]));
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_batch_is_one_body_and_a_look_up_for_each_key() {
    let cache = testing::cache();
    let test = async {
        many(&[1, 2, 30]).await;
        let (_, calls) = testing::observe(many(&[1, 3, 30, 4])).await;
        let calls: Vec<(Vec<&str>, CallSource)> =
            calls.iter().map(|call| (call.keys.iter().map(String::as_str).collect(), call.source)).collect();
        let expected = [
            (vec!["many:1"], CallSource::Store),
            (vec!["many:30"], CallSource::Store),
            (vec!["many:3", "many:4"], CallSource::Computed),
        ];
        assert_eq!(calls, expected);
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn a_body_in_a_task_of_its_own() {
    let cache = testing::cache();
    assert_eq!(cache.scope(sources(detached())).await, [CallSource::Computed]);
}

#[tokio::test]
async fn functions_are_found_by_name_and_by_path() {
    let cache = testing::cache();
    let test = async {
        let (_, calls) = testing::observe(async { (slow().await, stale().await, stale().await) }).await;
        for (name, expected) in
            [("stale", 2), ("slow", 1), ("testing::sources::slow", 1), ("low", 0), ("sources::slow", 1)]
        {
            assert_eq!(calls.of_function(name).count(), expected, "{name}");
        }
    };
    cache.scope(test).await;
}
