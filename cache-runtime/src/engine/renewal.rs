//! Renews leases that are held for long. One task renews all leases of a cache.
//!
//! Most computations end before their lease needs renewal. A task and a timer for each would make every miss pay for the few
//! that take seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::core::Core;
use crate::runtime::block_on::library_runtime;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Swap};
use crate::util::clock::after;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;

/// The leases of a cache that are held.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<RenewedLeases>);

#[derive(Debug, Default)]
struct RenewedLeases {
    /// By mark, which is unique to a lease: its key, and when it was last renewed.
    leases: HashMap<CasToken, (Arc<str>, Instant), Seeded>,
    running: bool,
}

impl Renewals {
    /// Keeps a lease that was granted `now`, until [`end`](Self::end).
    pub(super) fn begin(&self, cache: &Arc<Core>, key: Arc<str>, mark: CasToken, now: Instant) {
        let mut held = lock(&self.0);
        held.leases.insert(mark, (key, now));
        if !std::mem::replace(&mut held.running, true) {
            // On the library's runtime, because the computation may block the caller's.
            match library_runtime() {
                Ok(library) => drop(library.spawn(renew(Arc::downgrade(cache)))),
                Err(_) => held.running = false,
            }
        }
    }

    /// The lease is given back, or has become a value.
    pub(super) fn end(&self, mark: &CasToken) {
        lock(&self.0).leases.remove(mark);
    }

    /// Those that have not been renewed for `age`. `None`, and the end of the task, if there is no lease at all.
    fn due(&self, age: Duration) -> Option<Vec<(CasToken, Arc<str>)>> {
        let mut held = lock(&self.0);
        held.running = !held.leases.is_empty();
        held.running.then(|| {
            let due = held.leases.iter_mut().filter(|(_, (_, since))| since.elapsed() >= age);
            due.map(|(mark, (key, since))| {
                *since = Instant::now();
                (*mark, Arc::clone(key))
            })
            .collect()
        })
    }
}

/// Looks at each sixth of a lease for those that have run for as long, so that none gets older than a third.
async fn renew(cache: Weak<Core>) {
    loop {
        let Some(tick) = cache.upgrade().map(|cache| tick(cache.lease)) else { return };
        tokio::time::sleep(tick).await;
        let Some(cache) = cache.upgrade() else { return };
        let Some(due) = cache.renewals.due(tick) else { return };
        // Beside the next ones: a slow answer must not cost others their leases.
        if !due.is_empty() {
            tokio::spawn(prolong(cache, due));
        }
    }
}

/// Renews all of them by one request.
async fn prolong(cache: Arc<Core>, due: Vec<(CasToken, Arc<str>)>) {
    let ttl = Some(cache.lease);
    let swaps: Vec<_> = due.iter().map(|(mark, key)| Swap { key, mark, value: mark, ttl }).collect();
    let Ok(prolonged) = cache.store.swap(&swaps, after(cache.deadline)).await else { return };
    for ((mark, _), prolonged) in due.iter().zip(prolonged) {
        if let Ok(false) = prolonged {
            // The lease was removed, so its value will not be stored.
            cache.renewals.end(mark);
        }
    }
}

fn tick(lease: Duration) -> Duration {
    (lease / 6).max(Duration::from_millis(1))
}
