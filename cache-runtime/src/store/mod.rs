//! Where entries are kept: a trait, its two implementations, and the choice between them.
//!
//! A store moves bytes and knows nothing of what they mean, but for one thing: [`swap`](Store::swap) and
//! [`release`](Store::release) compare the beginning of what is there, which is an entry's state and nonce. Every operation is
//! bounded by an instant and gives an error when that has passed; an operation is one command and one round trip unless it
//! says otherwise.

mod address;
#[cfg(test)]
mod conformance;
pub(crate) mod credentials;
pub(crate) mod key_state;
mod memory;
pub(crate) mod redis;
pub(crate) mod vocabulary;

use std::time::{Duration, Instant};

use self::vocabulary::{Asking, CasToken, Epoch, Found, Left, Nonce, Scanned, Set, Several, Swap, TagTtl};
use crate::error::Error;
use crate::key::KeyBuf;

pub(crate) use address::{Address, Target};
pub(crate) use memory::MemoryStore;
pub(crate) use redis::RedisStore;
pub(crate) use redis::batching::stores::{QueuedWrite, WriteQueue};
pub(crate) use redis::{Config as RedisConfig, TlsOptions};

/// The operations that the engine needs.
pub(crate) trait Store {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error>;

    /// [`get`](Self::get) and [`left`](Self::left) in one round trip.
    async fn get_with_left(&self, key: &str, until: Instant) -> Result<(Found, Left), Error>;

    /// [`get_with_left`](Self::get_with_left), and whatever becomes of the key is told to the store's observer. Fails where
    /// changes cannot be watched.
    async fn get_watched(&self, key: &str, until: Instant) -> Result<(Found, Left, Epoch), Error>;

    /// Puts a lease where nothing is, and gives [`Found::Absent`] then; else what is there. One step: of two callers, one
    /// gets it.
    async fn acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Found, Error>;

    /// Replaces what is there only if it still begins with `mark`, in one step; says whether it did.
    async fn swap(
        &self,
        key: &str,
        mark: &CasToken,
        value: &[u8],
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<bool, Error>;

    /// Removes what is there only if it still begins with `mark`.
    async fn release(&self, key: &str, mark: &CasToken, until: Instant) -> Result<(), Error>;

    /// Removes what is there only if it is too short for a mark, or of another type.
    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error>;

    /// Replaces whatever is there, of any type. `None` stores without expiry. The value and its expiry are set together,
    /// so that no failure between two commands can leave a key that stays for ever.
    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error>;

    /// Removes the key, of any type; fine if it is absent.
    async fn remove(&self, key: &str, until: Instant) -> Result<(), Error>;

    /// [`remove`](Self::remove) for several keys, in one command. Nothing is asked for none.
    async fn remove_all(&self, keys: &[&str], until: Instant) -> Result<(), Error>;

    /// One step through all keys, from `cursor` on, which is 0 at first: finds those that begin with `prefix`.
    async fn scan(&self, prefix: &str, cursor: u64, until: Instant) -> Result<Scanned, Error>;

    /// Removes keys that a [`scan`](Self::scan) has found; says how many were still there.
    async fn remove_scanned(&self, keys: &[Vec<u8>], until: Instant) -> Result<u64, Error>;

    /// What is at the keys. In a cluster they would have to share a slot, as for the two operations that follow.
    async fn get_several(&self, keys: &[&str], how: Asking, until: Instant) -> Result<Several, Error>;

    /// The nonces at the keys of tags, which are given new ones where they have none, and live for as long as is asked.
    async fn tag(&self, keys: &[KeyBuf], life: TagTtl, until: Instant) -> Result<Vec<Nonce>, Error>;

    /// [`get`](Self::get) for several keys, in one round trip; an answer for each, in their order.
    async fn get_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Found>, Error>;

    /// [`left`](Self::left) for several keys, in one round trip.
    async fn left_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Left>, Error>;

    /// [`get_with_left`](Self::get_with_left) for several keys, in one round trip.
    async fn get_many_with_left(&self, keys: &[&str], until: Instant) -> Result<Vec<(Found, Left)>, Error>;

    /// [`get_watched`](Self::get_watched) for several keys, in one round trip.
    async fn get_many_watched(
        &self,
        keys: &[&str],
        until: Instant,
    ) -> Result<(Vec<(Found, Left)>, Epoch), Error>;

    /// [`acquire`](Self::acquire) for several keys, in one round trip. One step for each key, not for all: of two callers with
    /// the same keys, each may get some.
    async fn acquire_many(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error>;

    /// [`swap`](Self::swap) for several keys, in one round trip, one step for each key.
    async fn swap_many(&self, swaps: &[Swap<'_>], until: Instant) -> Result<Vec<Result<bool, Error>>, Error>;

    /// [`release`](Self::release) for several keys, in one round trip. Fails if one of them failed.
    async fn release_many(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error>;

    /// [`set`](Self::set), or [`remove`](Self::remove) where there is no value, for several keys, in one round trip. Fails if one
    /// of them failed.
    async fn set_many(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error>;
}

/// A value that is stored in the background, together with others.
pub(crate) trait BackgroundWrite: Send + Sync + 'static {
    fn swap(&self) -> Swap<'_>;

    /// Is told whether the value was stored. Dropped without being told if its runtime has ended.
    fn written(self: Box<Self>, stored: Result<bool, Error>);
}

/// The store of a cache. An enum and not a trait object: two kinds, known here, and no allocation for each future.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each cache")]
pub(crate) enum AnyStore {
    Redis(RedisStore),
    Memory(MemoryStore),
    /// The global cache of a program whose `REDIS_URL` is wrong: every operation fails, so every call computes.
    Broken(Error),
}

impl AnyStore {
    /// Where values can wait to be stored together. `None` where nothing is gained by that, or where the caller's runtime does not
    /// drive a connection of its own.
    pub(crate) fn write_queue(&self) -> Option<WriteQueue> {
        match self {
            Self::Redis(store) => store.write_queue(),
            Self::Memory(_) | Self::Broken(_) => None,
        }
    }
}

macro_rules! delegate {
    ($(async fn $method:ident(&self, $($name:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Store for AnyStore {
            $(async fn $method(&self, $($name: $type),*) -> Result<$result, Error> {
                match self {
                    Self::Redis(store) => store.$method($($name),*).await,
                    Self::Memory(store) => store.$method($($name),*).await,
                    Self::Broken(error) => Err(error.clone()),
                }
            })*
        }
    };
}

delegate! {
    async fn get(&self, key: &str, until: Instant) -> Found;
    async fn get_with_left(&self, key: &str, until: Instant) -> (Found, Left);
    async fn get_watched(&self, key: &str, until: Instant) -> (Found, Left, Epoch);
    async fn acquire(&self, key: &str, lease: &CasToken, ttl: Duration, until: Instant) -> Found;
    async fn swap(&self, key: &str, mark: &CasToken, value: &[u8], ttl: Option<Duration>, until: Instant) -> bool;
    async fn release(&self, key: &str, mark: &CasToken, until: Instant) -> ();
    async fn clear(&self, key: &str, until: Instant) -> ();
    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> ();
    async fn remove(&self, key: &str, until: Instant) -> ();
    async fn remove_all(&self, keys: &[&str], until: Instant) -> ();
    async fn scan(&self, prefix: &str, cursor: u64, until: Instant) -> Scanned;
    async fn remove_scanned(&self, keys: &[Vec<u8>], until: Instant) -> u64;
    async fn get_several(&self, keys: &[&str], how: Asking, until: Instant) -> Several;
    async fn tag(&self, keys: &[KeyBuf], life: TagTtl, until: Instant) -> Vec<Nonce>;
    async fn get_many(&self, keys: &[&str], until: Instant) -> Vec<Found>;
    async fn left_many(&self, keys: &[&str], until: Instant) -> Vec<Left>;
    async fn get_many_with_left(&self, keys: &[&str], until: Instant) -> Vec<(Found, Left)>;
    async fn get_many_watched(&self, keys: &[&str], until: Instant) -> (Vec<(Found, Left)>, Epoch);
    async fn acquire_many(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Vec<Result<Found, Error>>;
    async fn swap_many(&self, swaps: &[Swap<'_>], until: Instant) -> Vec<Result<bool, Error>>;
    async fn release_many(&self, leases: &[(&str, CasToken)], until: Instant) -> ();
    async fn set_many(&self, sets: &[Set<'_>], until: Instant) -> ();
}
