//! Where entries are kept: a trait and its two implementations. The choice between them is in `any_store`.
//!
//! A store moves bytes and knows nothing of what they mean, but for one thing: [`swap`](Store::swap) and
//! [`release`](Store::release) compare the beginning of what is there, which is an entry's state and nonce. Every operation is
//! bounded by an instant and gives an error when that has passed.

mod address;
mod any_store;
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

use std::time::{Duration, Instant};

use smallvec::SmallVec;

use self::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned, Several,
    Swap, TagTtl,
};
#[cfg(test)]
use self::vocabulary::{Epoch, Left};
use crate::error::Error;

pub(crate) use address::Target;
pub(crate) use any_store::AnyStore;
#[cfg(feature = "testing")]
pub(crate) use faulty::FaultyStore;
pub(crate) use memory::MemoryStore;
pub(crate) use redis::RedisStore;
pub(crate) use redis::batching::stores::QueuedWrite;
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
    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error>;

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
        self.set(&[KeyWrite { key, value: Some(value), ttl }], until).await
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
