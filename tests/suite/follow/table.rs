//! A source in this process: changes stay in it until they are acknowledged, and it fails as a test wants it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use redis_cached::{Change, ChangeSource};
use tokio::sync::Notify;

/// Clones are one table, of which each knows what it has given.
pub(super) struct Table<T> {
    shared: Arc<Shared<T>>,
    given: Vec<u64>,
}

struct Shared<T> {
    rows: Mutex<BTreeMap<u64, Change<T>>>,
    next_id: AtomicU64,
    written: Notify,
    /// How many of the next look-ups fail, and how many acknowledgements.
    unheard: AtomicU64,
    refused: AtomicU64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        let shared = Shared {
            rows: Mutex::default(),
            next_id: AtomicU64::new(0),
            written: Notify::new(),
            unheard: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), given: Vec::new() }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), given: Vec::new() }
    }
}

impl<T> Table<T> {
    /// One commit.
    pub(super) fn write(&self, changes: impl IntoIterator<Item = Change<T>>) {
        let mut rows = self.shared.rows.lock().unwrap();
        for change in changes {
            rows.insert(self.shared.next_id.fetch_add(1, Ordering::SeqCst), change);
        }
        self.shared.written.notify_one();
    }

    /// Whether everything is acknowledged.
    pub(super) fn is_empty(&self) -> bool {
        self.shared.rows.lock().unwrap().is_empty()
    }

    pub(super) fn fail(&self, unheard: u64, refused: u64) {
        self.shared.unheard.store(unheard, Ordering::SeqCst);
        self.shared.refused.store(refused, Ordering::SeqCst);
        self.shared.written.notify_one();
    }
}

/// Takes one from what is left to fail.
fn takes(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl<T: Clone + Send> ChangeSource for Table<T> {
    type Payload = T;
    type Error = &'static str;

    async fn next(&mut self) -> Result<Vec<Change<T>>, Self::Error> {
        loop {
            if takes(&self.shared.unheard) {
                return Err("the table is away");
            }
            let rows: Vec<_> = {
                let rows = self.shared.rows.lock().unwrap();
                rows.iter().map(|(id, change)| (*id, change.clone())).collect()
            };
            if !rows.is_empty() {
                let (ids, changes) = rows.into_iter().unzip();
                self.given = ids;
                return Ok(changes);
            }
            self.shared.written.notified().await;
        }
    }

    async fn acknowledge(&mut self) -> Result<(), Self::Error> {
        if takes(&self.shared.refused) {
            return Err("the table takes nothing");
        }
        let mut rows = self.shared.rows.lock().unwrap();
        for id in self.given.drain(..) {
            rows.remove(&id);
        }
        Ok(())
    }
}
