//! The store in this process behind the faults of a test: the feature `testing`.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::faults::{Fate, Faults};
use crate::store::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned,
    ServerInfo, Several, Swap, TagTtl,
};
use crate::store::{Acquired, MemoryStore, Store};
use crate::util::clock::after;

/// A store in this process, and what goes wrong on the way to it.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    store: Arc<MemoryStore>,
    faults: Faults,
}

impl FaultyStore {
    pub(crate) fn new(store: MemoryStore, faults: Faults) -> Self {
        let store = Arc::new(store);
        faults.watch(&store);
        Self { store, faults }
    }

    /// Why there is nobody to ask, if that is known at once.
    pub(crate) fn away(&self) -> Option<Error> {
        self.faults.is_away().then(refused)
    }

    /// What a server would say, whatever the faults.
    pub(crate) fn info(&self) -> ServerInfo {
        self.store.info()
    }

    async fn read_by<T>(
        &self,
        until: Instant,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.faults.fate(false) {
            None => operation.await,
            Some(fate) => self.meet(fate, until, operation).await,
        }
    }

    async fn write_by<T>(
        &self,
        until: Instant,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.faults.fate(true) {
            None => operation.await,
            Some(fate) => self.meet(fate, until, operation).await,
        }
    }

    async fn meet<T>(
        &self,
        fate: Fate,
        until: Instant,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match fate {
            Fate::Refused => return Err(refused()),
            Fate::OutOfMemory => {
                let message =
                    "OOM command not allowed when used memory > 'maxmemory': the test's faults are `full`";
                return Err(Error::new(ErrorKind::Server, message));
            }
            Fate::Unheard => {
                drop(operation.await);
                // The answer is lost, whatever changes.
                executor::timeout_at(until, pin!(std::future::pending::<()>())).await?;
            }
            Fate::Swallowed => {
                // Before the question, so that a change in between is heard of.
                let changed = pin!(self.faults.changed());
                if !self.faults.is_silent() || executor::timeout_at(until, changed).await?.is_some() {
                    return match self.faults.fate(true) {
                        None => operation.await,
                        Some(_) => Err(refused()),
                    };
                }
            }
            Fate::Answered(delay) if after(delay) <= until => {
                executor::sleep(delay).await?;
                self.faults.answered();
                return operation.await;
            }
            Fate::Answered(_) => {
                executor::timeout_at(until, pin!(std::future::pending::<()>())).await?;
            }
        }
        self.faults.timed_out();
        Err(Error::new(ErrorKind::Timeout, "no answer within the deadline: the test's faults keep it back"))
    }
}

/// As of a server that is down. It is in no log: a test knows what it does.
fn refused() -> Error {
    Error::new(ErrorKind::Connection, "nobody takes the request: the test's faults keep the store away")
        .logged()
}

/// Without faults.
impl From<MemoryStore> for FaultyStore {
    fn from(store: MemoryStore) -> Self {
        Self::new(store, Faults::default())
    }
}

impl Store for FaultyStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        self.read_by(until, self.store.get(key, until)).await
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        self.read_by(until, self.store.read(keys, how, until)).await
    }

    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error> {
        self.read_by(until, self.store.ask(asked, until)).await
    }

    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Acquired {
        self.write_by(until, self.store.acquire(leases, ttl, until)).await
    }

    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error> {
        self.write_by(until, self.store.get_or_acquire(key, lease, ttl, until)).await
    }

    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool> {
        self.write_by(until, self.store.swap(swaps, until)).await
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        self.read_by(until, self.store.release(leases, until)).await
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.read_by(until, self.store.clear(key, until)).await
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        // What has no value is a removal, which a full server takes.
        if sets.iter().any(|set| set.value.is_some()) {
            return self.write_by(until, self.store.set(sets, until)).await;
        }
        self.read_by(until, self.store.set(sets, until)).await
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.read_by(until, self.store.remove(keys, until)).await
    }

    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.read_by(until, self.store.remove_in_order(first, then, until)).await
    }

    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error> {
        self.read_by(until, self.store.scan(prefix, from, until)).await
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        self.write_by(until, self.store.tag(keys, life, until)).await
    }

    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.write_by(until, self.store.tag_in_order(first, last, life, until)).await
    }
}
