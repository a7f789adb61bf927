//! The traffic: tasks that read, and a few that change what is read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{MOVING, RedisCluster, shard_of};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::random::Random;
use crate::watch::{ALL, Mask, Watch};

/// How long a call may wait for Redis.
pub(crate) const DEADLINE: Duration = Duration::from_millis(250);
/// Keys of each function. Few, so that the tasks meet at them.
const KEYS: u64 = 48;
/// How many keys have a tag in common.
const SHELF: u64 = 4;
/// How many calls a second each reader makes, if none waits. So many wait for a node that is frozen, until it is known to be.
const CALLS_PER_READER: u64 = 20;
const WRITERS: u64 = 4;
/// How often a writer writes.
const WRITES: Duration = Duration::from_millis(40);
/// How long an outage may last for the cache when it is over for the cluster.
const RECOVERY: Duration = Duration::from_secs(15);

/// Stands for a database: the newest version of each row, and the newest whose invalidation has returned.
#[derive(Default)]
struct Row {
    committed: AtomicU64,
    confirmed: AtomicU64,
}

struct Table(Vec<Row>);

impl Table {
    fn read(&self, row: u64) -> (u64, u64) {
        (row, self.row(row).committed.load(Ordering::SeqCst))
    }

    fn row(&self, row: u64) -> &Row {
        &self.0[usize::try_from(row).unwrap()]
    }
}

#[redis_cached(ttl = 60, key = "row:<id>", skip(table))]
async fn plain(table: &Table, id: u64) -> (u64, u64) {
    table.read(id)
}

#[redis_cached(ttl = 60, key = "row:<ids>", batch = ids, skip(table))]
async fn plain_many(table: &Table, ids: &[u64]) -> HashMap<u64, (u64, u64)> {
    ids.iter().map(|id| (*id, table.read(*id))).collect()
}

#[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["shelf:<shelf>"], skip(table, shelf))]
async fn tagged(table: &Table, shelf: u64, id: u64) -> (u64, u64) {
    let _ = shelf;
    table.read(id)
}

#[redis_cached(ttl = 60, key = "named:<id>", tags = |row: &(u64, u64)| vec![format!("shelf:{}", row.0 / SHELF)], skip(table))]
async fn named(table: &Table, id: u64) -> (u64, u64) {
    table.read(id)
}

#[redis_cached(ttl = 60, key = "probe:<id>")]
async fn probe(id: u64) -> u64 {
    id
}

/// Waits until values are stored and found at each primary.
///
/// # Panics
/// If that takes too long.
pub(crate) async fn served_again(servers: &RedisCluster, cache: &Cache) {
    let until = tokio::time::Instant::now() + RECOVERY;
    let ids: Vec<u64> = (0..3)
        .map(|shard| (0..).find(|id| shard_of(servers.slot(&format!("probe:{id}"))) == shard).unwrap())
        .collect();
    let mut in_a_row = 0;
    while in_a_row < 3 {
        let entries = cache.sync_scope(|| ids.iter().map(|id| (*id, probe_entry(*id))).collect::<Vec<_>>());
        let mut all = true;
        for (id, entry) in entries {
            all &=
                entry.put(&id).await.is_ok() && matches!(entry.get().await, Ok(Some(found)) if found == id);
        }
        in_a_row = if all { in_a_row + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < until, "the cluster is whole, and not used: {}", cache.stats());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) struct Traffic {
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

/// What all tasks share.
struct Shared {
    table: Table,
    /// Where each row's own key is.
    shards: Vec<Mask>,
    cache: Cache,
    watch: Arc<Watch>,
    writers: Writers,
}

/// Whether those who write tell the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Writers {
    Honest,
    /// They say that they have, and have not. Who does not find this out finds out nothing.
    Forgetful,
}

impl Traffic {
    /// Begins with so many calls a second.
    pub(crate) fn start(
        servers: &RedisCluster,
        cache: &Cache,
        watch: &Arc<Watch>,
        writers: Writers,
        calls: u64,
        seed: u64,
    ) -> Self {
        let mask = |id: u64| {
            let slot = servers.slot(&format!("row:{id}"));
            // Such a slot may be anywhere.
            if id < MOVING { ALL } else { 1 << shard_of(slot) }
        };
        let shared = Arc::new(Shared {
            table: Table((0..3 * KEYS).map(|_| Row::default()).collect()),
            shards: (0..KEYS).map(mask).collect(),
            cache: cache.clone(),
            watch: Arc::clone(watch),
            writers,
        });
        let (is_over, mut tasks) = (Arc::<AtomicBool>::default(), JoinSet::new());
        let (began, readers) = (tokio::time::Instant::now(), calls / CALLS_PER_READER);
        let reads = Duration::from_secs(1) / u32::try_from(CALLS_PER_READER).unwrap();
        for number in 0..readers + WRITERS {
            let (shared, is_over) = (Arc::clone(&shared), Arc::clone(&is_over));
            let mut random = Random::new(seed ^ (number << 32));
            tasks.spawn(async move {
                let is_reader = number < readers;
                let every = if is_reader { reads } else { WRITES };
                // In turn, and not all at the same moments.
                let first = began + every.mul_f64(number as f64 / (readers + WRITERS) as f64);
                let mut turn = tokio::time::interval_at(first, every);
                turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while !is_over.load(Ordering::Relaxed) {
                    turn.tick().await;
                    if is_reader { shared.read(&mut random).await } else { shared.write(&mut random).await }
                }
            });
        }
        Self { is_over, tasks }
    }

    pub(crate) async fn stop(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(task) = self.tasks.join_next().await {
            task.unwrap();
        }
    }
}

impl Shared {
    async fn read(&self, random: &mut Random) {
        let id = random.below(3 * KEYS);
        if id < KEYS && random.below(16) == 0 {
            return self.read_many(random).await;
        }
        let mask = self.shards.get(usize::try_from(id).unwrap()).copied().unwrap_or(ALL);
        let least = self.table.row(id).confirmed.load(Ordering::SeqCst);
        let begun = self.watch.call(mask);
        let found = match id / KEYS {
            0 => self.cache.scope(plain(&self.table, id)).await,
            1 => self.cache.scope(tagged(&self.table, id / SHELF, id)).await,
            _ => self.cache.scope(named(&self.table, id)).await,
        };
        self.watch.returned(&begun, || format!("a call for row {id}"));
        self.check(id, found, least);
    }

    async fn read_many(&self, random: &mut Random) {
        let ids: Vec<u64> = (0..8).map(|_| random.below(KEYS)).collect();
        let least: HashMap<u64, u64> =
            ids.iter().map(|id| (*id, self.table.row(*id).confirmed.load(Ordering::SeqCst))).collect();
        let begun = self.watch.call(ALL);
        let found = self.cache.scope(plain_many(&self.table, &ids)).await;
        self.watch.returned(&begun, || format!("a call for rows {ids:?}"));
        assert_eq!(found.len(), least.len(), "a value for each key");
        for (id, row) in found {
            self.check(id, row, least[&id]);
        }
    }

    /// What was found for a row, by a call that began when `least` was confirmed.
    fn check(&self, id: u64, (of, version): (u64, u64), least: u64) {
        let newest = self.table.row(id).committed.load(Ordering::SeqCst);
        if of != id || version > newest {
            self.watch
                .wrong(&format!("row {id} is version {version} of row {of}, and the newest is {newest}"));
        } else if version < least {
            self.watch.wrong(&format!("row {id} is of version {version}, and {least} was confirmed before"));
        }
    }

    async fn write(&self, random: &mut Random) {
        let id = random.below(3 * KEYS);
        let row = self.table.row(id);
        let version = row.committed.fetch_add(1, Ordering::SeqCst) + 1;
        let begun = self.watch.call(self.shards.get(usize::try_from(id).unwrap()).copied().unwrap_or(ALL));
        let told = match id / KEYS {
            _ if self.writers == Writers::Forgetful => Ok(()),
            0 => self.cache.sync_scope(|| plain_entry(id)).invalidate().await,
            _ => self.cache.invalidate_tag(&format!("shelf:{}", id / SHELF)).await,
        };
        self.watch.returned(&begun, || format!("an invalidation of row {id}"));
        self.watch.told(told.is_ok());
        if told.is_ok() {
            row.confirmed.fetch_max(version, Ordering::SeqCst);
        }
    }
}
