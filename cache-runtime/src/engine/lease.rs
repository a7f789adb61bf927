//! The right to store: short, renewed while the function runs, given back when it is not used.

use std::time::Duration;

use tokio::task::AbortHandle;

use crate::cache::Cache;
use crate::entry::header;
use crate::home::home;
use crate::random;
use crate::store::{Mark, Store};

/// A lease that is ours. Dropping it gives it back, in the background.
#[derive(Debug)]
pub(super) struct Lease {
    cache: Cache,
    key: String,
    mark: Mark,
    renewal: Option<AbortHandle>,
    /// Whether it is still there to be given back.
    held: bool,
}

/// A mark that nobody had before. With one mark a client or a task, a store from before an invalidation would pass for
/// one of after it.
pub(super) fn new_mark() -> Mark {
    header::lease(&random::nonce())
}

impl Lease {
    /// For a lease that has just been acquired.
    pub(super) fn acquired(cache: &Cache, key: String, mark: Mark) -> Self {
        let renewal =
            home().ok().map(|home| home.spawn(renew(cache.clone(), key.clone(), mark)).abort_handle());
        Self { cache: cache.clone(), key, mark, renewal, held: true }
    }

    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The lease's place has been taken by a value, or by somebody else.
    pub(super) fn is_gone(&mut self) {
        self.held = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(renewal) = self.renewal.take() {
            renewal.abort();
        }
        if self.held {
            let (cache, key, mark) = (self.cache.clone(), std::mem::take(&mut self.key), self.mark);
            self.cache.0.background.store(async move {
                let until = std::time::Instant::now() + cache.0.deadline;
                // If this fails, the lease runs out by itself.
                let _ = cache.0.store.release(&key, &mark, until).await;
            });
        }
    }
}

/// Keeps the lease for as long as the computation takes. Ends when the lease has been taken away: then the value will
/// not be stored.
async fn renew(cache: Cache, key: String, mark: Mark) {
    let lease = cache.0.lease;
    loop {
        tokio::time::sleep(third(lease)).await;
        let until = std::time::Instant::now() + cache.0.deadline;
        if let Ok(false) = cache.0.store.swap(&key, &mark, &mark, Some(lease), until).await {
            return;
        }
    }
}

fn third(lease: Duration) -> Duration {
    (lease / 3).max(Duration::from_millis(1))
}
