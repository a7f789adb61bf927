//! `Cache::follow`: what a data source says has changed is gone, and the source hears so after Redis has acknowledged it, never before.

mod failures;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Change, Tag, Touched, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::task::JoinHandle;

use self::table::Table;
use crate::faults::wait_until;
use crate::{redis, within_both};

/// Stands for the rows of a database, which somebody changes who knows nothing of the cache.
static VERSION: AtomicU64 = AtomicU64::new(1);

fn read() -> u64 {
    VERSION.fetch_add(1, Ordering::SeqCst)
}

#[derive(Tag)]
#[tag("org:<0>")]
struct Org(u64);

#[redis_cached(ttl = 600, key = "followed:row:<id>")]
async fn row(id: u64) -> u64 {
    let _ = id;
    read()
}

#[redis_cached(ttl = 600, key = "followed:org:<org>", tags = [Org(org)])]
async fn of_org(org: u64) -> u64 {
    let _ = org;
    read()
}

#[redis_cached(ttl = 600, key = "followed:all", group = "followed")]
async fn all() -> u64 {
    read()
}

/// What a row of the table says.
#[derive(Debug, Clone, Copy)]
struct RowChanged {
    id: u64,
    org: Option<u64>,
}

fn changed(id: u64) -> Change<RowChanged> {
    Change::Known(RowChanged { id, org: None })
}

fn touches(change: Change<RowChanged>, touched: Touched) -> Touched {
    match change {
        Change::Known(RowChanged { id, org }) => touched.entry(row_entry(id)).tags(org.map(Org)),
        Change::Unknown => touched.group("followed"),
    }
}

/// A follower that ends with the test.
struct Follower(JoinHandle<()>);

impl Follower {
    fn of(table: &Table<RowChanged>, cache: &Cache) -> Self {
        let follow = cache.follow(table.clone(), touches);
        Self(tokio::spawn(async move {
            follow.await;
        }))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Row 7, row 8, organisation 3, and the list of all.
async fn look() -> [u64; 4] {
    [row(7).await, row(8).await, of_org(3).await, all().await]
}

#[tokio::test]
async fn what_a_change_touches_is_gone_and_nothing_else() {
    within_both(async |cache| {
        let table = Table::default();
        let _follower = Follower::of(&table, cache);
        let mut before = look().await;
        cache.flush().await.unwrap();
        for (change, gone) in [
            (changed(7), [true, false, false, false]),
            (Change::Known(RowChanged { id: 8, org: Some(3) }), [false, true, true, false]),
            (Change::Unknown, [false, false, false, true]),
        ] {
            table.write([change]);
            wait_until(|| table.is_empty()).await;
            let now = look().await;
            cache.flush().await.unwrap();
            let differs: Vec<_> = before.iter().zip(&now).map(|(before, now)| before != now).collect();
            assert_eq!(differs, gone, "{change:?}");
            before = now;
        }
        let stats = cache.stats().changes.unwrap();
        assert_eq!((stats.followers, stats.changes, stats.unknown, stats.failures), (1, 3, 1, 0));
        let (table, metrics) = (cache.stats().to_string(), cache.stats().to_prometheus());
        assert!(table.contains("changes: 3 by 1 followers, 1 unknown"), "{table}");
        assert!(metrics.contains("\nredis_cached_changes_total 3\n"), "{metrics}");
    })
    .await;
}

#[tokio::test]
async fn a_change_wins_over_a_computation_that_began_before_it() {
    #[redis_cached(ttl = 600, key = "followed:slow", skip(table))]
    async fn slow(table: &Table<u8>) -> u64 {
        let value = read();
        // Somebody changes the row, and the change is invalidated, while the old one is on its way.
        table.write([Change::Known(1)]);
        wait_until(|| table.is_empty()).await;
        value
    }
    within_both(async |cache| {
        let table = Table::default();
        let follow = cache.follow(table.clone(), |_, touched| touched.entry(slow_entry()));
        let follower = tokio::spawn(async move {
            follow.await;
        });
        slow(&table).await;
        cache.flush().await.unwrap();
        assert_eq!(slow_entry().get().await.unwrap(), None);
        follower.abort();
    })
    .await;
}

#[tokio::test]
async fn changes_that_come_together_are_invalidated_by_few_commands() {
    let (server, cache) = redis().await;
    let table = Table::default();
    table.write((0..2_500).map(changed));
    let monitor = server.monitor();
    let _follower = Follower::of(&table, &cache);
    wait_until(|| table.is_empty()).await;
    let commands = monitor.commands();
    let unlinks = commands.iter().filter(|command| command.name() == "UNLINK").count();
    assert_eq!(unlinks, 3, "1,024 keys each: {unlinks}");
}

#[tokio::test]
async fn a_follower_is_of_its_cache_wherever_it_runs() {
    let (server, other) = (RedisServer::start(), Cache::memory());
    let cache = Cache::builder().url(server.url()).prefix("own:").connect().await.unwrap();
    let table = Table::default();
    cache.scope(row(7)).await;
    other.scope(row(7)).await;
    cache.flush().await.unwrap();
    other.flush().await.unwrap();
    // Spawned within the scope of another.
    let _follower = other.sync_scope(|| Follower::of(&table, &cache));
    table.write([changed(7)]);
    wait_until(|| table.is_empty()).await;
    let stored = async |cache: &Cache| cache.sync_scope(|| row_entry(7)).get().await.unwrap();
    assert_eq!(stored(&cache).await, None);
    assert!(stored(&other).await.is_some());
}

#[tokio::test]
async fn one_change_touches_what_it_names() {
    let cache = Cache::memory();
    let (table, count) = (Table::<Vec<u64>>::default(), 5);
    let ids: Vec<u64> = (0..count).collect();
    let stored = async || {
        let mut stored = 0;
        for id in ids.iter() {
            let entry = cache.sync_scope(|| row_entry(*id));
            stored += usize::from(entry.get().await.unwrap().is_some());
        }
        stored
    };
    for id in ids.iter() {
        cache.scope(row(*id)).await;
    }
    cache.flush().await.unwrap();
    assert_eq!(stored().await, 5);
    let follower = tokio::spawn(cache.follow(table.clone(), |change, touched| match change {
        Change::Known(ids) => touched.entries(ids.into_iter().map(row_entry)),
        // Nothing: it is acknowledged all the same.
        Change::Unknown => touched,
    }));
    table.write([Change::Unknown, Change::Known(vec![0, 1, 2])]);
    wait_until(|| table.is_empty()).await;
    assert_eq!(stored().await, 2);
    follower.abort();
    wait_until(|| cache.stats().changes.unwrap().followers == 0).await;
    // Nobody is behind who does not run.
    assert_eq!(cache.stats().changes.unwrap().behind, Duration::ZERO);
}
