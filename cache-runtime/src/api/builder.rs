//! The options of a cache.

use std::sync::Arc;
use std::time::Duration;

use super::byte_size::ByteSize;
use super::cache::Cache;
use crate::engine::bypass;
use crate::engine::core::Core;
use crate::engine::function::Functions;
use crate::error::{Error, ErrorKind};
use crate::local::Tier;
use crate::store::credentials::{Credentials, Provider};
use crate::store::{Address, AnyStore, MemoryStore, RedisConfig, RedisStore, Target, TlsOptions};
use crate::tags;
use crate::util::process::PerProcess;

/// What a new program gets without any URL.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379";

/// The largest value that a server takes, unless its `proto-max-bulk-len` says otherwise; it ends the connection on which it gets a
/// larger one.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What a cache in this process takes at most, unless it is told otherwise.
const DEFAULT_MEMORY: u64 = 256 * 1024 * 1024;

/// The options of a [`Cache`], each with a default.
///
/// ```
/// use std::time::Duration;
///
/// use redis_cached::Cache;
///
/// let cache = Cache::builder()
///     .url("redis://127.0.0.1:6379")
///     .prefix("shop:")
///     .deadline(Duration::from_millis(100))
///     .connect_lazy()?;
/// # Ok::<(), redis_cached::Error>(())
/// ```
///
/// | URL | |
/// | --- | --- |
/// | `redis://[[user]:password@]host[:port][/database]` | port 6379 and database 0 by default; also `valkey://`, and `?db=` for the database |
/// | `rediss://…` | the same over TLS, with the cargo feature `tls`; also `valkeys://` |
/// | `unix:///path/to/socket[?db=…&user=…&pass=…]` | also `redis+unix://` and `valkey+unix://` |
/// | `memory://` | in this process, see [`Cache::memory`] |
///
/// User, password, host and path are percent-encoded: a `/` in a password is `%2F`. `redis://user@host` is a user who needs no password; a
/// password without a user begins with a colon. `?protocol=resp2` turns RESP3 off; servers that do not know RESP3 get RESP2 without a second
/// attempt. A part that is not understood is an [`ErrorKind::Url`](crate::ErrorKind::Url) that names it and says what to write.
///
/// A duration that is too long for the clock, such as [`Duration::MAX`], means no limit.
#[derive(Debug, Clone)]
#[must_use]
pub struct CacheBuilder {
    target: Result<Target, Error>,
    tls: TlsOptions,
    credentials: Option<Provider>,
    prefix: String,
    deadline: Duration,
    connect_timeout: Duration,
    memory_capacity: Result<u64, Error>,
    local_capacity: Result<u64, Error>,
    local_staleness: Duration,
    max_value_size: Result<u64, Error>,
    lease: Duration,
    wait: Option<Duration>,
    retry_after: Duration,
}

impl Default for CacheBuilder {
    fn default() -> Self {
        Self {
            target: Target::parse(DEFAULT_URL),
            tls: TlsOptions::default(),
            credentials: None,
            prefix: String::new(),
            deadline: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(2),
            memory_capacity: Ok(DEFAULT_MEMORY),
            local_capacity: Ok(64 * 1024 * 1024),
            local_staleness: Duration::from_secs(2),
            max_value_size: Ok(64 * 1024 * 1024),
            lease: Duration::from_secs(3),
            wait: None,
            retry_after: Duration::from_secs(1),
        }
    }
}

impl CacheBuilder {
    /// The server's URL, in one of the [forms above](CacheBuilder). Default: `redis://127.0.0.1:6379`. A URL that cannot be used is an error of
    /// [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy).
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().url("redis://app:PASSWORD@cache.example.com:6380/4").connect_lazy()?;
    /// let error = Cache::builder().url("redis://cache.example.com?timeout=3").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Url);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn url(mut self, url: impl Into<String>) -> Self {
        // Only what was understood is kept, and no text with a password in it.
        self.target = Target::parse(&url.into());
        self
    }

    /// The CA that must have issued the certificate of a `rediss://` server, as the text of a PEM file; it replaces the system's root
    /// certificates. Several CAs, in one text or by several calls, are trusted together, as is needed while a CA is replaced. Default: the system's root certificates.
    ///
    /// ```no_run
    /// # use redis_cached::Cache;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// Cache::builder().url("rediss://10.0.0.7").tls_ca(std::fs::read("/etc/cache/ca.pem")?).connect_lazy()?;
    /// # Ok(()) }
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls.ca.extend_from_slice(pem.as_ref());
        self.tls.ca.push(b'\n');
        self
    }

    /// This program's certificate, followed by its intermediates, and its private key, for a `rediss://` server that requires a client
    /// certificate: the texts of two PEM files. The key must not be encrypted. Default: none.
    ///
    /// ```no_run
    /// # use redis_cached::Cache;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (certificate, key) = (std::fs::read("/etc/cache/client.pem")?, std::fs::read("/etc/cache/client.key")?);
    /// Cache::builder().url("rediss://cache.example.com").tls_client(certificate, key).connect_lazy()?;
    /// # Ok(()) }
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_client(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls.client = Some((certificate.as_ref().to_vec(), key.as_ref().to_vec()));
        self
    }

    /// The name, or address, in the certificate of a `rediss://` server, if it is not the URL's host: for a server that is reached by
    /// its address or through a tunnel. The name is sent to the server (SNI). Default: the URL's host.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().url("rediss://10.0.0.7").tls_server_name("cache.example.com").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.server_name = Some(name.into());
        self
    }

    /// Accepts any certificate of a `rediss://` server: expired, issued for another host, or forged by somebody between this program and
    /// the server. **They can then read the password, and read and write every entry.** Meant for tests; for a server with its own CA, use
    /// [`tls_ca`](Self::tls_ca). Default: off.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().url("rediss://localhost:6380").tls_insecure_accept_any_certificate().connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_insecure_accept_any_certificate(mut self) -> Self {
        self.tls.accepts_any_certificate = true;
        self
    }

    /// Supplies user and password at each attempt to connect, in place of those in the URL: for passwords that change while the program runs,
    /// such as the tokens of cloud services. If [`valid_for`](Credentials::valid_for) says how long they are valid, connections log in
    /// again before they expire. Default: the user and password of the URL.
    ///
    /// The closure runs on a thread of the library, one call at a time. No cached call waits for it beyond its deadline; an attempt to connect waits for
    /// [`connect_timeout`](Self::connect_timeout). An error, or a panic, is a failed attempt: it is logged as the beginning of an
    /// outage, with the error's text, so the text should contain no secret. With `memory://` the closure is never called.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// use redis_cached::{Cache, Credentials};
    /// # async fn token() -> Result<String, std::io::Error> { Ok(String::new()) }
    ///
    /// # fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::builder()
    ///     .url("redis://cache.example")
    ///     .credentials(|| async {
    ///         let token = token().await?;
    ///         Ok::<_, std::io::Error>(Credentials::new(token).user("app").valid_for(Duration::from_secs(900)))
    ///     })
    ///     .connect_lazy()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials<F, Fut, E>(mut self, provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.credentials = Some(Provider::new(provide));
        self
    }

    /// The beginning of every key and every tag, literally. Default: empty. Give each program, or each deployment, that shares a
    /// server its own prefix. A prefix with the control character 0x01 is an error of [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::builder().url("memory://").prefix("shop:").connect_lazy()?;
    /// cache.sync_scope(|| assert_eq!(square_entry(12).key(), "shop:square:12"));
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The longest that one call waits for Redis, all its waits together. Default: 250 ms, which is a hundred times
    /// the round trip to a server nearby, and about what a person begins to notice.
    ///
    /// After that the call computes, or returns its value without storing it. The time of the function itself does not count.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().deadline(Duration::from_millis(100)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The longest that [`connect`](Self::connect) may take. Default: 2 s; attempts in the background take at most one second
    /// each. No cached call waits for this long: see [`deadline`](Self::deadline).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().connect_timeout(Duration::from_secs(5)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// The capacity of `memory://`, keys and bookkeeping included: a number of bytes, or text such as `"64MiB"`. Beyond it, entries that are used least are
    /// dropped. Default: 256 MiB. No effect with Redis, which has `maxmemory`. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy), whatever the URL; its message names this option.
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().url("memory://").memory_capacity("16MiB").connect_lazy()?;
    /// let error = Cache::builder().memory_capacity("much").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidOption);
    /// assert!(error.to_string().starts_with("memory_capacity: `much` is not a size"));
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a number or a literal, which nobody writes with an `&`"
    )]
    pub fn memory_capacity(mut self, bytes: impl ByteSize) -> Self {
        self.memory_capacity = bytes.bytes("memory_capacity");
        self
    }

    /// The capacity of the local tier, which caches the values of functions with the option `local` in this process: a number of bytes, or text such
    /// as `"64MiB"` or `"1GB"`. Default: 64 MiB for the whole cache. A value counts with the length of its encoding, its key and
    /// about two hundred bytes; entries that are used least are dropped first. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy); its message names this option.
    ///
    /// With a capacity of at least 16 MiB, every value of up to 15 MiB can be cached locally. A larger one may not be: the capacity is divided into parts of
    /// equal size, a power of two of them, at most four for each core, and none under 16 MiB; one value takes at most 97 % of a part. A larger value is
    /// read from Redis at each hit, and counted in [`LocalStats::too_large`](crate::LocalStats); the first is logged.
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().local_capacity("256MiB").connect_lazy()?;
    /// let error = Cache::builder().local_capacity("much").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidOption);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a number or a literal, which nobody writes with an `&`"
    )]
    pub fn local_capacity(mut self, bytes: impl ByteSize) -> Self {
        self.local_capacity = bytes.bytes("local_capacity");
        self
    }

    /// The longest for which the local tier serves a value that has changed, if Redis or the network falls silent.
    /// Default: 2 s; at least 100 ms. While Redis answers, a change takes effect in this process after one network delay.
    ///
    /// Costs four `PING`s to Redis in this time, on one connection a process.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().local_staleness(Duration::from_millis(500)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn local_staleness(mut self, staleness: Duration) -> Self {
        self.local_staleness = staleness.max(Duration::from_millis(100));
        self
    }

    /// The most bytes that a value may take in the store, header included, after compression: a number, or text such as
    /// `"64MiB"`. Default: 64 MiB; at most 512 MiB, which is Redis's own limit. Text that is not a size is an error of [`connect`](Self::connect) and
    /// [`connect_lazy`](Self::connect_lazy); its message names this option.
    ///
    /// A call returns a larger value and does not store it; [`Stats`](crate::Stats) counts it as `too_large`.
    /// [`Entry::put`](crate::Entry::put) returns [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). All values of a process share a
    /// connection, and a transfer that takes longer than the [deadline](Self::deadline) times out: 64 MiB in
    /// 250 ms are 2 Gbit/s.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().max_value_size("1MiB").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a number or a literal, which nobody writes with an `&`"
    )]
    pub fn max_value_size(mut self, bytes: impl ByteSize) -> Self {
        self.max_value_size = bytes.bytes("max_value_size").map(|bytes| bytes.min(LARGEST));
        self
    }

    /// How long the right to compute a key is held before it is renewed, and so how long a process that dies while it
    /// computes keeps the others waiting. Default: 3 s; at least 10 ms. It is renewed at each third of it, however long the function takes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().lease_ttl(Duration::from_secs(1)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn lease_ttl(mut self, lease_ttl: Duration) -> Self {
        self.lease = lease_ttl.max(Duration::from_millis(10));
        self
    }

    /// The longest that a call waits for other callers' computations of its key, in this process or in another, all such waits together and
    /// those of nested calls included; after that it computes and does not store. Default: four times the
    /// [lease](Self::lease_ttl), so 12 s. The option `max_wait` sets it for one function.
    ///
    /// While a computation runs its lease is renewed, and a value that arrives within this time is used. A process that dies is
    /// waited for no longer than one lease. A lease for which a call has waited in vain for all of this time is not waited for
    /// again by this process.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().max_wait(Duration::from_secs(30)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.wait = Some(max_wait);
        self
    }

    /// How long a key is left alone after its function failed while an older value is served (`stale_while_revalidate`, `stale_if_error`,
    /// `early_refresh`). Default: 1 s. A failed refresh is not tried again before that, by any process. A call that
    /// computed and failed may be followed by one more try at once, and no more.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// Cache::builder().retry_after(Duration::from_secs(10)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn retry_after(mut self, rest: Duration) -> Self {
        self.retry_after = rest;
        self
    }

    /// Connects now, and fails if the server cannot be used. Waits at most [`connect_timeout`](Self::connect_timeout).
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// Cache::builder().url("memory://").prefix("shop:").connect().await?.set_global()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if the text of [`memory_capacity`](Self::memory_capacity),
    /// [`local_capacity`](Self::local_capacity) or [`max_value_size`](Self::max_value_size) is not a size (the message names the option), or the [`prefix`](Self::prefix) contains the control character 0x01.
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) if the URL is not understood, [`ErrorKind::Connection`](crate::ErrorKind::Connection) or
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if the server cannot be reached, [`ErrorKind::Tls`](crate::ErrorKind::Tls) if TLS fails,
    /// [`ErrorKind::Permission`](crate::ErrorKind::Permission) for a wrong password, [`ErrorKind::Server`](crate::ErrorKind::Server) if the server answers but cannot
    /// be used.
    pub async fn connect(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        match self.target.clone()? {
            Target::Memory => Ok(self.memory()),
            Target::Server(address) => {
                let store = RedisStore::connected(self.redis(address)?).await?;
                Ok(self.with_redis(store, capacity))
            }
            Target::Cluster(address) => Err(address.unsupported()),
        }
    }

    /// Connects at first use, and from then on in the background whenever there is no connection: the program starts, and
    /// works, without the server. Sends nothing yet.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().url("redis://127.0.0.1:6379").connect_lazy()?.set_global()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) if the URL is not understood; [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if the text of
    /// [`memory_capacity`](Self::memory_capacity), [`local_capacity`](Self::local_capacity) or [`max_value_size`](Self::max_value_size) is not a size (the message
    /// names the option), or the [`prefix`](Self::prefix) contains the control character 0x01.
    pub fn connect_lazy(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        match self.target.clone()? {
            Target::Memory => Ok(self.memory()),
            Target::Server(address) => {
                let store = RedisStore::lazy(self.redis(address)?);
                Ok(self.with_redis(store, capacity))
            }
            Target::Cluster(address) => Err(address.unsupported()),
        }
    }

    /// The local capacity, if all options are such as can be.
    fn checked(&self) -> Result<u64, Error> {
        if tags::is_reserved(&self.prefix) {
            return Err(Error::new(ErrorKind::InvalidOption, tags::RESERVED_IN_PREFIX));
        }
        if let Ok(Target::Memory) = self.target {
            self.tls.unused()?;
        }
        self.memory_capacity.clone()?;
        self.max_value_size.clone()?;
        self.local_capacity.clone()
    }

    /// A cache in this process, whatever the URL says.
    pub(crate) fn memory(self) -> Cache {
        let store = MemoryStore::new(self.memory_capacity.clone().unwrap_or(DEFAULT_MEMORY));
        self.with(AnyStore::Memory(store), None)
    }

    /// A cache that keeps nothing.
    pub(crate) fn disabled(self) -> Cache {
        bypass::of_a_disabled_cache();
        let store = AnyStore::Memory(MemoryStore::new(0));
        Cache::new(Core { is_disabled: true, ..self.core(store, None) })
    }

    /// A cache of which every operation fails.
    pub(crate) fn broken(self, error: Error) -> Cache {
        self.with(AnyStore::Broken(error), None)
    }

    fn redis(&self, address: Address) -> Result<RedisConfig, Error> {
        RedisConfig::new(address, &self.tls, self.credentials.clone(), self.deadline, self.connect_timeout)
    }

    fn with_redis(self, store: RedisStore, local_capacity: u64) -> Cache {
        let tier = Arc::new(Tier::new(local_capacity, self.local_staleness));
        let store = store.watched_by(Arc::clone(&tier) as _, self.local_staleness / 4);
        self.with(AnyStore::Redis(store), Some(tier))
    }

    fn with(self, store: AnyStore, tier: Option<Arc<Tier>>) -> Cache {
        Cache::new(self.core(store, tier))
    }

    fn core(self, store: AnyStore, tier: Option<Arc<Tier>>) -> Core {
        Core {
            store,
            tier,
            prefix: self.prefix,
            deadline: self.deadline,
            lease: self.lease,
            max_value_size: self.max_value_size.unwrap_or(LARGEST),
            wait: self.wait.unwrap_or(self.lease.saturating_mul(4)),
            functions: Functions::default(),
            flights: Arc::default(),
            background: PerProcess::new(),
            renewals: PerProcess::new(),
            given_up: PerProcess::new(),
            failures: PerProcess::new(),
            retry_after: self.retry_after,
            pending: PerProcess::new(),
            is_disabled: false,
        }
    }
}
