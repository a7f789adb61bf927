//! What a task does: mostly read, now and then write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis_cached::{Entry, Error};
use tokio::sync::OwnedMutexGuard;

use crate::client::Database;
use crate::random::Random;
use crate::rows::{
    Pace, Row, kept, kept_entry, kept_refreshed, kept_refreshed_entry, lasting, lasting_entry, refreshed,
    refreshed_entry,
};

/// Keys of each cached function. Few, so that tasks and processes meet at them.
const KEYS: u64 = 12;

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
    pub(crate) owner: Arc<Owner>,
    pub(crate) random: Random,
    pub(crate) writers: Writers,
    /// Whether values are kept in this process.
    pub(crate) local: bool,
    pub(crate) lines: Vec<String>,
}

impl Task {
    /// Gives the lines to report.
    pub(crate) async fn run(mut self, until: Instant) -> Vec<String> {
        while Instant::now() < until {
            let key = self.random.below(2 * KEYS);
            if self.random.below(100) < 2 && self.owner.may_write(key) {
                self.write(key).await;
            } else {
                self.read(key).await;
            }
            self.rest(40).await;
        }
        self.lines
    }

    async fn rest(&mut self, millis: u64) {
        let pause = self.random.below(millis);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    async fn read(&mut self, key: u64) {
        let pace = Pace {
            before: Duration::from_millis(self.random.below(4)),
            after: Duration::from_millis(self.random.below(20)),
        };
        let begin = self.database.tick().await;
        let (of_key, version) = match (key < KEYS, self.local) {
            (true, false) => lasting(&self.database, key, pace).await,
            (true, true) => kept(&self.database, key, pace).await,
            (false, false) => refreshed(Arc::clone(&self.database), key, pace).await,
            (false, true) => kept_refreshed(Arc::clone(&self.database), key, pace).await,
        };
        let end = self.database.tick().await;
        assert_eq!(of_key, key, "another key's value");
        self.lines.push(format!("read {key} {version} {begin} {end}"));
    }

    async fn write(&mut self, key: u64) {
        let owner = Arc::clone(&self.owner);
        let _turn = if Owner::is_shared(key) { None } else { Some(owner.turn(key).await) };
        let version = self.database.commit(key).await;
        let entry = match (key < KEYS, self.local) {
            (true, false) => lasting_entry(key),
            (true, true) => kept_entry(key),
            (false, false) => refreshed_entry(key),
            (false, true) => kept_refreshed_entry(key),
        };
        let taken = match self.writers {
            Writers::Honest => self.tell_the_cache(&entry, (key, version)).await.is_ok(),
            Writers::Forgetful => true,
        };
        if taken {
            let end = self.database.tick().await;
            self.lines.push(format!("promise {key} {version} {end}"));
        } else {
            self.lines.push("refused".into());
        }
    }

    async fn tell_the_cache(&mut self, entry: &Entry<Row>, row: Row) -> Result<(), Error> {
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
