//! `shape` together with other options, large values, and the types around a value.

use std::collections::{BTreeMap, HashSet};

use redis_cached::{Cache, Keyring, redis_cached};

use super::{
    Profile, RUNS, call_twice, feed, feed_entry, of_hashes, of_sets_and_lists, of_sorted_sets, profile,
    profile_entry,
};
use crate::{both_with, memory, within_both};

/// With a keyring a value is stored as one, sealed, and answers as before.
#[tokio::test]
async fn a_keyring_seals_the_whole() {
    let keyring = Keyring::new().key("now", [1; 32]);
    let _counting = RUNS.counting.lock().await;
    let (server, caches) = both_with(Cache::builder().seal(keyring)).await;
    for cache in &caches {
        let before = RUNS.get();
        cache
            .scope(async {
                call_twice(cache).await;
                of_hashes().await;
                of_sets_and_lists().await;
                of_sorted_sets().await;
                assert!(profile_entry(1).field(Profile::LOGINS).put(&9).await.unwrap());
                assert_eq!(profile(1).await.logins, 9);
            })
            .await;
        assert_eq!(RUNS.get() - before, 5, "{}", cache.stats());
    }
    for key in server.query::<Vec<String>>(&["KEYS", "*"]) {
        assert_eq!(server.query::<String>(&["TYPE", &key]), "string", "{key}");
    }
}

#[tokio::test]
async fn versions_have_their_own_parts_and_one_invalidation() {
    let _counting = RUNS.counting.lock().await;
    let (_server, caches) = both_with(Cache::builder().separate_versions()).await;
    for cache in &caches {
        cache
            .scope(async {
                feed(2).await;
                cache.flush().await.unwrap();
                assert_eq!(feed_entry(2).len().await.unwrap(), Some(2));
                feed_entry(2).invalidate().await.unwrap();
                assert_eq!(feed_entry(2).len().await.unwrap(), None);
            })
            .await;
    }
}

#[tokio::test]
async fn many_parts_are_written_and_read() {
    #[redis_cached(ttl = 60, key = "many parts:<count>", shape = Set)]
    async fn many(count: u64) -> HashSet<u64> {
        (0..count).collect()
    }

    within_both(async |cache| {
        assert_eq!(many(30_000).await.len(), 30_000);
        cache.flush().await.unwrap();
        assert_eq!(many_entry(30_000).len().await.unwrap(), Some(30_000));
        assert_eq!(many(30_000).await, (0..30_000).collect());
    })
    .await;
}

#[tokio::test]
async fn a_map_may_be_a_btree_map_and_a_value_boxed() {
    #[redis_cached(ttl = 60, key = "tree:<id>", shape = Hash)]
    async fn tree(id: u64) -> Box<BTreeMap<u64, u64>> {
        Box::new(BTreeMap::from([(id, id)]))
    }

    let cache = memory(Cache::builder());
    cache
        .scope(async {
            tree(1).await;
            assert_eq!(*tree(1).await, BTreeMap::from([(1, 1)]));
            assert_eq!(tree_entry(1).len().await.unwrap(), Some(1));
        })
        .await;
}
