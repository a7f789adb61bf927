//! The users, behind a cache.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// A repository that owns its database and its cache. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Users {
    database: Arc<Database>,
    pub(crate) cache: Cache,
}

impl Users {
    pub(crate) fn new(cache: Cache) -> Self {
        Self { database: Arc::new(Database::with_some_users()), cache }
    }

    /// One user. That there is none is remembered as well, for a short while: the ids of others' links are asked for
    /// again and again.
    #[redis_cached(ttl = "10m", key = "user:<id>", skip(self), cache = self.cache, negative_ttl = "5s")]
    pub(crate) async fn user(&self, id: u64) -> Option<User> {
        self.database.select(id).await
    }

    /// Writes first and invalidates then. The other way round, a reader in between would bring the old value back.
    ///
    /// The error says that the database has the new name and the cache may still have the old one, so the caller is to
    /// try again; writing a name twice does no harm.
    pub(crate) async fn rename(&self, id: u64, name: &str) -> Result<bool, redis_cached::Error> {
        let found = self.database.update(id, name).await;
        self.user_entry(id).invalidate().await?;
        Ok(found)
    }

    /// How often the database was asked, for the tests.
    #[cfg(test)]
    pub(crate) fn queries(&self) -> u64 {
        self.database.queries.load(Ordering::Relaxed)
    }
}

/// Stands in for a database that is a network away.
struct Database {
    rows: Mutex<BTreeMap<u64, String>>,
    queries: AtomicU64,
}

impl Database {
    fn with_some_users() -> Self {
        let names = ["Ada Lovelace", "Grace Hopper", "Katherine Johnson"];
        let rows = (1..).zip(names.map(str::to_owned)).collect();
        Self { rows: Mutex::new(rows), queries: AtomicU64::new(0) }
    }

    async fn select(&self, id: u64) -> Option<User> {
        self.round_trip().await;
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get(&id).map(|name| User { id, name: name.clone() })
    }

    /// Whether there was such a row.
    async fn update(&self, id: u64, name: &str) -> bool {
        self.round_trip().await;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get_mut(&id).map(|row| name.clone_into(row)).is_some()
    }

    async fn round_trip(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
