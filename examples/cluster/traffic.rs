//! Readers and writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::articles::{self, Articles, article};
use crate::figures::{Calls, Outcome};
use crate::random::Random;

pub(crate) const READERS: u64 = 16;
pub(crate) const WRITERS: u64 = 2;
/// What each does between two calls.
const READER_PAUSE: Duration = Duration::from_millis(3);
const WRITER_PAUSE: Duration = Duration::from_millis(30);
/// A call that takes longer has failed. It may wait 250 ms for the cache, and then runs the function.
const PATIENCE: Duration = Duration::from_secs(2);

/// They end when what this returns is dropped.
pub(crate) fn begin(articles: &Arc<Articles>, calls: &Arc<Calls>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for reader in 0..READERS {
        tasks.spawn(read(Arc::clone(articles), Arc::clone(calls), Random::new(reader + 1)));
    }
    for writer in 0..WRITERS {
        tasks.spawn(write(Arc::clone(articles), Random::new(READERS + writer + 1)));
    }
    tasks
}

async fn read(articles: Arc<Articles>, calls: Arc<Calls>, mut random: Random) {
    loop {
        let id = random.popular_below(articles::COUNT);
        let begin = Instant::now();
        let outcome = read_one(&articles, id).await;
        calls.record(begin.elapsed(), outcome);
        tokio::time::sleep(READER_PAUSE).await;
    }
}

async fn read_one(articles: &Articles, id: usize) -> Outcome {
    let published = articles.published(id);
    let ran = AtomicBool::new(false);
    match tokio::time::timeout(PATIENCE, article(articles, id, &ran)).await {
        Ok(article) if article.id != id => Outcome::Failed,
        Ok(article) if article.version < published => Outcome::Old,
        Ok(_) if ran.load(Ordering::Relaxed) => Outcome::Computed,
        Ok(_) => Outcome::Hit,
        Err(_) => Outcome::Failed,
    }
}

async fn write(articles: Arc<Articles>, mut random: Random) {
    loop {
        articles.change(random.popular_below(articles::COUNT)).await;
        tokio::time::sleep(WRITER_PAUSE).await;
    }
}
