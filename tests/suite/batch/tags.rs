//! Batches with tags: what is invalidated together, and shared with functions for one key.

use std::collections::HashMap;

use redis_cached::redis_cached;

use super::{Calls, users};
use crate::{Failed, User, both, redis, user};

/// The second tag differs for each key.
#[redis_cached(
    ttl = 60, key = "of:<org>:<ids>", batch = ids, negative_ttl = 60, skip(calls),
    tags = ["org:<org>", "user:<ids>"], group = "users"
)]
async fn of_org(calls: &Calls, org: u64, ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    calls.add(ids);
    Ok(users(ids.iter().copied().filter(|id| *id < 1000)))
}

#[redis_cached(
    ttl = 60, key = "of:<org>:<id>", skip(calls), tags = ["org:<org>", "user:<id>"], group = "users"
)]
async fn one_of_org(calls: &Calls, org: u64, id: u64) -> Result<User, Failed> {
    calls.add(&[id]);
    Ok(user(id))
}

#[tokio::test]
async fn a_tag_of_all_keys_takes_them_and_one_of_a_key_takes_that() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let call = async |ids: &[u64]| {
            let found = cache.scope(of_org(&calls, 7, ids)).await;
            cache.flush().await.unwrap();
            found
        };
        for _ in 0..2 {
            assert_eq!(call(&[1, 2, 3]).await, Ok(users([1, 2, 3])));
        }
        assert_eq!(calls.take(), [[1, 2, 3]]);
        cache.invalidate_tag("user:2").await.unwrap();
        assert_eq!(call(&[1, 2, 3]).await, Ok(users([1, 2, 3])));
        assert_eq!(calls.take(), [[2]]);
        cache.invalidate_tag("org:8").await.unwrap();
        call(&[1, 2, 3]).await.unwrap();
        assert!(calls.take().is_empty());
        cache.invalidate_tag("org:7").await.unwrap();
        call(&[3, 1]).await.unwrap();
        assert_eq!(calls.take(), [[3, 1]]);
        cache.invalidate_group("users").await.unwrap();
        call(&[1, 2, 3]).await.unwrap();
        assert_eq!(calls.take(), [[1, 2, 3]]);
    }
}

#[tokio::test]
async fn entries_are_those_of_the_tagged_function_for_one_key() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        cache.scope(one_of_org(&calls, 7, 1)).await.unwrap();
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(of_org(&calls, 7, &[1, 2])).await, Ok(users([1, 2])));
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(one_of_org(&calls, 7, 2)).await, Ok(user(2)));
        assert_eq!(calls.take(), [[1], [2]]);
        let (of_many, of_one) = cache.sync_scope(|| (of_org_entry(7, 2), one_of_org_entry(7, 2)));
        assert_eq!((of_many.key(), of_many.get().await.unwrap()), (of_one.key(), Some(user(2))));
        cache.invalidate_tag("user:2").await.unwrap();
        assert_eq!((of_many.get().await.unwrap(), of_one.get().await.unwrap()), (None, None));
    }
}

/// The word that there is no value has the tags too.
#[tokio::test]
async fn an_absence_is_invalidated_by_its_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let call = async || {
            let found = cache.scope(of_org(&calls, 7, &[1, 5000])).await;
            cache.flush().await.unwrap();
            found
        };
        for _ in 0..2 {
            assert_eq!(call().await, Ok(users([1])));
        }
        assert_eq!(calls.take(), [[1, 5000]]);
        cache.invalidate_tag("user:5000").await.unwrap();
        assert_eq!(call().await, Ok(users([1])));
        assert_eq!(calls.take(), [[5000]]);
    }
}

#[redis_cached(
    ttl = 60, key = "named:<ids>", batch = ids, skip(calls), negative_ttl = 60,
    tags = |user: &User| vec![format!("name:{}", user.name), "any".to_owned()]
)]
async fn named(calls: &Calls, ids: &[u64]) -> HashMap<u64, User> {
    calls.add(ids);
    users(ids.iter().copied().filter(|id| *id < 1000))
}

#[tokio::test]
async fn values_name_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let call = async || {
            let found = cache.scope(named(&calls, &[1, 2, 5000])).await;
            cache.flush().await.unwrap();
            found
        };
        for _ in 0..2 {
            assert_eq!(call().await, users([1, 2]));
        }
        assert_eq!(calls.take(), [[1, 2, 5000]]);
        cache.invalidate_tag(format!("name:{}", user(2).name)).await.unwrap();
        assert_eq!(call().await, users([1, 2]));
        assert_eq!(calls.take(), [[2]]);
        cache.invalidate_tag("any").await.unwrap();
        assert_eq!(call().await, users([1, 2]));
        assert_eq!(calls.take(), [[1, 2]]);
    }
}

/// An invalidation while the function runs keeps those from being stored that have the tag.
#[tokio::test]
async fn an_invalidation_meanwhile_wins() {
    #[redis_cached(ttl = 60, key = "of:<org>:<ids>", batch = ids, skip(cache), tags = ["org:<org>", "user:<ids>"], group = "users")]
    async fn invalidated(
        cache: &redis_cached::Cache,
        org: u64,
        ids: &[u64],
    ) -> Result<HashMap<u64, User>, Failed> {
        cache.invalidate_tag("user:2").await.unwrap();
        Ok(users(ids.to_vec()))
    }
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        assert_eq!(cache.scope(invalidated(&cache, 7, &[1, 2, 3])).await, Ok(users([1, 2, 3])));
        cache.flush().await.unwrap();
        cache.scope(of_org(&calls, 7, &[1, 2, 3])).await.unwrap();
        assert_eq!(calls.take(), [[2]]);
    }
}

/// Entries and tags are one question, the leases and the tags' nonces another, at once.
#[tokio::test]
async fn a_hit_is_one_command_and_a_miss_three_round_trips() {
    let (server, cache) = redis().await;
    let calls = Calls::default();
    cache.scope(of_org(&calls, 7, &[1, 2])).await.unwrap();
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(of_org(&calls, 7, &[1, 2])).await.unwrap();
    let commands = monitor.commands();
    let sent: Vec<_> = commands.iter().filter(|command| !command.in_script()).collect();
    assert_eq!(sent.iter().map(|command| command.name()).collect::<Vec<_>>(), ["MGET"]);
    // Two entries, what each has for itself, and what both have.
    assert_eq!(sent[0].args().len(), 6);
    monitor.clear();
    cache.scope(of_org(&calls, 7, &[1, 2, 3, 4])).await.unwrap();
    cache.flush().await.unwrap();
    let commands = monitor.commands();
    let names: Vec<_> =
        commands.iter().filter(|command| !command.in_script()).map(|command| command.name()).collect();
    assert_eq!(names.iter().filter(|name| **name == "MGET").count(), 1, "{names:?}");
}
