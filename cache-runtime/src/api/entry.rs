//! `Entry`: one key of one function, typed.

mod encode;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::blocking_entry::BlockingEntry;
use crate::api::after_lookup::{Begun, Decoded};
use crate::api::shared_error::Sharing;
use crate::codec::compress::{self, Compression, Payload};
use crate::codec::{Codec, CodecError, check_id};
use crate::engine::bypass::is_bypassed;
use crate::engine::flight::Sight;
use crate::engine::retry_queue::{Key, Operation};
use crate::engine::{
    Attempt, Call, ComputeGuard, Computed, Departure, Got, Hit, Next, Outcome, Question, Reader, TimeBudget,
    Values, put, remove,
};
use crate::entry::header;
use crate::entry::special::{Special, special};
use crate::error::{Error, ErrorKind};
use crate::local::Keep;
use crate::policy::Lifetime;
use crate::policy::ttl::Ttl;
use crate::store::vocabulary::Left;
use crate::tags::Tags;
use crate::util::process;

/// The cache entry of one call of an annotated function: its key, its type, and the operations on it.
///
/// `get_user_entry(42)` is the entry of `get_user(…, 42)`. Both make the key from one template, so the two cannot drift apart.
///
/// ```
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "square:<n>")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// # Cache::memory().scope(async {
/// let entry = square_entry(12);
/// assert_eq!(entry.get().await?, None);
/// square(12).await;
/// assert_eq!(entry.get().await?, Some(144));
/// entry.invalidate().await?;
/// # Ok(()) }).await }
/// ```
///
/// Methods wait no longer than the cache's [deadline](crate::CacheBuilder::deadline). If Redis cannot be reached, refuses a command or does not answer by then, they
/// return an [`Error`]: unlike an annotated call, they cannot compute instead.
pub struct Entry<T> {
    call: Call,
    hooks: Hooks<T>,
}

/// What the entry knows of its type: plain functions, so that the entry is `Send` and `'static` in its own right and most of
/// the library is compiled once and not for every type.
pub(crate) struct Hooks<T> {
    pub(crate) codec: u8,
    pub(crate) encode: fn(&T, &mut Vec<u8>) -> Result<usize, CodecError>,
    pub(crate) decode: fn(&[u8], usize) -> Result<T, CodecError>,
    pub(crate) compression: Option<Compression>,
    /// What a payload is decompressed to at most.
    pub(crate) decompressed: usize,
    pub(crate) special: fn(&T) -> Option<Special>,
    pub(crate) ttl_with: Option<fn(&T) -> Duration>,
    pub(crate) cache_if: Option<fn(&T) -> bool>,
    pub(crate) local: Option<Keep<T>>,
    pub(crate) tags_of: Option<fn(&T) -> Vec<String>>,
    /// Whether the word that there is no value can be served, as it can by a batch.
    pub(crate) serves_absence: bool,
}

impl<T: Serialize + DeserializeOwned> Hooks<T> {
    /// Of a codec, without options.
    #[inline]
    pub(crate) fn of<C: Codec>() -> Self {
        const { check_id::<C>() };
        Self {
            codec: C::ID,
            encode: C::encode_counted::<T>,
            decode: C::decode_stored::<T>,
            compression: None,
            decompressed: compress::LIMIT,
            special: special::<T>,
            ttl_with: None,
            cache_if: None,
            local: None,
            tags_of: None,
            serves_absence: false,
        }
    }
}

impl<T> Entry<T> {
    pub(crate) fn new(call: Call, hooks: Hooks<T>) -> Self {
        Self { call, hooks }
    }

    pub(crate) fn with_tags(mut self, tags: Arc<Tags>) -> Self {
        self.call.tags = Some(tags);
        self
    }

    /// The key in Redis, the cache's prefix included. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # Cache::memory().sync_scope(|| {
    /// assert_eq!(square_entry(12).key(), "square:12");
    /// # });
    /// ```
    #[must_use]
    pub fn key(&self) -> &str {
        &self.call.key
    }

    /// The stored value; `None` if there is no valid one within its TTL and its stale windows. One round trip, and two if the value names
    /// tags. It also reads the store inside [`Cache::bypass`](crate::Cache::bypass), because it has nothing to compute.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// assert_eq!(square_entry(12).get().await?, Some(144));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// While a failed [invalidation](Self::invalidate) of the entry or of one of its tags is pending, it returns `None` without contacting Redis.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). An entry that is not valid is
    /// not an error.
    pub async fn get(&self) -> Result<Option<T>, Error> {
        Ok(self.found(false).await?.map(|(value, ..)| value))
    }

    /// Stores `value` as a call would have, with the function's TTL, in place of whatever is there. One round trip, and two if the entry has tags.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square_entry(12).put(&145).await?;
    /// assert_eq!(square(12).await, 145); // not computed
    /// # Ok(()) }).await }
    /// ```
    ///
    /// A running computation will not overwrite it. If the function's options prevent the store (`cache_if`, a `None` without
    /// `negative_ttl`, a TTL of zero), the entry is removed instead: after `put`, an older value is never served.
    ///
    /// Use it for values that the program is the source of, and whose only writer it is. A row that was read may be older than an
    /// invalidation that has come since, which `put` would overwrite; for rows use [`warm_up`](Self::warm_up) or
    /// [`refresh_with`](Self::refresh_with).
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] if the codec cannot encode the value, and
    /// [`ErrorKind::TooLarge`] if it takes more than [`max_value_size`](crate::CacheBuilder::max_value_size) or the function's `max_size`; the old value is
    /// removed then. Otherwise an error if Redis cannot be reached, refuses the command, or does not answer within the
    /// [deadline](crate::CacheBuilder::deadline). In that case, and if the future is dropped meanwhile, the entry is invalidated as soon as Redis is back; see
    /// [`invalidate`](Self::invalidate).
    pub async fn put(&self, value: &T) -> Result<(), Error> {
        // Encoded before the first await, so that the future does not hold the reference.
        let encoded = self.encode_to_put(value);
        async move {
            let key = [Key::Entry(self.key())];
            let operation = Operation::begin(self.call.cache.arc(), &key, None);
            let (encoded, refused) = match encoded {
                Ok(encoded) => (encoded, Ok(())),
                // The old value is not this one either.
                Err(error) => (None, Err(error)),
            };
            let done = operation.end(put(&mut [(&self.call, encoded)]).await);
            refused.and(done)
        }
        .await
    }

    /// Removes the stored value, if any. One round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// square_entry(12).invalidate().await?;
    /// assert_eq!(square_entry(12).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// An invalidation wins over every computation that began before it: its value is returned to its callers, but not
    /// stored. Call it after the change is committed; a computation in between may read, and store, the old data.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background until Redis takes it, for a day at most; until then this cache does not use the entry. [`Stats`](crate::Stats) counts
    /// these invalidations. A cancelled one, whose future is dropped after its first poll, is retried as well: Redis may not have taken it.
    pub async fn invalidate(&self) -> Result<(), Error> {
        self.remove(None).await
    }

    /// Removes the stored value, and prevents any other from being stored for as long as `hold`: for a database whose replicas
    /// lag, so that nobody caches what a replica still returns. One round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square_entry(12).invalidate_with_hold(Duration::from_secs(2)).await?;
    /// square(12).await; // computed, and not stored
    /// assert_eq!(square_entry(12).get().await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// Meanwhile each call computes for itself. A later [`put`](Self::put) or [`invalidate`](Self::invalidate) ends the hold.
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline). The invalidation is then
    /// retried in the background, with the remaining hold, as described at [`invalidate`](Self::invalidate).
    pub async fn invalidate_with_hold(&self, hold: Duration) -> Result<(), Error> {
        self.remove(Some(hold)).await
    }

    async fn remove(&self, hold: Option<Duration>) -> Result<(), Error> {
        let key = [Key::Entry(self.key())];
        let operation = Operation::begin(self.call.cache.arc(), &key, hold);
        operation.end(remove(self.call.cache(), self.key(), hold).await)
    }

    /// The remaining lifetime of the value that [`get`](Self::get) returns, stale windows included; `None` if there is none. One round trip, in which the
    /// value is transferred as well, because only the value shows whether it is valid; two if the value names tags.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # use std::time::Duration;
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// assert!(square_entry(12).ttl().await?.expect("a value") <= Duration::from_secs(60));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub async fn ttl(&self) -> Result<Option<Ttl>, Error> {
        Ok(match self.found(true).await?.map(|(_, left, _)| left) {
            None | Some(Left::Absent) => None,
            Some(Left::Expires(left)) => Some(Ttl::Expires(left)),
            Some(Left::Never) => Some(Ttl::Never),
        })
    }

    /// The stored value, how long it is there for yet if that is asked for, and the time that it was stored for.
    pub(super) async fn found(&self, is_timed: bool) -> Result<Option<(T, Left, Lifetime)>, Error> {
        if self.call.is_pending(self.call.question()) {
            return Ok(None);
        }
        let Some((bytes, left)) = self.reader().entry(is_timed, self.call.until()).await? else {
            return Ok(None);
        };
        let lifetime = header::checked(&bytes).map(|value| Lifetime::of(&value.meta));
        Ok(self.read_at(self.key(), &bytes).zip(lifetime).map(|(value, lifetime)| (value, left, lifetime)))
    }

    /// The value that this process has cached, which is not counted as a hit.
    pub(super) fn peek_local(&self) -> Option<T> {
        self.hooks.local?.give(self.reader().local_hit(self.call.question())?)
    }

    /// The stored value, or the value of `compute`, which is then stored: what an annotated function does.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # Cache::memory().scope(async {
    /// assert_eq!(square_entry(12).get_or_compute(async { 12 * 12 }).await, 144);
    /// assert_eq!(square_entry(12).get_or_compute(async { unreachable!() }).await, 144);
    /// # }).await }
    /// ```
    ///
    /// A hit takes one round trip; a miss takes three, for two of which the caller waits. Callers of one key share one computation, in
    /// this process and between processes. Infallible: without the cache, `compute` runs.
    #[allow(clippy::manual_async_fn, reason = "the future of an `async fn` has room for each argument twice")]
    pub fn get_or_compute(&self, compute: impl Future<Output = T>) -> impl Future<Output = T> {
        async move {
            if let Some(value) = self.kept() {
                return value;
            }
            self.begin_elsewhere().await.or_compute(compute).await
        }
    }

    /// Computes in any case, and replaces the stored value: for a call that wants a fresh value. Other callers of the function
    /// are served the old value meanwhile. An invalidation in between wins. If the function's options prevent the new value from being stored,
    /// the old one is removed.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// square_entry(12).refresh_with(async { 145 }).await;
    /// assert_eq!(square(12).await, 145);
    /// # }).await }
    /// ```
    ///
    /// Three round trips, for two of which the caller waits. If another caller is computing the value, in this process or another, the value of `compute` is
    /// returned and not stored. Infallible.
    pub async fn refresh_with(&self, compute: impl Future<Output = T>) -> T {
        self.begin_fresh().await.or_compute(compute).await
    }

    /// [`refresh_with`](Self::refresh_with) for a computation that may fail; the stored value then stays.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # Cache::memory().scope(async {
    /// square(12).await;
    /// assert_eq!(square_entry(12).try_refresh_with(async { Err("no database") }).await, Err("no database"));
    /// assert_eq!(square(12).await, 144);
    /// # }).await }
    /// ```
    ///
    /// # Errors
    /// The error of `compute`, never an error of the cache.
    pub async fn try_refresh_with<E>(&self, compute: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.begin_fresh().await.or_try_compute(Sharing::NONE, compute).await
    }

    pub(crate) async fn begin_fresh(&self) -> Begun<'_, T> {
        let key = [self.call.call_key()];
        Begun::new(self, Decoded::Compute(Box::pin(self.reader().begin_forced(&key)).await))
    }

    /// The stored value, or the value of `compute`, which is stored if it is `Ok`.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # Cache::memory().scope(async {
    /// let entry = square_entry(12);
    /// assert_eq!(entry.get_or_try_compute(async { Err("no database") }).await, Err("no database"));
    /// assert_eq!(entry.get_or_try_compute(async { Ok::<_, &str>(144) }).await, Ok(144));
    /// # }).await }
    /// ```
    ///
    /// It costs the same as [`get_or_compute`](Self::get_or_compute). An error of `compute` is not shared: callers that waited compute for themselves.
    ///
    /// # Errors
    /// The error of `compute`, never an error of the cache.
    pub fn get_or_try_compute<E>(
        &self,
        compute: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        self.get_or_try_compute_sharing(Sharing::NONE, compute)
    }

    /// [`get_or_try_compute`](Self::get_or_try_compute) for errors that can be cloned. Expansions call it.
    ///
    /// # Errors
    /// The error of `compute`, or a clone of the error of the computation that this call waited for.
    #[allow(clippy::manual_async_fn, reason = "the future of an `async fn` has room for each argument twice")]
    #[doc(hidden)]
    pub fn get_or_try_compute_sharing<E>(
        &self,
        sharing: Sharing<E>,
        compute: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        async move {
            if let Some(value) = self.kept() {
                return Ok(value);
            }
            self.begin_elsewhere().await.or_try_compute(sharing, compute).await
        }
    }

    /// Looks up and goes as far as is possible without computing. What expansions with background refresh call.
    #[doc(hidden)]
    pub async fn begin(&self) -> Begun<'_, T> {
        if let Some(value) = self.kept() {
            return Begun::new(self, Decoded::Value(value));
        }
        self.begin_elsewhere().await
    }

    /// The value that this process keeps. First of all, and on its own: what follows is many times dearer, if only to set up.
    #[inline]
    pub(crate) fn kept(&self) -> Option<T> {
        if self.hooks.local.is_none() || is_bypassed(self.call.cache.arc()) {
            return None;
        }
        self.kept_at(self.call.question())
    }

    /// The same for any key of the function.
    #[inline]
    pub(crate) fn kept_at(&self, question: Question<'_>) -> Option<T> {
        let value = self.hooks.local?.give(self.reader().local_hit(question)?)?;
        self.call.function.counters.local_hits.count();
        Some(value)
    }

    pub(crate) async fn begin_elsewhere(&self) -> Begun<'_, T> {
        let budget = TimeBudget::of(self.call.cache().deadline);
        let mut next = self.reader().begin(budget).await;
        loop {
            next = match self.after(next) {
                Ok(decoded) => return Begun::new(self, decoded),
                Err(hit) => self.reader().instead_of(&hit, budget).await,
            };
        }
    }

    /// Gives back an entry that cannot be decoded.
    fn after(&self, next: Next) -> Result<Decoded<T>, Hit> {
        let fallback = match next {
            Next::Compute(guard) => return Ok(Decoded::Compute(guard)),
            Next::Error(error) => return Ok(Decoded::Error(error)),
            Next::Got(got) => match self.decoded(self.key(), got) {
                Served::Value(value, None) => return Ok(Decoded::Value(value)),
                Served::Value(value, Some(sight)) => return Ok(Decoded::Refresh(value, sight)),
                Served::Undecodable(hit) => return Err(hit),
                Served::Useless(fallback) => fallback,
                Served::NoValue => None,
            },
        };
        Ok(Decoded::Compute(ComputeGuard::alone(&self.call, fallback)))
    }

    /// What was there at a key of the function, decoded.
    pub(crate) fn decoded(&self, key: &str, got: Got) -> Served<T> {
        match got {
            Got::Entry(hit, when) => {
                let value = self.value_at(key, &hit);
                let sight = self.call.served(when, value.is_some());
                value.map_or(Served::Undecodable(hit), |value| Served::Value(value, sight))
            }
            Got::NoValue => Served::NoValue,
            Got::Landed(bytes, fallback) => match self.read_at(key, &bytes) {
                Some(value) => Served::Value(value, None),
                None if self.reader().is_absence(key, &bytes) => Served::NoValue,
                None => Served::Useless(fallback),
            },
        }
    }

    /// What is to be served, decoded; this process keeps it if it may.
    fn value_at(&self, key: &str, hit: &Hit) -> Option<T> {
        let value = self.hooks.decoded(&header::payload(&hit.bytes)?)?;
        if let (Some(arriving), Some(keep), Some(tier)) =
            (&hit.arriving, self.hooks.local, &self.call.cache.tier)
        {
            let (guard, arrival) = **arriving;
            keep.admit(tier, guard, key, arrival, &value);
        }
        Some(value)
    }

    /// Reads an entry whatever its age and whatever became of its tags.
    pub(crate) fn read_at(&self, key: &str, bytes: &[u8]) -> Option<T> {
        self.hooks.decoded(&self.reader().payload(key, bytes)?)
    }

    /// The same operations for code that is not async. They need no runtime.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// # Cache::memory().sync_scope(|| {
    /// square_entry(12).blocking().invalidate()?;
    /// # Ok::<(), redis_cached::Error>(()) })?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[must_use]
    pub fn blocking(&self) -> BlockingEntry<T> {
        BlockingEntry::new(self.clone())
    }

    #[inline]
    pub(crate) fn reader(&self) -> Reader<'_> {
        let Hooks { codec, local, serves_absence, .. } = self.hooks;
        Reader { call: &self.call, codec, keeps: local.is_some(), serves_absence, values: &self.hooks }
    }

    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    pub(crate) fn codec(&self) -> u8 {
        self.hooks.codec
    }

    /// The function's body runs now.
    pub(crate) fn start(&self, guard: &mut ComputeGuard) {
        self.call.function.counters.computes.count();
        guard.begin();
    }

    /// What follows a computation: the value, or the error, unless an older value may be served in its place.
    pub(crate) fn finish_or_fall_back<E>(
        &self,
        mut guard: Box<ComputeGuard>,
        result: Result<T, E>,
        sharing: Sharing<E>,
    ) -> Result<(T, Departure), E> {
        match result {
            Ok(value) => {
                let departure = self.finish(guard, &value);
                Ok((value, departure))
            }
            Err(error) => {
                let counters = &self.call.function.counters;
                counters.compute_errors.count();
                if let Some((_, bytes)) = guard.fallbacks().and_then(|mut older| older.pop())
                    && let Some(value) = self.read_at(self.key(), &bytes)
                {
                    counters.stale.count();
                    // Not shared: a follower may have begun after an invalidation that this old value has not seen.
                    guard.fail_with_older(&self.call, Attempt::Call, || sharing.reason(&error));
                    return Ok((value, Departure::Nothing));
                }
                guard.fail(sharing.pack(&error).as_ref());
                Err(error)
            }
        }
    }

    /// What follows a computation in the background, whose error nobody sees.
    pub(crate) fn finish_refresh<E>(
        &self,
        guard: Box<ComputeGuard>,
        result: Result<T, E>,
        sharing: Sharing<E>,
    ) -> Departure {
        match result {
            Ok(value) => self.finish(guard, &value),
            Err(error) => {
                self.call.function.counters.compute_errors.count();
                guard.fail_with_older(&self.call, Attempt::Refresh, || sharing.reason(&error));
                Departure::Nothing
            }
        }
    }

    /// What follows a computation that gave a value.
    pub(crate) fn finish(&self, guard: Box<ComputeGuard>, value: &T) -> Departure {
        guard.finish(&self.call, |computed| self.outcome(&computed, value))
    }

    /// What is to become of a value that was computed for a key of the function.
    pub(crate) fn outcome(&self, computed: &Computed<'_>, value: &T) -> Outcome {
        let Computed { key, nonces, compute_time, has_followers, .. } = *computed;
        let question = key.question();
        let is_shared = match self.encode(process::known(), question, value, compute_time, nonces) {
            Ok(Some(encoded)) => return Outcome::Store(encoded),
            Ok(None) => {
                self.call.function.counters.not_stored.count();
                has_followers
            }
            Err(error) => {
                self.call.failed(&error);
                has_followers && error.kind() == ErrorKind::TooLarge
            }
        };
        match is_shared.then(|| self.encode_unstored(question.key, value)).flatten() {
            Some(bytes) => Outcome::Share(bytes),
            None => Outcome::Nothing,
        }
    }
}

/// What was there for a key, decoded.
pub(crate) enum Served<T> {
    /// A value; with what it is to be replaced by a refresh in the background, if it is.
    Value(T, Option<Sight>),
    /// The word that there is no value.
    NoValue,
    /// An entry that cannot be decoded.
    Undecodable(Hit),
    /// What another caller's computation has landed with cannot be decoded. With what to serve in place of an error.
    Useless(Option<Vec<u8>>),
}

impl<T> Hooks<T> {
    fn decoded(&self, payload: &Payload<'_>) -> Option<T> {
        payload.decode(self.decompressed, self.decode).ok()
    }
}

impl<T> Values for Hooks<T> {
    fn can_decode(&self, payload: &Payload<'_>) -> bool {
        self.decoded(payload).is_some()
    }

    fn tags_named(&self, payload: &Payload<'_>) -> Option<Vec<String>> {
        let value = self.decoded(payload)?;
        Some(self.tags_of.map(|names| names(&value)).unwrap_or_default())
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
        Self { call: self.call.clone(), hooks: self.hooks }
    }
}

impl<T> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.call.key)
            .field("policy", &self.call.policy)
            .finish_non_exhaustive()
    }
}
