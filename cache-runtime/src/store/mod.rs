//! Where entries are kept: a trait, its two implementations, and the choice between them.
//!
//! A store moves bytes and knows nothing of what they mean. Every operation is bounded by an instant and gives an error
//! when that has passed; an operation is one command and one round trip unless it says otherwise.

#[cfg(test)]
mod conformance;
mod memory;
mod redis;

use std::time::{Duration, Instant};

use crate::error::Error;

pub(crate) use memory::MemoryStore;
pub(crate) use redis::RedisStore;
pub(crate) use redis::Config as RedisConfig;

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Absent,
    Bytes(Vec<u8>),
    /// Something that is not a string: a list, a hash, …
    Foreign,
}

/// How long a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Absent,
    Expires(Duration),
    Never,
}

/// The operations that the engine needs.
pub(crate) trait Store {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error>;

    /// Replaces whatever is there, of any type. `None` stores without expiry. The value and its expiry are set together,
    /// so that no failure between two commands can leave a key that stays for ever.
    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error>;

    /// Removes the key, of any type; fine if it is absent.
    async fn remove(&self, key: &str, until: Instant) -> Result<(), Error>;

    async fn left(&self, key: &str, until: Instant) -> Result<Left, Error>;
}

/// The store of a cache. An enum and not a trait object: two kinds, known here, and no allocation for each future.
#[derive(Debug)]
pub(crate) enum AnyStore {
    Redis(RedisStore),
    Memory(MemoryStore),
    /// The global cache of a program whose `REDIS_URL` is wrong: every operation fails, so every call computes.
    Broken(Error),
}

macro_rules! each {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match $self {
            AnyStore::Redis(store) => store.$method($($argument),*).await,
            AnyStore::Memory(store) => store.$method($($argument),*).await,
            AnyStore::Broken(error) => Err(error.clone()),
        }
    };
}

impl Store for AnyStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        each!(self.get(key, until))
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error> {
        each!(self.set(key, value, ttl, until))
    }

    async fn remove(&self, key: &str, until: Instant) -> Result<(), Error> {
        each!(self.remove(key, until))
    }

    async fn left(&self, key: &str, until: Instant) -> Result<Left, Error> {
        each!(self.left(key, until))
    }
}
