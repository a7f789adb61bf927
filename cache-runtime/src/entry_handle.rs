//! `Entry`: one key of one function, typed.

use std::fmt;
use std::time::Duration;

use crate::codec::CodecError;
use crate::decision::{Admission, Facts, Policy, admit};
use crate::engine::{Begun, Call, Ticket};
use crate::entry::header::{self, Meta, Slot};
use crate::error::{Error, ErrorKind};
use crate::random;
use crate::store::{Found, Left, Store};

/// The cache entry of one call of an annotated function: its key, its type, and what can be done with it.
///
/// `get_user_entry(42)` is the entry of `get_user(…, 42)`. Both make the key from one template, so the two cannot drift
/// apart.
///
/// Methods wait no longer than the cache's [deadline](crate::CacheBuilder::deadline), and give an [`Error`] then: unlike an
/// annotated call they have no other way to keep their word.
pub struct Entry<T> {
    call: Call,
    policy: Policy,
    hooks: Hooks<T>,
}

/// What the entry knows of its type: plain functions, so that the entry is `Send` and `'static` in its own right and most of
/// the library is compiled once and not for every type.
pub(crate) struct Hooks<T> {
    pub(crate) codec: u8,
    pub(crate) encode: fn(&T, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) decode: fn(&[u8]) -> Result<T, CodecError>,
    pub(crate) is_none: fn(&T) -> bool,
    pub(crate) ttl_with: Option<fn(&T) -> Duration>,
    pub(crate) cache_if: Option<fn(&T) -> bool>,
}

impl<T> Entry<T> {
    pub(crate) fn new(call: Call, policy: Policy, hooks: Hooks<T>) -> Self {
        Self { call, policy, hooks }
    }

    /// The key in Redis, the cache's prefix included.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.call.key
    }

    /// The stored value; `None` if there is none that fits. One round trip.
    ///
    /// # Errors
    /// If Redis cannot be reached, or not in time. An entry that does not fit is no error.
    pub async fn get(&self) -> Result<Option<T>, Error> {
        match self.call.cache.0.store.get(self.key(), self.call.until()).await? {
            Found::Bytes(bytes) => Ok(self.accept(&bytes)),
            Found::Absent | Found::Foreign => Ok(None),
        }
    }

    /// Stores `value` as a call would have, with the function's TTL. One round trip.
    ///
    /// Where the function's options keep a value from being stored (`cache_if`, a `None` without `negative_ttl`, a TTL of
    /// zero) the entry is removed instead: after `put`, an older value is never served.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] if the codec cannot express the value; otherwise as [`get`](Self::get).
    pub async fn put(&self, value: &T) -> Result<(), Error> {
        // Encoded before the first await, so that the future does not hold the reference.
        let (encoded, until) = (self.encode(value, Duration::ZERO), self.call.until());
        let store = &self.call.cache.0.store;
        async move {
            match encoded? {
                Some((bytes, ttl)) => store.set(self.key(), &bytes, ttl, until).await,
                None => store.remove(self.key(), until).await,
            }
        }
        .await
    }

    /// Removes the stored value, if any. One round trip.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn invalidate(&self) -> Result<(), Error> {
        self.call.cache.0.store.remove(self.key(), self.call.until()).await
    }

    /// How long the stored value has left; `None` if there is none, `Duration::MAX` if it never expires. One round trip.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn ttl(&self) -> Result<Option<Duration>, Error> {
        Ok(match self.call.cache.0.store.left(self.key(), self.call.until()).await? {
            Left::Absent => None,
            Left::Expires(left) => Some(left),
            Left::Never => Some(Duration::MAX),
        })
    }

    /// The stored value, or what `compute` gives, which is then stored. What an annotated function does.
    ///
    /// A hit is one round trip, a miss two. Fails never: without the cache, `compute` runs.
    pub async fn get_or_compute(&self, compute: impl Future<Output = T>) -> T {
        let ticket = match self.begin().await {
            Ok(value) => return value,
            Err(ticket) => ticket,
        };
        let value = compute.await;
        if let Some(store) = self.admit(&value, ticket) {
            store.run(&self.call).await;
        }
        value
    }

    /// The stored value, or what `compute` gives, which is stored if it is `Ok`.
    ///
    /// A hit is one round trip, a miss two.
    ///
    /// # Errors
    /// The error of `compute`, never one of the cache.
    pub async fn get_or_try_compute<E>(&self, compute: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let ticket = match self.begin().await {
            Ok(value) => return Ok(value),
            Err(ticket) => ticket,
        };
        let value = compute.await.inspect_err(|_| self.count_failure())?;
        if let Some(store) = self.admit(&value, ticket) {
            store.run(&self.call).await;
        }
        Ok(value)
    }

    /// The same operations for code that is not async.
    #[must_use]
    pub fn blocking(&self) -> crate::BlockingEntry<T> {
        crate::BlockingEntry::new(self.clone())
    }

    /// The value of a hit, or the ticket of a call that has to compute.
    pub(crate) async fn begin(&self) -> Result<T, Ticket> {
        let counters = &self.call.function.counters;
        let ticket = match self.call.begin().await {
            Begun::Found(bytes, ticket) => match self.accept(&bytes) {
                Some(value) => {
                    counters.hits.count();
                    return Ok(value);
                }
                None => ticket.compute(),
            },
            Begun::Nothing(ticket) => ticket,
        };
        counters.misses.count();
        counters.computes.count();
        Err(ticket)
    }

    /// A computed value, made ready to be stored; `None` if it is not to be.
    pub(crate) fn admit(&self, value: &T, ticket: Ticket) -> Option<PendingStore> {
        match self.encode(value, ticket.compute_time()) {
            Ok(Some((bytes, ttl))) => Some(PendingStore { bytes, ttl, ticket }),
            Ok(None) => {
                self.call.function.counters.not_stored.count();
                None
            }
            Err(error) => {
                self.call.failed(&error);
                None
            }
        }
    }

    pub(crate) fn count_failure(&self) {
        self.call.function.counters.failed.count();
    }

    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    /// The value in `bytes`, if they are an entry of this function that fits in every respect.
    fn accept(&self, bytes: &[u8]) -> Option<T> {
        let value = match header::decode(bytes, self.hooks.codec, self.call.function.fingerprint) {
            Ok(Slot::Value(value)) => (self.hooks.decode)(value.payload).ok(),
            Ok(Slot::Lease(_) | Slot::Tombstone(_)) => return None,
            Err(_) => None,
        };
        if value.is_none() {
            self.call.function.counters.rejected.count();
        }
        value
    }

    /// The bytes to store and for how long, or `None` if the options keep this value from being stored.
    fn encode(&self, value: &T, compute_time: Duration) -> Result<Option<(Vec<u8>, Option<Duration>)>, Error> {
        let facts = Facts {
            is_none: (self.hooks.is_none)(value),
            own_ttl: self.hooks.ttl_with.map(|ttl| ttl(value)),
            wanted: self.hooks.cache_if.is_none_or(|wanted| wanted(value)),
        };
        let Admission::Store(ttl) = admit(&self.policy, facts, random::unit()) else { return Ok(None) };
        let meta = Meta {
            codec: self.hooks.codec,
            fingerprint: self.call.function.fingerprint,
            fresh_ttl: ttl,
            compute_time,
        };
        let bytes = header::encode(&random::nonce(), &meta, |out| (self.hooks.encode)(value, out)).map_err(|source| {
            let name = self.call.function.site.name;
            Error::with_source(ErrorKind::Encode, format!("the value of `{name}` cannot be encoded: {source}"), source)
        })?;
        Ok(Some((bytes, ttl)))
    }
}

/// A store that waits for nothing but I/O; without the value's type, so that the value need not be shared with it.
pub(crate) struct PendingStore {
    bytes: Vec<u8>,
    ttl: Option<Duration>,
    ticket: Ticket,
}

impl PendingStore {
    pub(crate) async fn run(self, call: &Call) {
        call.store(self.ticket, &self.bytes, self.ttl).await;
    }
}

impl<T> Clone for Hooks<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hooks<T> {}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), policy: self.policy, hooks: self.hooks }
    }
}

impl<T> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.call.key).field("policy", &self.policy).finish_non_exhaustive()
    }
}
