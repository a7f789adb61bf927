//! What a task does: mostly read, now and then write.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Entry, Error};
use tokio::sync::OwnedMutexGuard;

use crate::client::Database;
use crate::random::Random;
use crate::rows::{
    Pace, Row, asked, asked_many, asked_named, asked_refreshed, asked_tagged, kept, kept_entry, kept_many,
    kept_named, kept_refreshed, kept_refreshed_entry, kept_tagged, lasting, lasting_entry, lasting_many,
    named, named_entry, refreshed, refreshed_entry, shelf, tagged, tagged_entry,
};

/// Keys of each cached function. Few, so that tasks and processes meet at them.
const KEYS: u64 = 8;
/// The most keys that are asked for at once.
const AT_ONCE: u64 = 6;

/// What reads a key, and how it is invalidated.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Alone and in batches.
    Lasting,
    Refreshed,
    /// By a tag that the arguments name, and by nothing else.
    Tagged,
    /// By a tag that the value names.
    Named,
}

const KINDS: [Kind; 4] = [Kind::Lasting, Kind::Refreshed, Kind::Tagged, Kind::Named];

impl Kind {
    fn of(key: u64) -> Self {
        // The last one's keys come after all others.
        KINDS.into_iter().zip(1..).find(|(_, end)| key < end * KEYS).map_or(Self::Named, |(kind, _)| kind)
    }
}

/// Where a read looks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Redis,
    /// In this process, if Redis says that it is still the entry: as strict as Redis.
    Asked,
    /// In this process.
    Kept,
}

/// Whether writers do what they report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Writers {
    Honest,
    /// Report invalidations that they never made. What such a run is found out by proves that the others could be.
    Forgetful,
}

impl Writers {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "honest" => Some(Self::Honest),
            "forgetful" => Some(Self::Forgetful),
            _ => None,
        }
    }
}

/// Who may write what. A `put` says which version is to be there, so it takes one writer at a time to say it in the
/// order of the commits; an invalidation does not. So every other key has one process that writes it, one task at a time,
/// and only such keys are ever `put`.
pub(crate) struct Owner {
    process: u64,
    processes: u64,
    turns: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Owner {
    pub(crate) fn new(process: u64, processes: u64) -> Self {
        Self { process, processes, turns: Mutex::default() }
    }

    fn is_shared(key: u64) -> bool {
        key.is_multiple_of(2)
    }

    fn may_write(&self, key: u64) -> bool {
        Self::is_shared(key) || (key / 2) % self.processes == self.process
    }

    async fn turn(&self, key: u64) -> OwnedMutexGuard<()> {
        let turn =
            Arc::clone(self.turns.lock().unwrap_or_else(|error| error.into_inner()).entry(key).or_default());
        turn.lock_owned().await
    }
}

pub(crate) struct Task {
    pub(crate) database: Arc<Database>,
    pub(crate) cache: Cache,
    pub(crate) owner: Arc<Owner>,
    pub(crate) random: Random,
    /// Of a hundred things.
    pub(crate) writes: u64,
    pub(crate) writers: Writers,
    /// Whether values are kept in this process.
    pub(crate) local: bool,
    pub(crate) slowest: Duration,
    pub(crate) lines: Vec<String>,
}

impl Task {
    /// Gives the lines to report.
    pub(crate) async fn run(mut self, is_over: Arc<AtomicBool>) -> Vec<String> {
        while !is_over.load(Ordering::Relaxed) {
            let key = self.random.below(KINDS.len() as u64 * KEYS);
            if self.random.below(100) < self.writes && self.owner.may_write(key) {
                self.write(key).await;
            } else if self.random.below(40) == 0 {
                self.warm_up(key).await;
            } else if self.random.below(25) == 0 {
                let cache = self.cache.clone();
                cache.bypass(self.read_some(key)).await;
            } else {
                self.read_some(key).await;
            }
            self.rest(40).await;
        }
        self.lines.push(format!("slowest {}", self.slowest.as_millis()));
        self.lines
    }

    async fn rest(&mut self, millis: u64) {
        let pause = self.random.below(millis);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    fn pace(&mut self) -> Pace {
        Pace {
            before: Duration::from_millis(self.random.below(4)),
            after: Duration::from_millis(self.random.below(20)),
        }
    }

    async fn read_some(&mut self, key: u64) {
        let began = Instant::now();
        match (Kind::of(key), self.random.below(4)) {
            (Kind::Lasting, 0 | 1) => self.read_many(key).await,
            (Kind::Lasting, 2) if !self.local => self.read_blocking(key).await,
            _ => self.read(key).await,
        }
        self.slowest = self.slowest.max(began.elapsed());
    }

    /// Reads what is missing of some keys, and stores it, while others read and write. Whether that succeeds is of no matter.
    async fn warm_up(&mut self, first: u64) {
        let entry = |key| match Kind::of(key) {
            Kind::Lasting => lasting_entry(key),
            Kind::Refreshed => refreshed_entry(key),
            Kind::Tagged => tagged_entry(shelf(key), key),
            Kind::Named => named_entry(key),
        };
        let keys: Vec<_> = (first..first + AT_ONCE).filter(|key| Kind::of(*key) == Kind::of(first)).collect();
        let Ok(warm_up) = Entry::warm_up(keys.into_iter().map(|key| (key, entry(key)))).await else { return };
        if warm_up.missing().is_empty() {
            return;
        }
        let pace = self.pace();
        tokio::time::sleep(pace.before).await;
        let keys = warm_up.missing().to_vec();
        let versions = self.database.read_many(&keys).await;
        self.lines.push("warming".into());
        tokio::time::sleep(pace.after).await;
        let stored =
            warm_up.store(keys.into_iter().zip(versions).map(|(key, version)| (key, (key, version))));
        self.lines.extend((0..stored.await.unwrap_or(0)).map(|_| "warmed".into()));
    }

    fn way(&mut self) -> Way {
        match self.local {
            true => Way::Kept,
            false if self.random.below(2) == 0 => Way::Asked,
            false => Way::Redis,
        }
    }

    async fn read(&mut self, key: u64) {
        let pace = self.pace();
        let begin = self.database.tick().await;
        let way = self.way();
        let database = &self.database;
        let (of_key, version) = match (Kind::of(key), way) {
            (Kind::Lasting, Way::Redis) => lasting(database, key, pace).await,
            (Kind::Lasting, Way::Asked) => asked(database, key, pace).await,
            (Kind::Lasting, Way::Kept) => kept(database, key, pace).await,
            (Kind::Refreshed, Way::Redis) => refreshed(Arc::clone(database), key, pace).await,
            (Kind::Refreshed, Way::Asked) => asked_refreshed(Arc::clone(database), key, pace).await,
            (Kind::Refreshed, Way::Kept) => kept_refreshed(Arc::clone(database), key, pace).await,
            (Kind::Tagged, Way::Redis) => tagged(database, shelf(key), key, pace).await,
            (Kind::Tagged, Way::Asked) => asked_tagged(database, shelf(key), key, pace).await,
            (Kind::Tagged, Way::Kept) => kept_tagged(database, shelf(key), key, pace).await,
            (Kind::Named, Way::Redis) => named(database, key, pace).await,
            (Kind::Named, Way::Asked) => asked_named(database, key, pace).await,
            (Kind::Named, Way::Kept) => kept_named(database, key, pace).await,
        };
        let end = self.database.tick().await;
        assert_eq!(of_key, key, "another key's value");
        self.lines.push(format!("read {key} {version} {begin} {end}"));
    }

    /// What is there for callers that block their thread, which may read on a connection of their own.
    async fn read_blocking(&mut self, key: u64) {
        let begin = self.database.tick().await;
        let found = tokio::task::block_in_place(|| lasting_entry(key).blocking().get());
        let Ok(Some((of_key, version))) = found else { return };
        let end = self.database.tick().await;
        assert_eq!(of_key, key, "another key's value");
        self.lines.push(format!("read {key} {version} {begin} {end}"));
    }

    /// A batch of `first` and others, in any order, with repetitions. It is a read of each of its keys.
    async fn read_many(&mut self, first: u64) {
        let others = self.random.below(AT_ONCE);
        let mut keys: Vec<_> = (0..others).map(|_| self.random.below(KEYS)).collect();
        keys.push(first);
        let pace = self.pace();
        let begin = self.database.tick().await;
        let rows = match self.way() {
            Way::Redis => lasting_many(&self.database, &keys, pace).await,
            Way::Asked => asked_many(&self.database, &keys, pace).await,
            Way::Kept => kept_many(&self.database, &keys, pace).await,
        };
        let end = self.database.tick().await;
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(rows.len(), keys.len(), "a value for each key");
        for key in keys {
            let (of_key, version) = rows[&key];
            assert_eq!(of_key, key, "another key's value");
            self.lines.push(format!("batched {key} {version} {begin} {end}"));
        }
    }

    async fn write(&mut self, key: u64) {
        let owner = Arc::clone(&self.owner);
        let _turn = if Owner::is_shared(key) { None } else { Some(owner.turn(key).await) };
        let version = self.database.commit(key).await;
        let taken = match self.writers {
            Writers::Honest => self.tell_the_cache((key, version)).await.is_ok(),
            Writers::Forgetful => true,
        };
        if taken {
            let end = self.database.tick().await;
            self.lines.push(format!("promise {key} {version} {end}"));
        } else {
            self.lines.push("refused".into());
        }
    }

    async fn tell_the_cache(&mut self, row: Row) -> Result<(), Error> {
        match (Kind::of(row.0), self.local) {
            (Kind::Lasting, false) => self.tell(&lasting_entry(row.0), row).await,
            (Kind::Lasting, true) => self.tell(&kept_entry(row.0), row).await,
            (Kind::Refreshed, false) => self.tell(&refreshed_entry(row.0), row).await,
            (Kind::Refreshed, true) => self.tell(&kept_refreshed_entry(row.0), row).await,
            (Kind::Tagged | Kind::Named, _) => {
                self.cache.invalidate_tag(&format!("shelf:{}", shelf(row.0))).await
            }
        }
    }

    async fn tell(&mut self, entry: &Entry<Row>, row: Row) -> Result<(), Error> {
        match self.random.below(4) {
            0 => {
                let hold = Duration::from_millis(1 + self.random.below(100));
                entry.invalidate_with_hold(hold).await
            }
            1 | 2 if !Owner::is_shared(row.0) => entry.put(&row).await,
            _ => entry.invalidate().await,
        }
    }
}
