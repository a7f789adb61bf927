//! `Entry::warm_up`: lease, read, store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{BlockingEntry, Cache, Entry, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{both, redis};

#[redis_cached(ttl = 60, key = "price:<id>")]
async fn price(id: u64) -> u64 {
    1_000_000 + id
}

#[redis_cached(ttl = 60, key = "price blocking:<id>")]
fn price_blocking(id: u64) -> u64 {
    1_000_000 + id
}

#[redis_cached(ttl = 60, key = "price tagged:<id>", tags = ["shop:<shop>"], skip(shop))]
async fn tagged(shop: u64, id: u64) -> u64 {
    let _ = shop;
    1_000_000 + id
}

#[redis_cached(ttl = 60, key = "price named:<id>", tags = |price: &u64| vec![format!("cents:{}", price % 100)])]
async fn named(id: u64) -> u64 {
    1_000_000 + id
}

#[redis_cached(ttl = 60, key = "price some:<id>", cache_if = |price: &u64| *price > 0)]
async fn some(id: u64) -> u64 {
    id
}

fn entries(cache: &Cache, ids: impl IntoIterator<Item = u64>) -> Vec<(u64, Entry<u64>)> {
    cache.sync_scope(|| ids.into_iter().map(|id| (id, price_entry(id))).collect())
}

async fn get(cache: &Cache, id: u64) -> Option<u64> {
    entries(cache, [id])[0].1.get().await.unwrap()
}

#[tokio::test]
async fn what_is_missing_is_stored_and_the_rest_left_alone() {
    let (server, caches) = both().await;
    for cache in &caches {
        entries(cache, [3])[0].1.put(&33).await.unwrap();
        let warm_up = Entry::warm_up(entries(cache, 0..1200)).await.unwrap();
        let missing: Vec<u64> = (0..1200).filter(|id| *id != 3).collect();
        assert_eq!(warm_up.missing(), missing);
        // A row that does not exist, one that was not missing, and one that nobody asked for.
        let rows = (0..1200).filter(|id| *id != 5).chain([7000]).map(|id| (id, id));
        assert_eq!(warm_up.store(rows).await.unwrap(), 1198);
        cache.flush().await.unwrap();
        assert_eq!(
            [3, 4, 5, 6, 7000].map(|id| entries(cache, [id])[0].1.blocking().get().unwrap()),
            [Some(33), Some(4), None, Some(6), None]
        );
        assert_eq!(cache.scope(price(1199)).await, 1199);
        assert!(entries(cache, [4])[0].1.ttl().await.unwrap().unwrap() <= Duration::from_secs(60));
    }
    let keys: usize = server.query(&["DBSIZE"]);
    assert_eq!(keys, 1199, "the leases of what was not stored are given back");
}

/// The writer comes between the reading and the store.
#[tokio::test]
async fn a_change_between_the_reading_and_the_store_wins() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let warm_up = Entry::warm_up(entries(cache, 0..4)).await.unwrap();
        let rows: Vec<(u64, u64)> = warm_up.missing().iter().map(|id| (*id, 100)).collect();
        entries(cache, [1])[0].1.invalidate().await.unwrap();
        entries(cache, [2])[0].1.put(&200).await.unwrap();
        entries(cache, [3])[0].1.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
        assert_eq!(warm_up.store(rows).await.unwrap(), 1);
        let found = [0, 1, 2, 3].map(|id| entries(cache, [id])[0].1.blocking().get().unwrap());
        assert_eq!(found, [Some(100), None, Some(200), None]);
    }
}

#[tokio::test]
async fn tags_are_read_before_the_rows() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entries =
            cache.sync_scope(|| [(1, 1), (2, 1), (3, 2)].map(|(id, shop)| (id, tagged_entry(shop, id))));
        let warm_up = Entry::warm_up(entries.clone()).await.unwrap();
        cache.invalidate_tag("shop:1").await.unwrap();
        warm_up.store([(1, 10), (2, 20), (3, 30)]).await.unwrap();
        assert_eq!(entries.map(|(_, entry)| entry.blocking().get().unwrap()), [None, None, Some(30)]);

        let entries = cache.sync_scope(|| [1, 2].map(|id| (id, named_entry(id))));
        let warm_up = Entry::warm_up(entries.clone()).await.unwrap();
        cache.invalidate_tag("cents:10").await.unwrap();
        assert_eq!(warm_up.store([(1, 210), (2, 220)]).await.unwrap(), 0, "it could be any of them");
        let warm_up = Entry::warm_up(entries.clone()).await.unwrap();
        assert_eq!(warm_up.missing(), [1, 2]);
        assert_eq!(warm_up.store([(1, 210), (2, 220)]).await.unwrap(), 2);
        assert_eq!(entries.map(|(_, entry)| entry.blocking().get().unwrap()), [Some(210), Some(220)]);
    }
}

/// A type that has changed, damage, another type of Redis's: what a deployment finds is replaced.
#[tokio::test]
async fn what_does_not_fit_is_missing() {
    let (server, cache) = redis().await;
    server.cli(&["SET", "price:1", "short"]);
    server.cli(&["SET", "price:2", "longer than a mark, and no entry"]);
    server.cli(&["RPUSH", "price:3", "x"]);
    let warm_up = Entry::warm_up(entries(&cache, 1..4)).await.unwrap();
    assert_eq!(warm_up.missing(), [1, 2, 3]);
    assert_eq!(warm_up.store([(1, 1), (2, 2), (3, 3)]).await.unwrap(), 3);
    assert_eq!(get(&cache, 3).await, Some(3));
}

/// Callers wait for the value, and one who drops the leases lets them compute.
#[tokio::test]
async fn one_computation_is_that_of_the_warm_up() {
    static READS: AtomicU64 = AtomicU64::new(0);
    #[redis_cached(ttl = 60, key = "price counted:<id>")]
    async fn counted(id: u64) -> u64 {
        READS.fetch_add(1, Ordering::SeqCst);
        id
    }
    let (_server, caches) = both().await;
    for cache in caches {
        READS.store(0, Ordering::SeqCst);
        let entries = cache.sync_scope(|| [1, 2].map(|id| (id, counted_entry(id))));
        let warm_up = Entry::warm_up(entries.clone()).await.unwrap();
        assert!(Entry::warm_up(entries).await.unwrap().missing().is_empty(), "somebody else is at it");
        let call = tokio::spawn({
            let cache = cache.clone();
            async move { cache.scope(counted(1)).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(warm_up.store([(1, 77)]).await.unwrap(), 1);
        assert_eq!((call.await.unwrap(), READS.load(Ordering::SeqCst)), (77, 0));
        assert_eq!((cache.scope(counted(2)).await, READS.load(Ordering::SeqCst)), (2, 1));
    }
}

/// A lease that is not renewed runs out, and its value with it.
#[tokio::test]
async fn leases_are_renewed_while_the_rows_are_read() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).lease_ttl(Duration::from_millis(300)).connect().await.unwrap();
    let warm_up = Entry::warm_up(entries(&cache, 0..10)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(warm_up.store((0..10).map(|id| (id, id))).await.unwrap(), 10);
}

#[test]
fn for_code_that_is_not_async() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, caches) = runtime.block_on(both());
    for cache in &caches {
        let entries = || cache.sync_scope(|| [1, 2].map(|id| (id, price_blocking_entry(id).blocking())));
        let warm_up = BlockingEntry::warm_up(entries()).unwrap();
        assert_eq!(warm_up.missing(), [1, 2]);
        assert_eq!(warm_up.store([(2, 5)]).unwrap(), 1);
        assert_eq!(cache.sync_scope(|| price_blocking(2)), 5);
        assert_eq!(BlockingEntry::warm_up(entries()).unwrap().missing(), [1]);
    }
}

#[tokio::test]
async fn the_options_say_what_is_stored() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entries = cache.sync_scope(|| [1, 2].map(|id| (id, some_entry(id))));
        let warm_up = Entry::warm_up(entries.clone()).await.unwrap();
        assert_eq!(warm_up.store([(1, 0), (2, 2)]).await.unwrap(), 1);
        cache.flush().await.unwrap();
        assert_eq!(entries.map(|(_, entry)| entry.blocking().get().unwrap()), [None, Some(2)]);
    }
}

#[tokio::test]
async fn without_redis_it_says_so() {
    let cache = Cache::builder().url("redis://127.0.0.1:1").connect_lazy().unwrap();
    let error = Entry::warm_up(entries(&cache, 0..3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}
