//! What fails between a source and Redis is tried again, and nothing is acknowledged meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_cached::{Cache, Change, ChangeSource, redis_cached, testing};
use redis_cached_test_support::{Proxy, RedisServer};

use super::table::Table;
use super::{Follower, changed, row, row_entry};
use crate::faults::{wait_until, wait_until_async};
use crate::log_recorder::{is_alone, lines, record, warnings};

fn memory() -> testing::TestCache {
    testing::cache_with(Cache::builder().deadline(Duration::from_millis(20))).unwrap()
}

async fn is_stored(cache: &Cache) -> bool {
    cache.sync_scope(|| row_entry(7)).get().await.unwrap().is_some()
}

async fn store(cache: &Cache) {
    cache.scope(row(7)).await;
    cache.flush().await.unwrap();
    assert!(is_stored(cache).await);
}

#[tokio::test]
async fn nothing_is_acknowledged_before_redis_has_acknowledged_it() {
    let (cache, table) = (memory(), Table::default());
    store(&cache).await;
    cache.faults().refusing();
    let _follower = Follower::of(&table, &cache);
    table.write([changed(7)]);
    wait_until(|| cache.stats().changes.is_some_and(|changes| changes.failures >= 3)).await;
    let stats = cache.stats().changes.unwrap();
    assert!(!table.is_empty() && stats.changes == 0 && stats.behind > Duration::ZERO, "{stats:?}");
    cache.faults().heal();
    wait_until(|| table.is_empty()).await;
    assert!(!is_stored(&cache).await);
    wait_until(|| cache.stats().changes.unwrap().behind == Duration::ZERO).await;
    assert_eq!(cache.stats().changes.unwrap().changes, 1);
}

#[tokio::test]
async fn what_a_follower_leaves_behind_the_next_one_is_given() {
    let (cache, table) = (memory(), Table::default());
    store(&cache).await;
    cache.faults().silent();
    let follower = Follower::of(&table, &cache);
    table.write([changed(7)]);
    wait_until(|| cache.stats().changes.is_some_and(|changes| changes.failures >= 1)).await;
    drop(follower);
    wait_until(|| cache.stats().changes.unwrap().followers == 0).await;
    cache.faults().heal();
    assert!(!table.is_empty());
    // Another process's entry, as it were: this one would miss by what it knows to have failed.
    cache.flush().await.unwrap();
    store(&cache).await;
    let _follower = Follower::of(&table, &cache);
    wait_until(|| table.is_empty()).await;
    assert!(!is_stored(&cache).await);
}

#[tokio::test]
async fn a_source_that_fails_is_asked_again() {
    let (cache, table) = (memory(), Table::default());
    store(&cache).await;
    table.fail(2, 1);
    let _follower = Follower::of(&table, &cache);
    table.write([changed(7)]);
    wait_until(|| table.is_empty()).await;
    assert!(!is_stored(&cache).await);
    let stats = cache.stats().changes.unwrap();
    // Given twice, because the first acknowledgement was refused.
    assert_eq!((stats.changes, stats.failures), (2, 3));
    // It is behind while it cannot hear.
    table.fail(u64::MAX, 0);
    wait_until(|| cache.stats().changes.unwrap().behind > Duration::ZERO).await;
    table.fail(0, 0);
    table.write([changed(7)]);
    wait_until(|| table.is_empty()).await;
}

#[tokio::test]
async fn an_outage_is_logged_once_and_so_is_its_end() {
    if !is_alone("follow::failures::an_outage_is_logged_once_and_so_is_its_end") {
        return;
    }
    record();
    let (cache, table) = (Cache::memory(), Table::default());
    table.fail(4, 0);
    let _follower = Follower::of(&table, &cache);
    table.write([changed(7)]);
    let is_over = || lines().iter().any(|line| line.contains("is followed again"));
    wait_until(|| table.is_empty() && is_over()).await;
    let warned = warnings("the table is away");
    assert!(warned.len() == 1 && warned[0].contains("Table"), "{warned:?}");
}

#[tokio::test]
async fn another_process_is_served_nothing_old_once_redis_is_back() {
    let server = RedisServer::start();
    let connect = async || {
        let cache = Cache::builder().url(server.url()).deadline(Duration::from_millis(100));
        cache.connect().await.unwrap()
    };
    let (follows, reads, table) = (connect().await, connect().await, Table::default());
    wait_until_async(async || reads.sync_scope(|| row_entry(7)).put(&0).await.is_ok()).await;
    let _follower = Follower::of(&table, &follows);
    server.pause();
    table.write([changed(7)]);
    wait_until(|| follows.stats().changes.is_some_and(|changes| changes.failures >= 1)).await;
    assert!(!table.is_empty());
    server.resume();
    wait_until(|| table.is_empty()).await;
    // From here on, whoever has had nothing to do with it.
    let other = Cache::builder().url(server.url()).deadline(Duration::from_secs(10)).connect().await.unwrap();
    assert_eq!(other.sync_scope(|| row_entry(7)).get().await.unwrap(), None);
}

/// Versions of rows that somebody changes who knows nothing of the cache, and the changes that tell of them.
#[derive(Clone, Default)]
struct Rows {
    versions: Arc<Mutex<HashMap<u64, u64>>>,
    table: Table<(u64, u64)>,
}

#[redis_cached(ttl = 600, key = "version:<id>", skip(rows))]
async fn version(rows: &Rows, id: u64) -> u64 {
    rows.versions.lock().unwrap().get(&id).copied().unwrap_or_default()
}

/// Looks, whenever its changes are said to be invalidated, whether they are.
struct Checked {
    source: Table<(u64, u64)>,
    given: Vec<(u64, u64)>,
    direct: Cache,
}

impl ChangeSource for Checked {
    type Payload = (u64, u64);
    type Error = &'static str;

    async fn next(&mut self) -> Result<Vec<Change<(u64, u64)>>, Self::Error> {
        let changes = self.source.next().await?;
        let known = changes.iter().filter_map(|change| match change {
            Change::Known(known) => Some(*known),
            Change::Unknown => None,
        });
        self.given = known.collect();
        Ok(changes)
    }

    async fn acknowledge(&mut self) -> Result<(), Self::Error> {
        for (id, written) in &self.given {
            let entry = self.direct.sync_scope(|| version_entry(*id));
            let stored = entry.get().await.unwrap();
            assert!(stored.is_none_or(|stored| stored >= *written), "row {id}: {stored:?} after {written}");
        }
        self.source.acknowledge().await
    }
}

#[tokio::test]
async fn no_acknowledged_change_is_in_the_cache_whatever_the_network_does() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let connect = async |url: &str, deadline| {
        Cache::builder().url(url).deadline(Duration::from_millis(deadline)).connect().await.unwrap()
    };
    let direct = connect(&server.url(), 10_000).await;
    let follows = connect(proxy.url(), 40).await;
    let rows = Rows::default();
    let checked = Checked { source: rows.table.clone(), given: Vec::new(), direct: direct.clone() };
    let follower = tokio::spawn(follows.follow(checked, |change, touched| match change {
        Change::Known((id, _)) => touched.entry(version_entry(id)),
        Change::Unknown => touched,
    }));
    for round in 1..=60 {
        let id = round % 5;
        direct.scope(version(&rows, id)).await;
        rows.versions.lock().unwrap().insert(id, round);
        rows.table.write([Change::Known((id, round))]);
        match round % 6 {
            0 => proxy.black_hole(true),
            2 => proxy.reset_connections(),
            3 => rows.table.fail(1, 1),
            4 => proxy.heal(),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    proxy.heal();
    wait_until(|| rows.table.is_empty() || follower.is_finished()).await;
    assert!(!follower.is_finished(), "{:?}", follower.await.map(|_| ()));
    for id in 0..5 {
        let expected = rows.versions.lock().unwrap().get(&id).copied().unwrap();
        assert_eq!(direct.scope(version(&rows, id)).await, expected);
    }
    let stats = follows.stats().changes.unwrap();
    assert!(stats.changes >= 60 && stats.failures > 0, "{stats:?}");
    follower.abort();
}
