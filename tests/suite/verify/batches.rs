//! `verify` of functions with `batch`: key by key, by one call of the function for all that were drawn.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use redis_cached::{Cache, Staleness, redis_cached, redis_invalidates};

use super::{quick, staleness, verdicts, within_both_quick};

/// Rows that come, change and go, and with which keys they were asked for.
#[derive(Clone, Default)]
struct Names {
    rows: Arc<Mutex<BTreeMap<u64, u64>>>,
    calls: Arc<Mutex<Vec<Vec<u64>>>>,
}

impl Names {
    fn of(ids: impl IntoIterator<Item = u64>) -> Self {
        let names = Self::default();
        ids.into_iter().for_each(|id| names.set(id, 1));
        names
    }

    fn set(&self, id: u64, value: u64) {
        self.rows.lock().unwrap().insert(id, value);
    }

    fn remove(&self, id: u64) {
        self.rows.lock().unwrap().remove(&id);
    }

    fn select(&self, ids: &[u64]) -> HashMap<u64, u64> {
        self.calls.lock().unwrap().push(ids.to_vec());
        let rows = self.rows.lock().unwrap();
        ids.iter().filter_map(|id| Some((*id, *rows.get(id)?))).collect()
    }

    fn take_calls(&self) -> Vec<Vec<u64>> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

#[redis_cached(ttl = 60, key = "name:<ids>", batch = ids, skip(names), tags = ["name:<ids>"], negative_ttl = 60, verify = 1.0)]
async fn names_of(names: &Names, ids: &[u64]) -> HashMap<u64, u64> {
    names.select(ids)
}

#[redis_invalidates(tag("name:<id>"))]
async fn rename(names: &Names, id: u64) {
    names.set(id, 2);
}

#[redis_invalidates(tag("name:<id>"))]
async fn delete(names: &Names, id: u64) {
    names.remove(id);
}

#[tokio::test]
async fn a_missing_invalidation_of_one_key_is_found_and_the_others_are_not_accused() {
    within_both_quick(async |cache| {
        let names = Names::of(0..10);
        let ids: Vec<u64> = (0..10).collect();
        names_of(&names, &ids).await;
        rename(&names, 3).await;
        delete(&names, 4).await;
        // The second writer of the program, which was added later.
        names.set(7, 2);
        names.remove(8);
        names_of(&names, &ids).await;
        names.take_calls();
        let served = names_of(&names, &ids).await;
        assert_eq!((served[&3], served[&7], served.get(&4), served[&8]), (2, 1, None, 1));
        // What has no value, 4, is not compared; 7 has changed, and 8 has gone.
        assert_eq!(staleness(cache).await, [Staleness::MissingInvalidation; 4]);
        let (equal, changed, wrong, unjudged) = verdicts(cache).await;
        assert_eq!((equal, changed, wrong, unjudged), (6 + 7, 0, 4, 0), "{}", cache.stats());
        // One call for all, and one more for those that differ.
        let calls: Vec<BTreeSet<u64>> = names.take_calls().into_iter().map(BTreeSet::from_iter).collect();
        assert!(calls.contains(&(0..10).filter(|id| *id != 4).collect()), "{calls:?}");
        assert!(calls.contains(&BTreeSet::from([7, 8])), "{calls:?}");
        // The runs of verification are not the function's own.
        assert_eq!(cache.stats().functions[0].computes, 2, "{}", cache.stats());
    })
    .await;
}

#[redis_cached(ttl = 60, key = "b:<ids>", batch = ids, skip(names, share), stale_while_revalidate = 60, verify = share, invalidated = true)]
fn blocking_names(names: Names, share: f64, ids: Vec<u64>) -> Result<Vec<(u64, u64)>, String> {
    let _ = share;
    let found = names.select(&ids);
    if found.len() < ids.len() { Err("a row is missing".to_owned()) } else { Ok(found.into_iter().collect()) }
}

#[tokio::test]
async fn blocking_batches_and_those_that_fail() {
    let cache = quick().verify_keys().url("memory://").connect().await.unwrap();
    let names = Names::of(0..4);
    let call = |share: f64| {
        let (cache, names) = (cache.clone(), names.clone());
        tokio::task::spawn_blocking(move || {
            cache.sync_scope(|| blocking_names(names, share, vec![0, 1, 2, 3]).unwrap())
        })
    };
    for _ in 0..2 {
        call(0.0).await.unwrap();
    }
    assert_eq!(verdicts(&cache).await, (0, 0, 0, 0), "no hit is drawn");
    call(1.0).await.unwrap();
    assert_eq!(verdicts(&cache).await, (4, 0, 0, 0));
    names.set(2, 9);
    call(1.0).await.unwrap();
    assert_eq!(verdicts(&cache).await, (7, 0, 1, 0));
    assert!(cache.stale_samples()[0].key.as_ref().is_some_and(|key| key.ends_with(":2")));
    names.remove(3);
    call(1.0).await.unwrap();
    assert_eq!(verdicts(&cache).await, (7, 0, 1, 4), "a function that fails is not judged");
}

/// Entries that change while they are compared are not judged.
#[tokio::test]
async fn an_invalidation_on_its_way_is_waited_for() {
    within_both_quick(async |cache| {
        let names = Names::of(0..3);
        names_of(&names, &[0, 1, 2]).await;
        names.set(1, 5);
        names_of(&names, &[0, 1, 2]).await;
        cache.invalidate_tag("name:1").await.unwrap();
        assert_eq!(verdicts(cache).await, (2, 0, 0, 1), "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn where_every_hit_is_verified_a_batch_is_by_its_own_share() {
    let cache =
        Cache::builder().verify_grace(super::GRACE).verify_all().url("memory://").connect().await.unwrap();
    cache
        .scope(async {
            let names = Names::of(0..3);
            for _ in 0..2 {
                names_of(&names, &[0, 1, 2]).await;
            }
            assert_eq!(verdicts(&cache).await, (3, 0, 0, 0), "{}", cache.stats());
        })
        .await;
}
