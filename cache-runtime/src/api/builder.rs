//! The options of a cache.

use std::sync::Arc;
use std::time::Duration;

use super::byte_size::ByteSize;
use super::cache::Cache;
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

/// The options of a [`Cache`], each with a default.
///
/// | URL | |
/// | --- | --- |
/// | `redis://[[user]:password@]host[:port][/database]` | port 6379 and database 0 unless given; also `valkey://`, and `?db=` for the database |
/// | `rediss://…` | the same by TLS, with the cargo feature `tls`; also `valkeys://` |
/// | `unix:///path/to/socket[?db=…&user=…&pass=…]` | also `redis+unix://` and `valkey+unix://` |
/// | `memory://` | in this process, see [`Cache::memory`] |
///
/// User, password, host and path are percent-encoded: a `/` in a password is `%2F`. `redis://user@host` is a user who needs no password; a
/// password without a user has a colon before it. `?protocol=resp2` turns RESP3 off; servers that do not know it get RESP2 without being
/// asked twice. A part that is not understood is an [`ErrorKind::Url`](crate::ErrorKind::Url) that names it and says what to write.
#[derive(Debug, Clone)]
#[must_use]
pub struct CacheBuilder {
    target: Result<Target, Error>,
    tls: TlsOptions,
    credentials: Option<Provider>,
    prefix: String,
    deadline: Duration,
    connect_timeout: Duration,
    memory_capacity: u64,
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
            memory_capacity: 256 * 1024 * 1024,
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
    /// Where the entries are. Default: `redis://127.0.0.1:6379`. A URL that cannot be used is an error where the cache is made.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        // Only what was understood is kept, and no text with a password in it.
        self.target = Target::parse(&url.into());
        self
    }

    /// The CA that must have issued the certificate of a `rediss://` server, as the text of a PEM file; it replaces the system's root
    /// certificates. Several are trusted together, in one text or by several calls, as is needed while a CA is replaced.
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls.ca.extend_from_slice(pem.as_ref());
        self.tls.ca.push(b'\n');
        self
    }

    /// This program's certificate, followed by its intermediates, and its private key, for a `rediss://` server that asks for a client
    /// certificate: the texts of two PEM files. The key must not be encrypted.
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_client(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls.client = Some((certificate.as_ref().to_vec(), key.as_ref().to_vec()));
        self
    }

    /// The name, or address, in the certificate of a `rediss://` server, where it is not the URL's host: for a server that is reached by
    /// its address or through a tunnel. The server is told the name (SNI).
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.server_name = Some(name.into());
        self
    }

    /// Accepts any certificate of a `rediss://` server: expired, issued for another host, or made up by whoever sits between here and
    /// the server. **They can then read the password, and read and write every entry.** Meant for tests; where the CA is one's own, use
    /// [`tls_ca`](Self::tls_ca).
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_insecure_accept_any_certificate(mut self) -> Self {
        self.tls.accepts_any_certificate = true;
        self
    }

    /// Asks for user and password at each attempt to connect, in place of those in the URL: for passwords that change while the program runs,
    /// such as the tokens of cloud services. Where [`valid_for`](Credentials::valid_for) says how long they are good, connections log in
    /// again before that is over.
    ///
    /// The closure runs on a thread of the library's own, one at a time. No call waits for it beyond its deadline; an attempt waits for
    /// [`connect_timeout`](Self::connect_timeout). An error, or a panic, is an attempt that failed: it is logged as the beginning of an
    /// outage, with the error's text, so that text should have no secret in it. On `memory://` nobody asks.
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

    /// What every key begins with, literally. Default: nothing. Give each program, or each deployment, that shares a
    /// server its own, such as `shop:`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The longest that one call waits for the cache, all its waits together. Default: 250 ms, which is a hundred times
    /// what a server nearby takes, and what a person just begins to notice.
    ///
    /// Past it the function's own value is computed, or returned without being stored.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The longest that [`connect`](Self::connect) may take. Default: 2 s; attempts in the background take one second at
    /// most. No call waits that long: see [`deadline`](Self::deadline).
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// The room of `memory://` in bytes, keys and bookkeeping included; past it the entry used least is dropped.
    /// Default: 256 MiB. Without meaning for Redis, which has `maxmemory`.
    pub fn memory_capacity(mut self, bytes: u64) -> Self {
        self.memory_capacity = bytes;
        self
    }

    /// The room of the local tier, which keeps the values of functions with the option `local`: a number of bytes, or text such
    /// as `"64MiB"` or `"1GB"`. Default: 64 MiB for the whole cache. A value counts with the length of its encoding, its key and
    /// about two hundred bytes; what was used least is dropped first. Text that is no number of bytes is an error where the cache is made.
    ///
    /// A value of up to 15 MiB is kept in any case, where the capacity is 16 MiB or more. A larger one may not be: the room is divided into parts of
    /// equal size, a power of two of them, four for each core at most, and none under 16 MiB; one value takes 97 % of a part at most. One that takes more is
    /// read from Redis at each hit, and counted in [`LocalStats::too_large`](crate::LocalStats); the first is logged.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a number or a literal, which nobody writes with an `&`"
    )]
    pub fn local_capacity(mut self, bytes: impl ByteSize) -> Self {
        self.local_capacity = bytes.bytes();
        self
    }

    /// The longest for which the local tier serves a value that has changed, should Redis, or the network, fall silent.
    /// Default: 2 s. While Redis answers, a change reaches this process as fast as a message does.
    ///
    /// Asks Redis four times in it, over one connection a process, whether it is still there.
    pub fn local_staleness(mut self, staleness: Duration) -> Self {
        self.local_staleness = staleness.max(Duration::from_millis(100));
        self
    }

    /// The most bytes that a value may take in the store, compressed if it is, with its header: a number, or text such as
    /// `"64MiB"`. Default: 64 MiB; at most 512 MiB, which is what Redis takes. Text that is no number of bytes is an error where
    /// the cache is made.
    ///
    /// A call returns a value that takes more, and does not store it; [`Stats`](crate::Stats) count it as `too_large`.
    /// [`Entry::put`](crate::Entry::put) gives [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). All values of a process share a
    /// connection, and one that takes longer than the [deadline](Self::deadline) on its way is waited for in vain: 64 MiB in
    /// 250 ms are 2 Gbit/s.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a number or a literal, which nobody writes with an `&`"
    )]
    pub fn max_value_size(mut self, bytes: impl ByteSize) -> Self {
        self.max_value_size = bytes.bytes().map(|bytes| bytes.min(LARGEST));
        self
    }

    /// How long the right to compute a key is held before it is renewed, and so how long a process that dies while it
    /// computes keeps the others waiting. Default: 3 s; renewed at each third of it, however long the function takes.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(10));
        self
    }

    /// The longest that a call waits for others' computations of its key, in this process or in another, all such waits
    /// together and those of the calls within it included; then it computes for itself and does not store. Default: four times the
    /// [lease](Self::lease), so 12 s. The option `max_wait` sets it for one function.
    ///
    /// While a computation runs its lease is renewed, and a value that comes within this time is taken. A process that dies is
    /// waited for no longer than one lease. A lease for which a call has waited in vain for all of this time is not waited for
    /// again by this process.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// How long a source rests that fails while an older value is served in its place (`stale_while_revalidate`, `stale_if_error`,
    /// `early_refresh`). Default: 1 s for each key. A refresh that failed is not tried again before that, by any process. A call that
    /// has computed itself, and failed, may be followed by another one at once, and no more than that.
    pub fn retry_after(mut self, rest: Duration) -> Self {
        self.retry_after = rest;
        self
    }

    /// Connects now.
    ///
    /// # Errors
    /// As [`Cache::connect`], and [`ErrorKind::Option`](crate::ErrorKind::Option) if the text of
    /// [`local_capacity`](Self::local_capacity) or [`max_value_size`](Self::max_value_size) is no number of bytes, or the [`prefix`](Self::prefix) contains the control character 0x01.
    pub async fn connect(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        match self.target.clone()? {
            Target::Memory => Ok(self.memory()),
            Target::Server(address) => {
                let store = RedisStore::connected(self.redis(address)?).await?;
                Ok(self.with_redis(store, capacity))
            }
        }
    }

    /// Connects at first use, and from then on in the background whenever there is no connection: the program starts, and
    /// works, without the server.
    ///
    /// # Errors
    /// [`ErrorKind::Url`](crate::ErrorKind::Url), and [`ErrorKind::Option`](crate::ErrorKind::Option) if the text of
    /// [`local_capacity`](Self::local_capacity) or [`max_value_size`](Self::max_value_size) is no number of bytes, or the [`prefix`](Self::prefix) contains the control character 0x01; nothing is sent yet.
    pub fn connect_lazy(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        match self.target.clone()? {
            Target::Memory => Ok(self.memory()),
            Target::Server(address) => {
                let store = RedisStore::lazy(self.redis(address)?);
                Ok(self.with_redis(store, capacity))
            }
        }
    }

    /// The local capacity, if all options are such as can be.
    fn checked(&self) -> Result<u64, Error> {
        if tags::is_reserved(&self.prefix) {
            return Err(Error::new(ErrorKind::Option, tags::RESERVED_IN_PREFIX));
        }
        if let Ok(Target::Memory) = self.target {
            self.tls.unused()?;
        }
        self.max_value_size.clone()?;
        self.local_capacity.clone()
    }

    /// A cache in this process, whatever the URL says.
    pub(crate) fn memory(self) -> Cache {
        let store = MemoryStore::new(self.memory_capacity);
        self.with(AnyStore::Memory(store), None)
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
        Cache::new(Core {
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
        })
    }
}
