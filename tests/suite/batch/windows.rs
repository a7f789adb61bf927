//! Batches whose values are of use past their time, or replaced before it.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::redis_cached;

use super::{Calls, users};
use crate::{Failed, User, both};

/// Fails for all when asked for a multiple of ten.
#[redis_cached(ttl = "100ms", key = "window:<ids>", batch = ids, skip(calls, fails), stale_if_error = 60)]
async fn windowed(calls: &Calls, fails: bool, ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    calls.add(ids);
    if fails { Err(Failed("no database")) } else { Ok(users(ids.to_vec())) }
}

#[tokio::test]
async fn older_values_are_served_in_place_of_an_error_if_there_is_one_for_each_key() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let call = async |fails, ids: &[u64]| {
            let found = cache.scope(windowed(&calls, fails, ids)).await;
            cache.flush().await.unwrap();
            found
        };
        assert_eq!(call(false, &[1, 2]).await, Ok(users([1, 2])));
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(call(true, &[1, 2]).await, Ok(users([1, 2])), "past its time, and the source fails");
        // A result with holes would look like a user who does not exist.
        assert_eq!(call(true, &[1, 2, 3]).await, Err(Failed("no database")));
        assert_eq!(calls.take()[..2], [[1, 2], [1, 2]]);
        let row = cache.stats().functions.into_iter().find(|row| row.function.ends_with("windowed")).unwrap();
        assert_eq!((row.stale, row.compute_errors), (2, 2));
        assert_eq!(call(false, &[1, 2, 3]).await, Ok(users([1, 2, 3])), "the source is back");
    }
}

/// So dear that it is always replaced before its time.
#[redis_cached(ttl = 60, key = "early:<ids>", batch = ids, skip(calls), early_refresh = 1_000_000_000.0)]
async fn early(calls: &Calls, ids: &[u64]) -> HashMap<u64, User> {
    calls.add(ids);
    tokio::time::sleep(Duration::from_millis(5)).await;
    users(ids.to_vec())
}

#[tokio::test]
async fn a_value_is_replaced_before_its_time() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        for _ in 0..2 {
            assert_eq!(cache.scope(early(&calls, &[1, 2])).await, users([1, 2]));
            cache.flush().await.unwrap();
        }
        assert_eq!(calls.take(), [[1, 2], [1, 2]]);
    }
}
