//! `negative`: errors that are remembered for `negative_ttl`, and those that are not.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, FunctionStats, redis_cached, redis_updates};
use serde::{Deserialize, Serialize};

use crate::{Runs, User, both, redis, runs_within_both, user, within_both};

/// As programs have them: what nobody can store is in the way of nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Error {
    NotFound {
        id: u64,
    },
    #[serde(skip)]
    Database(#[allow(dead_code, reason = "shown")] std::sync::Arc<std::io::Error>),
}

impl Error {
    fn database() -> Self {
        Self::Database(std::sync::Arc::new(std::io::Error::other("gone away")))
    }
}

/// What every function here does: even users are there, odd ones are not, and there is no database for 0.
fn load(id: u64) -> Result<User, Error> {
    match id {
        0 => Err(Error::database()),
        id if id % 2 == 1 => Err(Error::NotFound { id }),
        id => Ok(user(id)),
    }
}

fn is_missing(result: &Result<User, Error>, of: u64) -> bool {
    matches!(result, Err(Error::NotFound { id }) if *id == of)
}

fn function(cache: &Cache, name: &str) -> FunctionStats {
    let of_name = |function: &FunctionStats| function.function.ends_with(name);
    cache.stats().functions.into_iter().find(of_name).unwrap()
}

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = 3600, negative = |e| matches!(e, Error::NotFound { .. }), negative_ttl = 30, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Error> {
    RUNS.count();
    load(id)
}

#[tokio::test]
async fn a_chosen_error_is_remembered_for_the_negative_ttl() {
    runs_within_both(&RUNS, 2, async |cache| {
        for _ in 0..3 {
            assert!(is_missing(&get_user(1).await, 1));
            assert_eq!(get_user(2).await.unwrap(), user(2));
        }
        assert!(get_user_entry(1).ttl().await.unwrap().unwrap() <= Duration::from_secs(30));
        assert!(get_user_entry(2).ttl().await.unwrap().unwrap() > Duration::from_secs(60));
        assert!(is_missing(&get_user_entry(1).get().await.unwrap().unwrap(), 1));
        let function = function(cache, "get_user");
        assert_eq!((function.compute_errors, function.hits, function.computes), (0, 4, 2));
    })
    .await;
}

#[tokio::test]
async fn another_error_is_not_stored() {
    runs_within_both(&RUNS, 3, async |_| {
        for _ in 0..3 {
            assert!(matches!(get_user(0).await, Err(Error::Database(_))));
        }
        assert!(get_user_entry(0).get().await.unwrap().is_none());
        // Nor does it pass for one that is, where it is put by hand.
        get_user_entry(0).put(&Err(Error::database())).await.unwrap();
        assert!(get_user_entry(0).get().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_comes_into_being_is_seen_once_the_error_is_invalidated() {
    runs_within_both(&RUNS, 2, async |_| {
        assert!(is_missing(&get_user(3).await, 3));
        get_user_entry(3).put(&Ok(user(3))).await.unwrap();
        assert_eq!(get_user(3).await.unwrap(), user(3));
        get_user_entry(3).invalidate().await.unwrap();
        assert!(is_missing(&get_user(3).await, 3));
    })
    .await;
}

#[redis_updates(get_user(ret.id), value = Ok::<_, Error>(ret.clone()))]
async fn create_user(id: u64) -> Result<User, Error> {
    Ok(user(id))
}

#[tokio::test]
async fn a_writer_replaces_the_error() {
    runs_within_both(&RUNS, 1, async |_| {
        assert!(is_missing(&get_user(5).await, 5));
        create_user(5).await.unwrap();
        assert_eq!(get_user(5).await.unwrap(), user(5));
    })
    .await;
}

static BLOCKING: Runs = Runs::new();

/// With every closure of the value, which no error reaches.
#[redis_cached(
    ttl = |user: &User| Duration::from_secs(100 + user.id), cache_if = |user| user.id != 4, tags = |user: &User| vec![format!("user:{}", user.id)],
    negative = is_final, negative_ttl = 30, key = "blocking:<id>"
)]
fn blocking(id: u64) -> Result<User, Error> {
    BLOCKING.count();
    load(id)
}

fn is_final(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. })
}

#[test]
fn blocking_functions_remember_and_closures_see_values_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, caches) = runtime.block_on(both());
    for cache in caches {
        let before = BLOCKING.get();
        cache.sync_scope(|| {
            for _ in 0..2 {
                assert!(is_missing(&blocking(1), 1));
                assert_eq!(blocking(2).unwrap(), user(2));
                assert_eq!(blocking(4).unwrap(), user(4));
            }
            let entry = blocking_entry(2);
            assert!(entry.blocking().ttl().unwrap().unwrap() > Duration::from_secs(60));
            cache.blocking().invalidate_tag("user:2").unwrap();
            assert!(entry.blocking().get().unwrap().is_none());
        });
        assert_eq!(BLOCKING.get() - before, 1 + 1 + 2);
    }
}

#[redis_cached(ttl = 3600, local = "1h", negative = is_final, negative_ttl = 30, key = "user:<id>")]
async fn kept(id: u64) -> Result<User, Error> {
    load(id)
}

#[tokio::test]
async fn this_process_keeps_errors_too() {
    let (_server, cache) = redis().await;
    cache
        .scope(async {
            for _ in 0..200 {
                assert!(is_missing(&kept(1).await, 1));
                if cache.stats().functions.iter().any(|function| function.local_hits > 0) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("never kept: {}", cache.stats());
        })
        .await;
}

static MANY: Runs = Runs::new();

#[redis_cached(ttl = 3600, negative = is_final, negative_ttl = 30, key = "user:<ids>", batch = ids)]
async fn get_users(ids: &[u64]) -> HashMap<u64, Result<User, Error>> {
    MANY.count();
    ids.iter().map(|id| (*id, load(*id))).collect()
}

#[tokio::test]
async fn a_batch_remembers_the_errors_of_single_keys() {
    runs_within_both(&MANY, 1 + 2, async |cache| {
        for _ in 0..2 {
            let users = get_users(&[1, 2]).await;
            assert!(is_missing(&users[&1], 1) && users[&2].as_ref().unwrap() == &user(2));
        }
        // The entries of both functions are the same.
        assert!(is_missing(&get_user(1).await, 1));
        assert_eq!(function(cache, "get_user").computes, 0);
        assert!(matches!(get_users(&[0]).await[&0], Err(Error::Database(_))));
        assert!(matches!(get_users(&[0]).await[&0], Err(Error::Database(_))));
    })
    .await;
}

static STALE: Runs = Runs::new();

#[redis_cached(ttl = "50ms", stale_if_error = "1h", negative = is_final, negative_ttl = "1h", key = "stale:<id>", skip(result))]
async fn stale(id: u64, result: Result<User, Error>) -> Result<User, Error> {
    let _ = id;
    STALE.count();
    result
}

#[tokio::test]
async fn an_old_value_stands_in_for_errors_that_are_not_remembered() {
    within_both(async |cache| {
        assert_eq!(stale(1, Ok(user(1))).await.unwrap(), user(1));
        cache.pass(Duration::from_millis(100)).await;
        assert_eq!(stale(1, Err(Error::database())).await.unwrap(), user(1));
        // The source rests for a second after it has failed.
        cache.pass(Duration::from_millis(1200)).await;
        assert!(is_missing(&stale(1, Err(Error::NotFound { id: 1 })).await, 1));
        assert!(is_missing(&stale(1, Ok(user(1))).await, 1));
    })
    .await;
}

#[redis_cached(ttl = 3600, negative = |_| true, negative_ttl = 30, key = "none:<id>")]
async fn optional(id: u64) -> Result<Option<User>, Error> {
    load(id).map(|user| Some(user).filter(|user| user.id > 10))
}

#[tokio::test]
async fn a_none_is_remembered_with_them() {
    let cache = Cache::memory();
    cache
        .scope(async {
            assert!(optional(2).await.unwrap().is_none() && optional(1).await.is_err());
            let ttl =
                |id| async move { optional_entry(id).ttl().await.unwrap().unwrap().as_duration().unwrap() };
            assert!(ttl(2).await <= Duration::from_secs(30) && ttl(1).await <= Duration::from_secs(30));
            // What the codec cannot express is returned all the same.
            assert!(matches!(optional(0).await, Err(Error::Database(_))));
            assert!(optional_entry(0).get().await.unwrap().is_none());
        })
        .await;
}
