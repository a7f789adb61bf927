//! The source of what is cached, and the cached function.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};

/// How many articles there are.
pub(crate) const COUNT: usize = 3_000;
/// What a query takes.
const QUERY: Duration = Duration::from_millis(5);

#[derive(Serialize, Deserialize)]
pub(crate) struct Article {
    pub(crate) id: usize,
    pub(crate) version: u64,
    text: String,
}

/// Stands in for a database that is a network away.
pub(crate) struct Articles {
    versions: Vec<AtomicU64>,
    /// Of each article the version whose invalidation has returned: no later reader may be given an older one.
    published: Vec<AtomicU64>,
    changes: AtomicU64,
}

/// One article. `ran` says whether this very call ran the function, and so was no hit.
#[redis_cached(ttl = "10m", key = "article:<id>", skip(articles, ran))]
pub(crate) async fn article(articles: &Articles, id: usize, ran: &AtomicBool) -> Article {
    ran.store(true, Ordering::Relaxed);
    tokio::time::sleep(QUERY).await;
    let version = articles.versions[id].load(Ordering::SeqCst);
    Article { id, version, text: format!("Version {version} of article {id}. ").repeat(20) }
}

/// Changes an article, and returns its new version. Whoever calls `article` after this has returned gets that version.
#[redis_invalidates(article(id))]
async fn write(articles: &Articles, id: usize) -> u64 {
    tokio::time::sleep(QUERY).await;
    articles.versions[id].fetch_add(1, Ordering::SeqCst) + 1
}

impl Articles {
    pub(crate) fn new() -> Self {
        let zeros = || (0..COUNT).map(|_| AtomicU64::new(0)).collect();
        Self { versions: zeros(), published: zeros(), changes: AtomicU64::new(0) }
    }

    pub(crate) async fn change(&self, id: usize) {
        let version = write(self, id).await;
        self.published[id].fetch_max(version, Ordering::SeqCst);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// The version that whoever begins to read now has to be given, or a newer one.
    pub(crate) fn published(&self, id: usize) -> u64 {
        self.published[id].load(Ordering::SeqCst)
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// The keys of all articles.
    pub(crate) fn keys(&self) -> Vec<String> {
        (0..COUNT).map(|id| article_entry(id).key().to_owned()).collect()
    }
}
