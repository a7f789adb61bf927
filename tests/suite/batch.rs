//! `batch`: one call for many keys.

mod bypass;
mod forms;
mod sharing;
mod storing;
mod tags;
mod windows;
mod wire;

use std::collections::{BTreeMap, HashMap};

use redis_cached::redis_cached;

use crate::{Calls, Failed, User, both, user};

/// There are users up to a thousand.
#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(calls))]
async fn get_users(calls: &Calls, ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    calls.add(ids);
    tokio::task::yield_now().await;
    Ok(ids.iter().filter(|id| **id < 1000).map(|id| (*id, user(*id))).collect())
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(calls))]
async fn get_user(calls: &Calls, id: u64) -> Result<User, Failed> {
    calls.add(&[id]);
    Ok(user(id))
}

fn users(ids: impl IntoIterator<Item = u64>) -> HashMap<u64, User> {
    ids.into_iter().map(|id| (id, user(id))).collect()
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for_in_order_and_once() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        assert_eq!(cache.scope(get_users(&calls, &[5, 3])).await, Ok(users([3, 5])));
        cache.flush().await.unwrap();
        let found = cache.scope(get_users(&calls, &[9, 3, 9, 1, 5, 3, 1, 2])).await;
        assert_eq!(found, Ok(users([1, 2, 3, 5, 9])));
        assert_eq!(calls.take(), [vec![5, 3], vec![9, 1, 2]]);

        cache.flush().await.unwrap();
        let row =
            cache.stats().functions.into_iter().find(|row| row.function.ends_with("get_users")).unwrap();
        assert_eq!((row.hits, row.misses, row.computes, row.stored), (2, 5, 2, 5));
        cache.scope(get_users(&calls, &[1, 2, 3, 5, 9])).await.unwrap();
        assert_eq!(calls.take(), [[0_u64; 0]; 0]);
    }
}

#[tokio::test]
async fn an_empty_batch_asks_nobody() {
    let (server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let monitor = server.monitor();
        assert_eq!(cache.scope(get_users(&calls, &[])).await, Ok(HashMap::new()));
        assert!(calls.take().is_empty());
        assert!(monitor.commands().is_empty());
    }
}

/// The same entries as the function for one key has, in both directions.
#[tokio::test]
async fn entries_are_those_of_the_function_for_one_key() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        cache.scope(get_user(&calls, 1)).await.unwrap();
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(get_users(&calls, &[1, 2])).await, Ok(users([1, 2])));
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(get_user(&calls, 2)).await, Ok(user(2)));
        assert_eq!(calls.take(), [[1], [2]]);

        let (of_many, of_one) = cache.sync_scope(|| (get_users_entry(2), get_user_entry(2)));
        assert_eq!(of_many.key(), of_one.key());
        assert_eq!(of_many.get().await.unwrap(), Some(user(2)));
        of_many.invalidate().await.unwrap();
        assert_eq!(of_one.get().await.unwrap(), None);
    }
}

#[redis_cached(ttl = 60, key = "user:<ids>", version = 1, batch = ids, skip(calls))]
async fn newer(calls: &Calls, ids: &[u64]) -> BTreeMap<u64, User> {
    calls.add(ids);
    ids.iter().map(|id| (*id, user(*id))).collect()
}

/// Of another version, damaged, of another type: misses, and replaced.
#[tokio::test]
async fn what_does_not_fit_is_a_miss_and_replaced() {
    let (server, cache) = crate::redis().await;
    let calls = Calls::default();
    cache.scope(get_users(&calls, &[1, 2])).await.unwrap();
    cache.flush().await.unwrap();
    server.cli(&["SET", "user:3", "short"]);
    server.cli(&["SET", "user:4", "longer than a mark, and no entry"]);
    server.cli(&["RPUSH", "user:5", "x"]);
    calls.take();
    let all = [1, 2, 3, 4, 5, 6];
    for _ in 0..2 {
        let found = cache.scope(newer(&calls, &all)).await;
        assert_eq!(found, users(all).into_iter().collect());
        cache.flush().await.unwrap();
    }
    let asked = calls.take();
    let mut once: Vec<u64> = asked.concat();
    once.sort_unstable();
    assert_eq!(once, all, "each once, and then they are there: {asked:?}");
    for id in all {
        assert_eq!(cache.sync_scope(|| newer_entry(id)).get().await.unwrap(), Some(user(id)), "{id}");
    }
}
