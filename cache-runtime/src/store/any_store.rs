//! The choice between the kinds of stores.

use std::future::ready;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio_util::either::Either;

use super::redis::batching::stores::{QueuedWrite, WriteQueue};
use super::redis::shaped::ShapedStore;
use super::request_times::RequestStats;
#[cfg(feature = "sealing")]
use super::sealed::{SealedStore, SealedWrite};
#[cfg(feature = "sealing")]
use super::vocabulary::Sealing;
use super::vocabulary::parts::{Heads, ShapeKind};
use super::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned,
    ServerInfo, ServerReply, Several, Swap, TagTtl, TakeoverListener,
};
use super::{Acquired, BackgroundWrite, ProcessStore, RedisStore, Store};
use crate::error::Error;

/// The store of a cache. An enum and not a trait object: two kinds, known here, and no allocation for each future.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each cache")]
pub(crate) enum AnyStore {
    /// Shared with the store of values in parts.
    Redis(Arc<RedisStore>),
    Memory(ProcessStore),
    /// For functions with a `shape`: beside the one for all others, over the same connections.
    Shaped(ShapedStore),
    /// The global cache of a program whose `REDIS_URL` is wrong: every operation fails, so every call computes.
    Broken(Error),
    /// Those that store something, behind a keyring.
    #[cfg(feature = "sealing")]
    SealedRedis(SealedStore<RedisStore>),
    #[cfg(feature = "sealing")]
    SealedMemory(SealedStore<ProcessStore>),
}

impl AnyStore {
    /// The same store behind a keyring.
    #[cfg(feature = "sealing")]
    pub(crate) fn sealed(self, sealing: Arc<dyn Sealing>) -> Self {
        match self {
            Self::Redis(store) => Self::SealedRedis(SealedStore::new(store, sealing)),
            Self::Memory(store) => Self::SealedMemory(SealedStore::new(Arc::new(store), sealing)),
            broken => broken,
        }
    }

    /// The store of values in parts, over the same connections. `None` where those are stored as all others: in this process, and behind a keyring,
    /// whose store is given nothing to see.
    pub(crate) fn shaped(&self, heads: &'static dyn Heads, kind: ShapeKind) -> Option<Self> {
        match self {
            Self::Redis(store) => Some(Self::Shaped(ShapedStore::new(Arc::clone(store), heads, kind))),
            _ => None,
        }
    }

    /// That store itself, if it is one.
    pub(crate) fn of_parts(&self) -> Option<&ShapedStore> {
        match self {
            Self::Shaped(store) => Some(store),
            _ => None,
        }
    }

    /// The one that has a server, behind a keyring or not.
    fn redis(&self) -> Option<&RedisStore> {
        match self {
            Self::Redis(store) => Some(store),
            Self::Shaped(store) => Some(store.inner()),
            #[cfg(feature = "sealing")]
            Self::SealedRedis(store) => Some(store.inner()),
            _ => None,
        }
    }

    /// The one that is in this process.
    fn process(&self) -> Option<&ProcessStore> {
        match self {
            Self::Memory(store) => Some(store),
            #[cfg(feature = "sealing")]
            Self::SealedMemory(store) => Some(store.inner()),
            _ => None,
        }
    }

    /// Whether values are sealed before they are stored.
    #[cfg(feature = "sealing")]
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self, Self::SealedRedis(_) | Self::SealedMemory(_))
    }

    /// Whether values are stored, and as they are.
    pub(crate) fn stores_unsealed(&self) -> bool {
        matches!(self, Self::Redis(_) | Self::Memory(_))
    }

    /// Why there is nobody to ask, if that is known at once.
    pub(crate) fn away(&self) -> Option<Error> {
        if let Some(store) = self.redis() {
            return store.away();
        }
        match self {
            Self::Broken(error) => Some(error.clone()),
            #[cfg(feature = "testing")]
            _ => self.process().and_then(ProcessStore::away),
            #[cfg(not(feature = "testing"))]
            _ => None,
        }
    }

    /// What its connections have recorded; nothing of what is stored in memory.
    pub(crate) fn requests(&self) -> Vec<RequestStats> {
        self.redis().map(|store| store.request_times().rows()).unwrap_or_default()
    }

    /// Whether there may be replicas to read from.
    pub(crate) fn has_replicas(&self) -> bool {
        self.redis().is_some_and(RedisStore::has_replicas)
    }

    /// Where a value for `key` can wait to be stored together with others. `None` where nothing is gained by that, or where the caller's runtime does not
    /// drive a connection of its own.
    pub(crate) fn write_queue(&self, key: &str) -> Option<ValueQueue> {
        if matches!(self, Self::Shaped(_)) {
            return None;
        }
        let queue = self.redis()?.write_queue(key)?;
        #[cfg(feature = "sealing")]
        let sealing = match self {
            Self::SealedRedis(store) => Some(Arc::clone(store.sealing())),
            _ => None,
        };
        Some(ValueQueue {
            queue,
            #[cfg(feature = "sealing")]
            sealing,
        })
    }

    /// What each server says of itself. One round trip, to all primaries of a cluster at once, and one more before it.
    pub(crate) async fn info(&self, until: Instant) -> Result<Vec<ServerInfo>, Error> {
        match (self.redis(), self.process(), self) {
            (Some(store), ..) => store.info(until).await,
            (_, Some(store), _) => Ok(vec![store.info()]),
            (.., Self::Broken(error)) => Err(error.clone()),
            _ => Ok(Vec::new()),
        }
    }

    /// What each server answers to a command, of a cluster every primary that is known. One round trip. Nobody for what is in this process.
    pub(crate) async fn ask_servers(
        &self,
        command: &[&[u8]],
        until: Instant,
    ) -> Result<Vec<ServerReply>, Error> {
        match (self.redis(), self) {
            (Some(store), _) => store.ask_servers(command, until).await,
            (_, Self::Broken(error)) => Err(error.clone()),
            _ => Ok(Vec::new()),
        }
    }

    /// Has `listener` told of each server that takes the place of another.
    pub(crate) fn tell_takeovers(&self, listener: Weak<dyn TakeoverListener>) {
        if let Some(store) = self.redis() {
            store.tell_takeovers(listener);
        }
    }

    /// Whether another server may take the place of one that has acknowledged something, and not know of it.
    pub(crate) fn may_be_taken_over(&self) -> bool {
        self.redis().is_some()
    }

    /// What is at the keys as it is stored, and how long it has left: what is sealed stays so.
    pub(crate) async fn read_as_stored(&self, keys: &[&str], until: Instant) -> Result<Several, Error> {
        let how = Reading::Timed(keys.len());
        match (self.redis(), self.process()) {
            (Some(store), _) => store.read(keys, how, until).await,
            (_, Some(store)) => store.read(keys, how, until).await,
            _ => self.read(keys, how, until).await,
        }
    }

    /// What was read as it is stored, as callers read it.
    #[cfg(feature = "sealing")]
    pub(crate) fn open(&self, key: &str, bytes: &mut Vec<u8>) {
        match self {
            Self::SealedRedis(store) => store.sealing().open(key, bytes),
            Self::SealedMemory(store) => store.sealing().open(key, bytes),
            _ => {}
        }
    }
}

/// Where a value can wait to be stored together with others.
pub(crate) struct ValueQueue {
    queue: WriteQueue,
    #[cfg(feature = "sealing")]
    sealing: Option<Arc<dyn Sealing>>,
}

impl ValueQueue {
    /// Stores a value in the background, together with others; without delay if `is_alone`. Fails for a value that is to be sealed and cannot be.
    pub(crate) fn add(self, write: Box<dyn BackgroundWrite>, is_alone: bool) -> Result<QueuedWrite, Error> {
        #[cfg(feature = "sealing")]
        let write = match self.sealing {
            Some(sealing) => Box::new(SealedWrite::new(write, &*sealing)?),
            None => write,
        };
        Ok(self.queue.add(write, is_alone))
    }
}

/// Hands an operation on to the store that there is. Not by an async function, whose future would have its arguments twice.
macro_rules! of_kind {
    ($self:ident, $store:ident => $operation:expr) => {
        match $self {
            Self::Redis($store) => Either::Left($operation),
            Self::Memory($store) => Either::Right(Either::Left($operation)),
            Self::Broken(error) => Either::Right(Either::Right(Either::Left(ready(Err(error.clone()))))),
            // A box, so that the others' futures have no room for these.
            #[cfg(not(feature = "sealing"))]
            Self::Shaped($store) => Either::Right(Either::Right(Either::Right(Box::pin($operation)))),
            #[cfg(feature = "sealing")]
            Self::Shaped($store) => {
                Either::Right(Either::Right(Either::Right(Either::Left(Box::pin($operation)))))
            }
            #[cfg(feature = "sealing")]
            Self::SealedRedis($store) => {
                Either::Right(Either::Right(Either::Right(Either::Right(Either::Left(Box::pin($operation))))))
            }
            #[cfg(feature = "sealing")]
            Self::SealedMemory($store) => Either::Right(Either::Right(Either::Right(Either::Right(
                Either::Right(Box::pin($operation)),
            )))),
        }
    };
}

impl Store for AnyStore {
    fn get(&self, key: &str, until: Instant) -> impl Future<Output = Result<Found, Error>> {
        of_kind!(self, store => store.get(key, until))
    }

    fn read(
        &self,
        keys: &[&str],
        how: Reading,
        until: Instant,
    ) -> impl Future<Output = Result<Several, Error>> {
        of_kind!(self, store => store.read(keys, how, until))
    }

    fn ask(
        &self,
        asked: &[KeyQuestion<'_>],
        until: Instant,
    ) -> impl Future<Output = Result<Vec<KeyAnswer>, Error>> {
        of_kind!(self, store => store.ask(asked, until))
    }

    fn acquire(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> impl Future<Output = Acquired> {
        of_kind!(self, store => store.acquire(leases, ttl, until))
    }

    fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> impl Future<Output = Result<Option<Found>, Error>> {
        of_kind!(self, store => store.get_or_acquire(key, lease, ttl, until))
    }

    fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> impl Future<Output = KeyResults<bool>> {
        of_kind!(self, store => store.swap(swaps, until))
    }

    fn release(
        &self,
        leases: &[(&str, CasToken)],
        until: Instant,
    ) -> impl Future<Output = Result<(), Error>> {
        of_kind!(self, store => store.release(leases, until))
    }

    fn clear(&self, key: &str, until: Instant) -> impl Future<Output = Result<(), Error>> {
        of_kind!(self, store => store.clear(key, until))
    }

    fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> impl Future<Output = Result<(), Error>> {
        of_kind!(self, store => store.set(sets, until))
    }

    fn remove(&self, keys: &[&[u8]], until: Instant) -> impl Future<Output = Result<u64, Error>> {
        of_kind!(self, store => store.remove(keys, until))
    }

    fn remove_in_order(
        &self,
        first: &[u8],
        then: &[&[u8]],
        until: Instant,
    ) -> impl Future<Output = Result<u64, Error>> {
        of_kind!(self, store => store.remove_in_order(first, then, until))
    }

    fn scan(
        &self,
        prefix: &str,
        from: Cursor,
        until: Instant,
    ) -> impl Future<Output = Result<Scanned, Error>> {
        of_kind!(self, store => store.scan(prefix, from, until))
    }

    fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> impl Future<Output = KeyResults<Nonce>> {
        of_kind!(self, store => store.tag(keys, life, until))
    }

    fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> impl Future<Output = KeyResults<Nonce>> {
        of_kind!(self, store => store.tag_in_order(first, last, life, until))
    }
}
