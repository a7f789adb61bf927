//! What stands at a key and was not written by this library: it is replaced, counted, and nobody waits for it.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Given;

use crate::{User, lease, redis, set_lease, user};

#[redis_cached(ttl = 60, key = "user:<id>", skip(time))]
async fn get_user(id: u64, time: Duration) -> User {
    tokio::time::sleep(time).await;
    user(id)
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
async fn get_users(ids: &[u64]) -> std::collections::HashMap<u64, User> {
    ids.iter().map(|id| (*id, user(*id))).collect()
}

/// What is at the key is replaced by the first call or batch, at once, and the second hits.
async fn assert_replaced(cache: &Cache, in_a_batch: bool) {
    let totals = |cache: &Cache| {
        let stats = cache.stats();
        let sum =
            |count: fn(&redis_cached::FunctionStats) -> u64| stats.functions.iter().map(count).sum::<u64>();
        (sum(|row| row.computes), sum(|row| row.unusable))
    };
    let (before, began) = (totals(cache), Given::now());
    for _ in 0..2 {
        if in_a_batch {
            assert_eq!(cache.scope(get_users(&[1])).await[&1], user(1));
        } else {
            assert_eq!(cache.scope(get_user(1, Duration::ZERO)).await, user(1));
        }
        cache.flush().await.unwrap();
    }
    let after = totals(cache);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(after.0 - before.0, 1, "{}", cache.stats());
    assert!(after.1 > before.1, "{}", cache.stats());
}

#[tokio::test]
async fn texts_that_begin_like_leases_and_holds_are_replaced() {
    let (server, cache) = redis().await;
    for text in [
        "Lorem ipsum dolor",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
        "Tempora mutantur!",
        "Tempora mutantur, nos et mutamur in illis",
        "Veni, vidi, vici.",
        "L",
        "T",
        "",
        "LLLLLLLLLLLLLLLLL",
    ] {
        for in_a_batch in [false, true] {
            server.cli(&["SET", "user:1", text]);
            assert_replaced(&cache, in_a_batch).await;
        }
    }
}

/// Every lease of ours runs out. One that does not was kept by somebody: `PERSIST`, or a dump that was restored.
#[tokio::test]
async fn a_lease_without_an_end_is_replaced() {
    let (server, cache) = redis().await;
    let lease = lease(&server).await;
    for in_a_batch in [false, true] {
        set_lease(&server, "user:1", &lease, None);
        assert_replaced(&cache, in_a_batch).await;
    }
}

#[tokio::test]
async fn a_hold_without_an_end_is_replaced() {
    let (server, cache) = redis().await;
    for in_a_batch in [false, true] {
        let entry = cache.sync_scope(|| get_user_entry(1));
        entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
        server.cli(&["PERSIST", "user:1"]);
        assert_replaced(&cache, in_a_batch).await;
    }
}
