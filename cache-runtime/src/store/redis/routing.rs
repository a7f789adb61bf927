//! The store's operations, at the node of each key.
//!
//! One server has all keys: no slot is computed for it, and no key is looked at.

use std::iter::once;
use std::time::{Duration, Instant};

use tokio_util::either::Either;

use super::RedisStore;
use super::topology::Topology;
use super::topology::located_replicas::ReplicatedNode;
use super::topology::recent_changes::RecentChanges;
use super::topology::replicas::reads;
use crate::error::{Error, ErrorKind};
use crate::store::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, ReplicaReading,
    Scanned, Several, Swap, TagTtl,
};
use crate::store::{Acquired, Store};

/// Hands an operation on to the nodes of its keys. Not by an async function, whose future would have its arguments twice.
macro_rules! at_nodes {
    ($self:ident, $node:ident => $operation:expr) => {
        match &$self.topology {
            Topology::One($node, _) => Either::Left($operation),
            // Boxed, so that the future of a single server's call is no larger for it.
            Topology::Cluster($node) => Either::Right(Box::pin($operation)),
        }
    };
}

impl Store for RedisStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        match &self.topology {
            Topology::One(node, _) => node.connection()?.read(key, until).await,
            Topology::Cluster(cluster) => Box::pin(cluster.get(key, until)).await,
        }
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        match how {
            Reading::Replica(reading) => Box::pin(self.read_at_replicas(keys, reading, until)).await,
            _ => at_nodes!(self, node => node.read(keys, how, until)).await,
        }
    }

    fn ask(
        &self,
        asked: &[KeyQuestion<'_>],
        until: Instant,
    ) -> impl Future<Output = Result<Vec<KeyAnswer>, Error>> {
        at_nodes!(self, node => node.ask(asked, until))
    }

    fn acquire(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> impl Future<Output = Acquired> {
        at_nodes!(self, node => node.acquire(leases, ttl, until))
    }

    fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> impl Future<Output = Result<Option<Found>, Error>> {
        at_nodes!(self, node => node.get_or_acquire(key, lease, ttl, until))
    }

    fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> impl Future<Output = KeyResults<bool>> {
        at_nodes!(self, node => node.swap(swaps, until))
    }

    fn release(
        &self,
        leases: &[(&str, CasToken)],
        until: Instant,
    ) -> impl Future<Output = Result<(), Error>> {
        at_nodes!(self, node => node.release(leases, until))
    }

    fn clear(&self, key: &str, until: Instant) -> impl Future<Output = Result<(), Error>> {
        at_nodes!(self, node => node.clear(key, until))
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        let set = at_nodes!(self, node => node.set(sets, until)).await;
        self.changed(sets.iter().map(|set| set.key.as_bytes()));
        set
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        let removed = at_nodes!(self, node => node.remove(keys, until)).await;
        self.changed(keys.iter().copied());
        removed
    }

    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        let removed = at_nodes!(self, node => node.remove_in_order(first, then, until)).await;
        self.changed(once(first).chain(then.iter().copied()));
        removed
    }

    fn scan(
        &self,
        prefix: &str,
        from: Cursor,
        until: Instant,
    ) -> impl Future<Output = Result<Scanned, Error>> {
        at_nodes!(self, node => node.scan(prefix, from, until))
    }

    fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> impl Future<Output = KeyResults<Nonce>> {
        at_nodes!(self, node => node.tag(keys, life, until))
    }

    fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> impl Future<Output = KeyResults<Nonce>> {
        at_nodes!(self, node => node.tag_in_order(first, last, life, until))
    }
}

impl RedisStore {
    /// Reads at replicas. What this process has changed lately is read in another way if they may be behind.
    async fn read_at_replicas(
        &self,
        keys: &[&str],
        reading: ReplicaReading,
        until: Instant,
    ) -> Result<Several, Error> {
        let bound = reading.how.bound();
        let changes = bound.map(|bound| (self.changes.get_or_init(RecentChanges::new), bound));
        let mut read = match &self.topology {
            Topology::One(primary, Some(replicas)) => {
                reads::read(&ReplicatedNode { primary, replicas }, keys, reading, until).await
            }
            _ => at_nodes!(self, node => node.read(keys, Reading::Replica(reading), until)).await,
        }?;
        if let Some((changes, bound)) = changes {
            for (key, found) in keys.iter().zip(&mut read.found) {
                if changes.has(key.as_bytes(), bound) {
                    *found = Err(Error::new(ErrorKind::Server, "this process has changed the key lately"));
                }
            }
        }
        Ok(read)
    }

    /// Notes what this process has changed, or may have. Afterwards: until then nobody counts on it.
    fn changed<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        if let Some(changes) = self.changes.get() {
            keys.for_each(|key| changes.note(key));
        }
    }
}
