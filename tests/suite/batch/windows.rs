//! Batches whose values are of use past their time, or replaced before it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

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
        cache.pass(Duration::from_millis(150)).await;
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

#[redis_cached(ttl = "100ms", key = "refreshed:<ids>", batch = ids, skip(calls, fails), stale_while_revalidate = 60)]
async fn refreshed(calls: &Arc<Calls>, fails: bool, ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    calls.add(ids);
    if fails { Err(Failed("no database")) } else { Ok(users(ids.to_vec())) }
}

/// Waits until the function was called once more, and its values are stored.
async fn called(cache: &Cache, calls: &Calls) -> Vec<Vec<u64>> {
    for _ in 0..500 {
        let made = calls.take();
        if !made.is_empty() {
            cache.flush().await.unwrap();
            return made;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the function was not called");
}

#[tokio::test]
async fn stale_values_are_served_and_refreshed_by_one_call_for_all() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::default();
        let call = async |ids: &[u64]| {
            let found = cache.scope(refreshed(&calls, false, ids)).await;
            assert_eq!(found, Ok(users(ids.to_vec())));
        };
        call(&[1, 2, 3]).await;
        cache.flush().await.unwrap();
        assert_eq!(calls.take(), [[1, 2, 3]]);
        cache.pass(Duration::from_millis(150)).await;
        call(&[1, 3]).await;
        assert_eq!(
            called(&cache, &calls).await,
            [[1, 3]],
            "one call, and not for a key that nobody asked for"
        );
        call(&[1, 3]).await;
        assert!(calls.take().is_empty(), "they are fresh again");
        // One that is missing is computed by the call, one that is stale in the background.
        call(&[2, 4]).await;
        let mut made = called(&cache, &calls).await;
        while made.len() < 2 {
            made.extend(called(&cache, &calls).await);
        }
        made.sort();
        assert_eq!(made, [[2], [4]]);
        let row =
            cache.stats().functions.into_iter().find(|row| row.function.ends_with("refreshed")).unwrap();
        assert_eq!((row.stale, row.compute_errors), (3, 0));
    }
}

#[tokio::test]
async fn after_a_refresh_that_failed_old_values_stay_and_the_source_rests() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::default();
        assert_eq!(cache.scope(refreshed(&calls, false, &[1, 2])).await, Ok(users([1, 2])));
        cache.flush().await.unwrap();
        calls.take();
        cache.pass(Duration::from_millis(150)).await;
        assert_eq!(cache.scope(refreshed(&calls, true, &[1, 2])).await, Ok(users([1, 2])));
        assert_eq!(called(&cache, &calls).await, [[1, 2]]);
        tokio::time::sleep(Duration::from_millis(20)).await;
        for ids in [&[1, 2][..], &[2]] {
            assert_eq!(cache.scope(refreshed(&calls, false, ids)).await, Ok(users(ids.to_vec())));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(calls.take().is_empty(), "nobody asks a source that has just failed");
    }
}

#[tokio::test]
async fn an_invalidation_during_a_refresh_wins_for_its_key() {
    /// Invalidates one of its keys itself, from within.
    #[redis_cached(ttl = "100ms", key = "raced:<ids>", batch = ids, skip(calls, cache), stale_while_revalidate = 60)]
    async fn raced(calls: &Arc<Calls>, cache: &Cache, ids: Vec<u64>) -> HashMap<u64, User> {
        calls.add(&ids);
        cache.scope(async { raced_entry(1).invalidate().await }).await.unwrap();
        users(ids)
    }

    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::default();
        cache.scope(raced(&calls, &cache, vec![2, 3])).await;
        cache.scope(async { raced_entry(1).put(&crate::user(1)).await }).await.unwrap();
        cache.flush().await.unwrap();
        calls.take();
        cache.pass(Duration::from_millis(150)).await;
        assert_eq!(cache.scope(raced(&calls, &cache, vec![1, 2])).await, users([1, 2]));
        assert_eq!(called(&cache, &calls).await, [[1, 2]]);
        tokio::time::sleep(Duration::from_millis(20)).await;
        cache.flush().await.unwrap();
        let stored = async { (raced_entry(1).get().await.unwrap(), raced_entry(2).get().await.unwrap()) };
        assert_eq!(cache.scope(stored).await, (None, Some(crate::user(2))));
    }
}

#[derive(Clone)]
struct Service {
    calls: Arc<Calls>,
}

impl Service {
    #[redis_cached(ttl = "100ms", key = "method:<org>:<ids>", batch = ids, skip(self), stale_while_revalidate = 60)]
    async fn refreshed(&self, org: String, mut ids: impl Iterator<Item = u64>) -> Vec<(u64, User)> {
        let ids: Vec<u64> = ids.by_ref().collect();
        self.calls.add(&ids);
        drop(org);
        users(ids).into_iter().collect()
    }
}

trait Source {
    fn refreshed_in_a_trait(&self, ids: impl IntoIterator<Item = u64>) -> HashMap<u64, User>;
}

impl Source for Service {
    #[redis_cached(ttl = "100ms", key = "trait:<ids>", batch = ids, skip(self), stale_while_revalidate = 60, entry = false)]
    fn refreshed_in_a_trait(&self, ids: impl IntoIterator<Item = u64>) -> HashMap<u64, User> {
        let ids: Vec<u64> = ids.into_iter().collect();
        self.calls.add(&ids);
        users(ids)
    }
}

#[tokio::test]
async fn methods_and_blocking_functions_refresh_their_batches() {
    let (_server, caches) = both().await;
    for cache in caches {
        let service = Service { calls: Arc::default() };
        let method = async || {
            let found: HashMap<u64, User> =
                cache.scope(service.refreshed("a".into(), [1, 2].into_iter())).await.into_iter().collect();
            assert_eq!(found, users([1, 2]));
        };
        let blocking =
            async || assert_eq!(cache.sync_scope(|| service.refreshed_in_a_trait([3, 4])), users([3, 4]));
        for keys in [[1, 2], [3, 4]] {
            let call = async || if keys == [1, 2] { method().await } else { blocking().await };
            call().await;
            cache.flush().await.unwrap();
            assert_eq!(service.calls.take(), [keys]);
            cache.pass(Duration::from_millis(150)).await;
            call().await;
            assert_eq!(called(&cache, &service.calls).await, [keys]);
        }
    }
}
