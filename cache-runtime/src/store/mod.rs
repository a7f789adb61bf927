//! Where entries are kept: a trait, its two implementations, and the choice between them.
//!
//! A store moves bytes and knows nothing of what they mean, but for one thing: [`swap`](Store::swap) and
//! [`release`](Store::release) compare the beginning of what is there, which is an entry's state and nonce. Every operation is
//! bounded by an instant and gives an error when that has passed.

mod address;
#[cfg(test)]
mod conformance;
pub(crate) mod credentials;
#[cfg(feature = "testing")]
pub(crate) mod faults;
#[cfg(feature = "testing")]
mod faulty;
pub(crate) mod key_state;
mod memory;
pub(crate) mod redis;
pub(crate) mod request_times;
#[cfg(feature = "sealing")]
mod sealed;
pub(crate) mod vocabulary;

use std::future::ready;
#[cfg(feature = "sealing")]
use std::sync::Arc;
use std::sync::Weak;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tokio_util::either::Either;

use self::request_times::RequestStats;
#[cfg(feature = "sealing")]
use self::sealed::{SealedStore, SealedWrite};
#[cfg(feature = "sealing")]
use self::vocabulary::Sealing;
use self::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, Nonce, Reading, Scanned, ServerInfo,
    ServerReply, Set, Several, Swap, TagTtl, TakeoverListener,
};
#[cfg(test)]
use self::vocabulary::{Epoch, Left};
use crate::error::Error;

pub(crate) use address::Target;
#[cfg(feature = "testing")]
pub(crate) use faulty::FaultyStore;
pub(crate) use memory::MemoryStore;
pub(crate) use redis::RedisStore;
pub(crate) use redis::batching::stores::QueuedWrite;
use redis::batching::stores::WriteQueue;
pub(crate) use redis::{ClusterConfig, Config as RedisConfig, ReplicaWait, TlsOptions, sentinel_config};

/// The operations that the engine needs. Those on several keys are one round trip, and one atomic step for each key, not for all: of
/// two callers with the same keys, each may get some. The keys may be on several servers, which are asked at once; a server that does not
/// answer fails its own keys. Nothing is sent for no keys.
pub(crate) trait Store {
    /// What is at one key: the way of a hit.
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error>;

    /// What is at the keys. Fails as a whole if nothing could be asked.
    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error>;

    /// What is at each key, or only its beginning: nothing of a missing key, or [`Found::Absent`]. Fails as a whole if nothing could be asked.
    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error>;

    /// Puts each lease where nothing is, and gives [`Found::Absent`] then; else what is there.
    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Acquired;

    /// [`acquire`](Self::acquire) at one key, if the server is known to do it by one command that costs about what [`get`](Self::get)
    /// does. `None` if not: nothing was sent.
    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error>;

    /// Replaces what is there only if it still begins with the mark; says whether it did.
    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool>;

    /// Removes what is there only if it still begins with the mark. Fails if one of them failed, whatever became of the others.
    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error>;

    /// Removes what is there only if it is too short for a mark, or of another type.
    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error>;

    /// Replaces whatever is there, of any type, or removes it where there is no value. A value and its expiry are set together, so
    /// that no failure between two commands can leave a key that stays for ever. Fails if one of them failed, whatever became of
    /// the others.
    async fn set(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error>;

    /// Removes the keys, of any type; says how many were there. Fails if one of them failed, whatever became of the others.
    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error>;

    /// Removes `first`, and `then` not before that is answered: whoever still finds `first` in place has begun before any of `then` was
    /// removed. One round trip where one server has all of them, two else. If `first` fails, `then` is not removed.
    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error>;

    /// One step through all keys, from the beginning or from where the last one ended: finds those that begin with `prefix`.
    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error>;

    /// The nonces at the keys of tags, which are given new ones where they have none, and live for as long as is asked. One for each key;
    /// fails as a whole if nothing could be asked.
    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce>;

    /// [`tag`](Self::tag) for `first`, and for `last` not before the others are answered; the nonce of `last` is given last. What
    /// [`remove_in_order`](Self::remove_in_order) is for whoever removes, this is for whoever reads.
    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce>;
}

/// What was found at each key where a lease was to stand. Most calls ask for one.
pub(crate) type Acquired = Result<SmallVec<[Result<Found, Error>; 1]>, Error>;

/// A value that is stored in the background, together with others.
pub(crate) trait BackgroundWrite: Send + Sync + 'static {
    fn swap(&self) -> Swap<'_>;

    /// Is told whether the value was stored. Dropped without being told if its runtime has ended.
    fn written(self: Box<Self>, stored: Result<bool, Error>);
}

/// Operations on one key, for tests.
#[cfg(test)]
pub(crate) trait OneKey: Store {
    async fn put(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error> {
        self.set(&[Set { key, value: Some(value), ttl }], until).await
    }

    /// What is at one key, and how long it has left, if that is asked for.
    async fn read_one(&self, key: &str, how: Reading, until: Instant) -> Result<(Found, Left, Epoch), Error> {
        let Several { mut found, left, epochs } = self.read(&[key], how, until).await?;
        let left = left.first().copied().unwrap_or(Left::Never);
        Ok((found.pop().expect("an answer")?, left, epochs.of(0)))
    }

    /// [`acquire`](Store::acquire) at one key.
    async fn acquire_one(
        &self,
        key: &str,
        lease: CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Found, Error> {
        self.acquire(&[(key, lease)], ttl, until).await?.pop().expect("an answer")
    }

    /// [`swap`](Store::swap) at one key.
    async fn swap_one(&self, swap: Swap<'_>, until: Instant) -> Result<bool, Error> {
        self.swap(&[swap], until).await?.pop().expect("an answer")
    }

    async fn unlink(&self, key: &str, until: Instant) -> u64 {
        self.remove(&[key.as_bytes()], until).await.expect("a removal")
    }
}

#[cfg(test)]
impl<S: Store> OneKey for S {}

/// The store in this process: behind a test's faults, where there may be any.
#[cfg(not(feature = "testing"))]
pub(crate) type ProcessStore = MemoryStore;
#[cfg(feature = "testing")]
pub(crate) type ProcessStore = FaultyStore;

/// The store of a cache. An enum and not a trait object: two kinds, known here, and no allocation for each future.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each cache")]
pub(crate) enum AnyStore {
    Redis(RedisStore),
    Memory(ProcessStore),
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
            Self::Memory(store) => Self::SealedMemory(SealedStore::new(store, sealing)),
            broken => broken,
        }
    }

    /// The one that has a server, behind a keyring or not.
    fn redis(&self) -> Option<&RedisStore> {
        match self {
            Self::Redis(store) => Some(store),
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
            #[cfg(not(feature = "sealing"))]
            Self::Broken(error) => Either::Right(Either::Right(ready(Err(error.clone())))),
            #[cfg(feature = "sealing")]
            Self::Broken(error) => Either::Right(Either::Right(Either::Left(ready(Err(error.clone()))))),
            // A box, so that the others' futures have no room for these.
            #[cfg(feature = "sealing")]
            Self::SealedRedis($store) => {
                Either::Right(Either::Right(Either::Right(Either::Left(Box::pin($operation)))))
            }
            #[cfg(feature = "sealing")]
            Self::SealedMemory($store) => {
                Either::Right(Either::Right(Either::Right(Either::Right(Box::pin($operation)))))
            }
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

    fn set(&self, sets: &[Set<'_>], until: Instant) -> impl Future<Output = Result<(), Error>> {
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
