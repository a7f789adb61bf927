//! Invalidations that Redis could not take, and that are tried again until it does.
//!
//! An invalidation that is lost leaves an old value for as long as its TTL lasts. So a failed one is kept, the latest of
//! each key, and carried out in the background; until then this process takes the key for a miss and stores nothing at it.
//! Bounded in number, and dropped when what it is about has run out by itself. A tag is invalidated by removing its key, so its
//! key is kept here as an entry's is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::blocking::library_runtime;
use crate::cache::Inner;
use crate::engine::remove;
use crate::stats::Counter;

/// How many keys are remembered. More are counted as lost.
const KEYS: usize = 10_000;
/// For how long a failed invalidation is tried again where what it is about could stay longer.
pub(crate) const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A cache's queue.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    queue: Mutex<Queue>,
    /// So that a look-up costs one read while nothing is pending.
    len: AtomicUsize,
    pub(crate) retried: Counter,
    pub(crate) lost: Counter,
}

#[derive(Debug, Default)]
struct Queue {
    keys: HashMap<String, Wanted>,
    running: bool,
}

/// What is to be done at a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wanted {
    /// Until when a tombstone is to stand there, if one is.
    pub(crate) hold: Option<Instant>,
    /// When what was there has run out.
    pub(crate) expires: Instant,
}

impl Pending {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.len() > 0 && self.queue().keys.contains_key(key)
    }

    /// A later operation on the key has succeeded.
    pub(crate) fn settled(&self, key: &str) {
        if self.len() > 0 {
            let mut queue = self.queue();
            queue.keys.remove(key);
            self.len.store(queue.keys.len(), Ordering::Release);
        }
    }

    /// Keeps an invalidation that failed, in place of an earlier one of the same key.
    pub(crate) fn add(&self, cache: &Arc<Inner>, key: &str, wanted: Wanted) {
        let mut queue = self.queue();
        if queue.keys.len() >= KEYS && !queue.keys.contains_key(key) {
            self.lost.count();
            return;
        }
        queue.keys.insert(key.to_owned(), wanted);
        self.len.store(queue.keys.len(), Ordering::Release);
        if !std::mem::replace(&mut queue.running, true) {
            // On the library's runtime: the caller's may end before Redis is back.
            match library_runtime() {
                Ok(library) => drop(library.spawn(work_off(Arc::downgrade(cache)))),
                Err(_) => queue.running = false,
            }
        }
    }

    /// What is to be tried, without what has run out. `None`, and the end of the task, if that is nothing.
    fn due(&self) -> Option<Vec<(String, Wanted)>> {
        let mut queue = self.queue();
        let now = Instant::now();
        queue.keys.retain(|_, wanted| wanted.expires > now);
        self.len.store(queue.keys.len(), Ordering::Release);
        queue.running = !queue.keys.is_empty();
        queue.running.then(|| queue.keys.iter().map(|(key, wanted)| (key.clone(), *wanted)).collect())
    }

    fn done(&self, key: &str, wanted: Wanted) {
        let mut queue = self.queue();
        // A newer one may have come meanwhile.
        if queue.keys.get(key) == Some(&wanted) {
            queue.keys.remove(key);
        }
        self.len.store(queue.keys.len(), Ordering::Release);
        self.retried.count();
    }
}

/// Tries again until nothing is left, or the cache is gone.
async fn work_off(cache: Weak<Inner>) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let Some(cache) = cache.upgrade() else { return };
        let Some(due) = cache.pending.due() else { return };
        for (key, wanted) in due {
            let hold = wanted.hold.map(|until| until.saturating_duration_since(Instant::now()));
            if remove(&cache, &key, hold.filter(|hold| *hold > Duration::ZERO)).await.is_err() {
                // The others would fail alike.
                break;
            }
            // Before it: a reader that finds nothing pending any more, and was answered before the removal, is kept out.
            if let Some(tier) = &cache.tier {
                tier.forget(key.as_bytes());
            }
            cache.pending.done(&key, wanted);
            pause = FIRST_PAUSE;
        }
    }
}
