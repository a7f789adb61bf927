//! Articles behind a cache: the program that `tests/` is about. See `docs/testing.md`.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use redis_cached::{redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};

/// An article, as a page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// What it is called.
    pub title: String,
}

/// Stands in for a database that is a network away. Clones are the same database, as a pool's are.
#[derive(Debug, Clone, Default)]
pub struct Database(Arc<Mutex<BTreeMap<u64, Article>>>);

impl Database {
    fn rows<R>(&self, work: impl FnOnce(&mut BTreeMap<u64, Article>) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One article. That there is none is remembered for a moment.
///
/// # Errors
/// The database's.
#[redis_cached(ttl = "1h", key = "article:<id>", skip(db), negative_ttl = "10s")]
pub async fn article(db: &Database, id: u64) -> io::Result<Option<Article>> {
    Ok(db.rows(|rows| rows.get(&id).cloned()))
}

/// The titles of an author's articles. An older list is served while a new one is made.
///
/// # Errors
/// The database's.
#[redis_cached(ttl = "5m", key = "titles:<author>", skip(db), stale_while_revalidate = "1h")]
pub async fn titles(db: &Database, author: &str) -> io::Result<Vec<String>> {
    Ok(db.rows(|rows| {
        rows.values()
            .filter(|article| article.author == author)
            .map(|article| article.title.clone())
            .collect()
    }))
}

/// Writes an article, new or changed, and invalidates what shows it.
///
/// # Errors
/// The database's.
#[redis_invalidates(article(article.id), titles(&article.author))]
pub async fn publish(db: &Database, article: Article) -> io::Result<()> {
    db.rows(|rows| rows.insert(article.id, article));
    Ok(())
}
