//! Operations of an entry that compute: a look-up, and what follows it.

use super::after_lookup::{AfterLookup, Decoded};
use super::entry::{Entry, Served};
use super::shared_error::Sharing;
use crate::engine::{ComputeGuard, Hit, LookupResult, TimeBudget};

impl<T> Entry<T> {
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
            if let Some(value) = self.hit_at_once() {
                return value;
            }
            self.begin_remote().await.or_compute(compute).await
        }
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
            if let Some(value) = self.hit_at_once() {
                return Ok(value);
            }
            self.begin_remote().await.or_try_compute(sharing, compute).await
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
        self.begin_forced().await.or_compute(compute).await
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
        self.begin_forced().await.or_try_compute(Sharing::NONE, compute).await
    }

    /// Looks up and goes as far as is possible without computing. What expansions with background refresh call.
    #[doc(hidden)]
    pub async fn begin(&self) -> AfterLookup<'_, T> {
        if let Some(value) = self.hit_at_once() {
            return AfterLookup::new(self, Decoded::Value(value));
        }
        self.begin_remote().await
    }

    /// [`begin`](Self::begin) for a caller that knows of no local hit.
    pub(crate) async fn begin_remote(&self) -> AfterLookup<'_, T> {
        #[cfg(feature = "testing")]
        if self.call().cache().verify.all
            && let Some(value) = self.local_hit()
        {
            return AfterLookup::new(self, Decoded::Value(value));
        }
        let budget = TimeBudget::of(self.call().cache().deadline);
        let mut next = self.reader().begin(budget).await;
        loop {
            next = match self.after(next) {
                Ok(decoded) => return AfterLookup::new(self, decoded),
                Err(hit) => self.reader().instead_of(&hit, budget).await,
            };
        }
    }

    /// Begins a forced refresh.
    pub(crate) async fn begin_forced(&self) -> AfterLookup<'_, T> {
        let key = [self.call().call_key()];
        AfterLookup::new(self, Decoded::Compute(Box::pin(self.reader().begin_forced(&key)).await))
    }

    /// Gives back an entry that cannot be decoded.
    fn after(&self, next: LookupResult) -> Result<Decoded<T>, Hit> {
        let fallback = match next {
            LookupResult::Compute(guard) => return Ok(Decoded::Compute(guard)),
            LookupResult::Error(error) => return Ok(Decoded::Error(error)),
            LookupResult::Got(got) => match self.decoded(self.key(), got) {
                Served::Value(value, None) => return Ok(Decoded::Value(value)),
                Served::Value(value, Some(sight)) => return Ok(Decoded::Refresh(value, sight)),
                Served::Undecodable(hit) => return Err(hit),
                Served::Useless(fallback) => fallback,
                Served::NoValue => None,
            },
        };
        Ok(Decoded::Compute(ComputeGuard::alone(self.call(), fallback)))
    }
}
