//! Copies of entries with tags.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

use super::{hits, keep};
use crate::local::Row;
use crate::{TestCache, both, both_with, within_both};

#[redis_cached(ttl = 3600, local = revalidate, tags = ["reval:<group>"], key = "reval:tagged:<group>:<name>", skip(row))]
async fn tagged(row: &Row, group: u64, name: &str) -> Arc<u64> {
    let _ = (group, name);
    Arc::new(row.get())
}

#[redis_cached(
    ttl = 3600, local = revalidate, key = "reval:named:<name>", skip(row),
    tags = |row: &(u64, u64)| vec![format!("reval:kind:{}", row.0), "reval:any".to_owned()]
)]
async fn named(row: &Row, name: u64) -> (u64, u64) {
    (name % 2, row.get())
}

#[tokio::test]
async fn an_invalidated_tag_takes_the_copies_along() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        for version in 1..10 {
            row.set(version);
            cache.invalidate_tag("reval:1").await.unwrap();
            for _ in 0..3 {
                assert_eq!(*tagged(&row, 1, "a").await, version, "{}", cache.stats());
                cache.flush().await.unwrap();
            }
            assert!(*tagged(&row, 2, "b").await <= 1, "another tag");
        }
        assert!(hits(cache).1 >= 9, "{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn tags_that_values_name_are_compared_in_the_same_round_trip() {
    within_both(async |cache: &TestCache| {
        let row = Row::default();
        for version in 1..6 {
            row.set(version);
            let tag = if version % 2 == 0 { "reval:any" } else { "reval:kind:1" };
            cache.invalidate_tag(tag).await.unwrap();
            for _ in 0..3 {
                assert_eq!(named(&row, 1).await.1, version, "{}", cache.stats());
                cache.flush().await.unwrap();
            }
        }
        assert!(hits(cache).1 >= 5, "{}", cache.stats());
    })
    .await;
    let (server, [cache, ..]) = both().await;
    let row = Row::default();
    keep(&cache, async || cache.scope(named(&row, 1)).await).await;
    let monitor = server.monitor();
    cache.scope(named(&row, 1)).await;
    let sent: Vec<String> = monitor.commands().iter().map(ToString::to_string).collect();
    assert_eq!(sent.len(), 4, "the mark, the key of any tag, and both tags: {sent:?}");
    assert_eq!(hits(&cache), (2, 1));
}

#[tokio::test]
async fn what_another_process_does_to_tags_and_to_the_whole_cache_counts() {
    let options = || Cache::builder().support_invalidate_all();
    let (server, caches) = both_with(options()).await;
    let other = options().url(server.url()).deadline(Duration::from_secs(10)).connect().await.unwrap();
    for (at, cache) in caches.iter().enumerate() {
        let changing = if at == 0 { &other } else { &cache.cache };
        let row = Row::default();
        for version in 1..10 {
            row.set(version);
            if version % 2 == 0 {
                changing.invalidate_tag("reval:1").await.unwrap();
            } else {
                changing.invalidate_all().await.unwrap();
            }
            for _ in 0..3 {
                assert_eq!(*cache.scope(tagged(&row, 1, "c")).await, version, "{}", cache.stats());
                cache.flush().await.unwrap();
            }
        }
        assert!(hits(cache).1 >= 9, "{}", cache.stats());
    }
}
