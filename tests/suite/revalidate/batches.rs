//! Copies of the entries of a batch: one round trip for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use redis_cached::redis_cached;

use super::{hits, keep};
use crate::local::Row;
use crate::{TestCache, both, within_both};

#[redis_cached(ttl = 3600, negative_ttl = 3600, local = revalidate, batch = ids, key = "reval:member:<ids>", skip(row))]
async fn members(row: &Row, ids: &[u64]) -> HashMap<u64, Arc<u64>> {
    ids.iter().filter(|id| **id != 13).map(|id| (*id, Arc::new(row.get()))).collect()
}

#[redis_cached(ttl = 3600, local = revalidate, batch = ids, tags = ["reval:batch:<ids>"], key = "reval:tagged member:<ids>", skip(row))]
async fn tagged_members(row: &Row, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, row.get())).collect()
}

#[tokio::test]
async fn each_key_is_what_redis_has() {
    within_both(async |cache: &TestCache| {
        let (row, ids) = (Row::default(), [1, 2, 3, 13]);
        row.set(1);
        let first = keep(cache, async || members(&row, &ids).await).await;
        row.set(2);
        members_entry(2).invalidate().await.unwrap();
        members_entry(3).put(&Arc::new(7)).await.unwrap();
        // One that is still the entry, one that is gone, one that is another, one without a value, and one that was never there.
        let second = members(&row, &[1, 2, 3, 13, 4]).await;
        let mut values: Vec<(u64, u64)> = second.iter().map(|(id, value)| (*id, **value)).collect();
        values.sort_unstable();
        assert_eq!(values, [(1, 1), (2, 2), (3, 7), (4, 2)]);
        assert!(Arc::ptr_eq(&first[&1], &second[&1]), "{}", cache.stats());
        assert_eq!(hits(cache).1, 1, "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn tags_of_keys_are_compared_key_by_key() {
    within_both(async |cache: &TestCache| {
        let (row, ids) = (Row::default(), [1, 2, 3]);
        row.set(1);
        keep(cache, async || tagged_members(&row, &ids).await).await;
        row.set(2);
        cache.invalidate_tag("reval:batch:2").await.unwrap();
        let values = tagged_members(&row, &ids).await;
        assert_eq!((values[&1], values[&2], values[&3]), (1, 2, 1), "{}", cache.stats());
        assert_eq!(hits(cache).1, 2, "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn all_marks_travel_together() {
    let (server, [cache, ..]) = both().await;
    let row = Row::default();
    let ids: Vec<u64> = (20..50).collect();
    keep(&cache, async || cache.scope(members(&row, &ids)).await).await;
    let monitor = server.monitor();
    assert_eq!(cache.scope(members(&row, &ids)).await.len(), 30);
    let names: Vec<String> = monitor.commands().iter().map(|command| command.name().to_owned()).collect();
    assert_eq!(names, vec!["GETRANGE"; 30]);
}
