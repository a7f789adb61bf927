//! What is stored, and what not.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{Calls, get_user, get_users, get_users_entry, users};
use crate::{Failed, User, both, redis, user};

/// Nobody above 1000.
#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, negative_ttl = "200ms", skip(calls))]
async fn with_absent(calls: &Calls, ids: &[u64]) -> HashMap<u64, User> {
    calls.add(ids);
    users(ids.iter().copied().filter(|id| *id < 1000))
}

#[tokio::test]
async fn a_key_without_a_value_is_remembered_with_negative_ttl() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        for _ in 0..2 {
            assert_eq!(cache.scope(with_absent(&calls, &[1, 5000])).await, users([1]));
            cache.flush().await.unwrap();
        }
        // Another function of this type reads it too.
        assert_eq!(cache.scope(get_users(&calls, &[1, 5000])).await, Ok(users([1])));
        assert_eq!(calls.take(), [[1, 5000]]);

        cache.pass(Duration::from_millis(300)).await;
        assert_eq!(cache.scope(with_absent(&calls, &[1, 5000])).await, users([1]));
        assert_eq!(calls.take(), [[5000]]);
    }
}

/// The function for one key has no word for "no value": to it that is a miss, which it replaces.
#[tokio::test]
async fn no_value_is_never_read_as_one() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        cache.scope(with_absent(&calls, &[5000])).await;
        cache.flush().await.unwrap();
        let entry = cache.sync_scope(|| get_users_entry(5000));
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        assert_eq!(cache.scope(get_user(&calls, 5000)).await, Ok(user(5000)));
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(with_absent(&calls, &[5000])).await, users([5000]));
    }
}

#[tokio::test]
async fn without_negative_ttl_its_lease_is_given_back() {
    let (server, cache) = redis().await;
    let calls = Calls::default();
    for _ in 0..2 {
        assert_eq!(cache.scope(get_users(&calls, &[1, 5000])).await, Ok(users([1])));
        cache.flush().await.unwrap();
        let keys: Vec<String> = server.query(&["KEYS", "*"]);
        assert_eq!(keys, ["user:1"]);
    }
    assert_eq!(calls.take(), [vec![1, 5000], vec![5000]]);
}

#[redis_cached(ttl = 60, key = "fails:<ids>", batch = ids)]
async fn fails(ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    Err(Failed(if ids.len() > 1 { "several" } else { "one" }))
}

#[tokio::test]
async fn an_error_stores_nothing_and_gives_the_leases_back_at_once() {
    let (server, cache) = redis().await;
    for _ in 0..2 {
        assert_eq!(cache.scope(fails(&[1, 2, 3])).await, Err(Failed("several")));
        cache.flush().await.unwrap();
        let left: usize = server.query(&["DBSIZE"]);
        assert_eq!(left, 0);
    }
}

/// One is taken away while the function runs: its value is not stored, and the others are.
#[tokio::test]
async fn an_invalidation_meanwhile_concerns_its_own_key() {
    #[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(cache))]
    async fn invalidated(cache: &Cache, ids: &[u64]) -> HashMap<u64, User> {
        cache.sync_scope(|| get_users_entry(2)).invalidate().await.unwrap();
        users(ids.to_vec())
    }
    let (_server, caches) = both().await;
    for cache in caches {
        assert_eq!(cache.scope(invalidated(&cache, &[1, 2, 3])).await, users([1, 2, 3]));
        cache.flush().await.unwrap();
        let mut stored = Vec::new();
        for id in 1..=3 {
            stored.extend(cache.sync_scope(|| get_users_entry(id)).get().await.unwrap().map(|user| user.id));
        }
        assert_eq!(stored, [1, 3]);
        let stats = cache.stats().functions;
        let row = stats.iter().find(|row| row.function.contains("invalidated")).unwrap();
        assert_eq!((row.stored, row.superseded), (2, 1));
    }
}

#[redis_cached(
    ttl = |user: &User| Duration::from_secs(user.id),
    cache_if = |user: &User| user.id != 3,
    jitter = 0.5,
    codec = Json,
    compress = Lz4,
    key = "options:<ids>",
    batch = ids,
    cache = caches[0],
    skip(caches, calls)
)]
async fn with_options(caches: &[Cache; 1], calls: &Calls, ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    calls.add(ids);
    Ok(users(ids.to_vec()))
}

#[tokio::test]
async fn options_hold_for_each_value() {
    let (server, cache) = redis().await;
    let (caches, calls) = ([cache], Calls::default());
    for _ in 0..2 {
        with_options(&caches, &calls, &[100, 3, 200]).await.unwrap();
        caches[0].flush().await.unwrap();
    }
    assert_eq!(calls.take(), [vec![100, 3, 200], vec![3]]);
    for id in [100, 200_i64] {
        let left: i64 = server.query(&["PTTL", &format!("options:{id}")]);
        assert!(left <= id * 1000 && left > id * 400, "{left}");
    }
    let stored: Vec<u8> = server.query(&["GET", "options:100"]);
    assert!(stored.ends_with(br#"{"id":100,"name":"user 100"}"#));
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, local = "30s", skip(calls))]
async fn kept(calls: &Calls, ids: &[u64]) -> HashMap<u64, User> {
    calls.add(ids);
    users(ids.to_vec())
}

/// Waits until it is true: Redis tells of changes when it does.
async fn soon(mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came");
}

#[tokio::test]
async fn values_are_kept_in_the_process_key_by_key() {
    let (server, cache) = redis().await;
    let other = Cache::connect(server.url()).await.unwrap();
    let calls = Calls::default();
    let all: Vec<u64> = (0..20).collect();
    soon(async || {
        cache.scope(kept(&calls, &all)).await;
        cache.stats().local.unwrap().entries == 20
    })
    .await;
    let monitor = server.monitor();
    assert_eq!(cache.scope(kept(&calls, &all)).await, users(0..20));
    assert!(monitor.commands().is_empty());

    // Another process changes one: that one is asked for, and no other.
    other.sync_scope(|| get_users_entry(7)).put(&User { id: 7, name: "new".into() }).await.unwrap();
    soon(async || cache.scope(kept(&calls, &all)).await[&7].name == "new").await;
    monitor.clear();
    cache.sync_scope(|| get_users_entry(3)).invalidate().await.unwrap();
    monitor.clear();
    cache.scope(kept(&calls, &all)).await;
    assert!(monitor.commands().iter().all(|command| !command.args().iter().any(|arg| arg == "user:4")));
    assert_eq!(calls.take(), [all, vec![3]]);
}

#[tokio::test]
async fn without_redis_every_call_computes() {
    let cache = Cache::builder().url("redis://127.0.0.1:1").connect_lazy().unwrap();
    let calls = Calls::default();
    for _ in 0..2 {
        assert_eq!(cache.scope(get_users(&calls, &[1, 2])).await, Ok(users([1, 2])));
    }
    assert_eq!(calls.take(), [[1, 2], [1, 2]]);
}

#[tokio::test]
async fn a_server_that_is_killed_meanwhile_keeps_nobody_from_its_result() {
    #[redis_cached(ttl = 60, key = "killed:<ids>", batch = ids, skip(server))]
    async fn killing(server: &std::sync::Mutex<Option<RedisServer>>, ids: &[u64]) -> HashMap<u64, User> {
        drop(server.lock().unwrap().take());
        users(ids.to_vec())
    }
    let (server, cache) = redis().await;
    let server = std::sync::Mutex::new(Some(server));
    assert_eq!(cache.scope(killing(&server, &[1, 2])).await, users([1, 2]));
}
