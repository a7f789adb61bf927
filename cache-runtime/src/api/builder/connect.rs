//! From the options to a cache.

use std::sync::Arc;

#[cfg(not(feature = "sealing"))]
use super::LARGEST;
use super::{CacheBuilder, DEFAULT_MEMORY};
use crate::api::cache::Cache;
use crate::engine::bypass;
use crate::engine::core::{Core, Shaped};
use crate::engine::function::Functions;
use crate::engine::observe::Observing;
use crate::engine::tag_counters::{TagCounters, can_be_counted};
use crate::error::{Error, ErrorKind};
#[cfg(not(feature = "sealing"))]
use crate::key::SecretNames;
use crate::local::Tier;
#[cfg(feature = "testing")]
use crate::store::FaultyStore;
use crate::store::{
    AnyStore, ClusterConfig, MemoryStore, ProcessStore, RedisConfig, RedisStore, Target, sentinel_config,
};
use crate::tags::{self, Tags};
use crate::util::process::PerProcess;
use crate::util::test_clock::Clock;

const NO_CLOCK: &str =
    "`clock` is for a cache in this process, `memory://`: what a server stores expires by the server's clock";

#[cfg(feature = "testing")]
const NO_FAULTS: &str = "`faults` are for a cache in this process, `memory://`: what goes wrong with a server is the server's, \
                         or that of a proxy before it";

const NO_WAIT: &str = "`invalidations_wait` waits for one replica or more, from a millisecond to a minute; \
                       without it, nothing waits for replicas";

impl Cache {
    /// Connects to `url` with the defaults of [`CacheBuilder`], which lists the forms of a URL. Waits at most
    /// [`connect_timeout`](CacheBuilder::connect_timeout), 2 s.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// Cache::connect("memory://").await?.set_global()?; // or "redis://:PASSWORD@cache.example.com"
    /// # Ok(()) }
    /// ```
    ///
    /// Use [`CacheBuilder::connect_lazy`] for a program that must start without Redis.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] if the URL is not understood, [`ErrorKind::Connection`] or [`ErrorKind::Timeout`] if the server cannot be reached,
    /// [`ErrorKind::Tls`] if TLS fails, [`ErrorKind::Permission`] for a wrong password, [`ErrorKind::ClusterDown`] if a cluster does not serve all slots, [`ErrorKind::Server`]
    /// if the server answers but cannot be used otherwise. No message contains a password.
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder().url(url).connect().await
    }

    /// A cache with options.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// let cache = Cache::builder().url("redis://127.0.0.1:6379").prefix("shop:").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// A cache in this process, of 256 MiB at most, for tests, for development, and for a first look without a server.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| assert_eq!(square(12), 144));
    /// assert_eq!(cache.stats().functions[0].misses, 1);
    /// ```
    #[must_use]
    pub fn memory() -> Self {
        Self::builder().memory()
    }

    /// A cache that stores nothing and contacts no server: every annotated function runs its body at each call, entries are always absent, and
    /// every other operation succeeds. Use it to turn caching off by configuration, and to test the code behind the cache.
    ///
    /// ```
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// let cache = Cache::disabled();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// assert_eq!(cache.stats().functions[0].computes, 2);
    /// ```
    #[must_use]
    pub fn disabled() -> Self {
        Self::builder().disabled()
    }
}

impl CacheBuilder {
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
    /// [`local_capacity`](Self::local_capacity) or [`max_value_size`](Self::max_value_size) is not a size (the message names the option), or the [`prefix`](Self::prefix) contains the control character 0x01,
    /// or if a keyring cannot seal.
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) if the URL is not understood, [`ErrorKind::Connection`](crate::ErrorKind::Connection) or
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if the server cannot be reached, [`ErrorKind::Tls`](crate::ErrorKind::Tls) if TLS fails,
    /// [`ErrorKind::Permission`](crate::ErrorKind::Permission) for a wrong password, [`ErrorKind::ClusterDown`](crate::ErrorKind::ClusterDown) if a cluster does not serve
    /// all slots, [`ErrorKind::Server`](crate::ErrorKind::Server) if the server answers but cannot be used otherwise.
    pub async fn connect(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        let Some(store) = self.redis_store()? else { return Ok(self.memory()) };
        let (store, tier) = self.watched(store, capacity);
        store.connect_now().await?;
        Ok(self.with(AnyStore::Redis(Arc::new(store)), Some(tier)))
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
    /// names the option), or the [`prefix`](Self::prefix) contains the control character 0x01,
    /// or if a keyring cannot seal.
    pub fn connect_lazy(self) -> Result<Cache, Error> {
        let capacity = self.checked()?;
        let Some(store) = self.redis_store()? else { return Ok(self.memory()) };
        let (store, tier) = self.watched(store, capacity);
        Ok(self.with(AnyStore::Redis(Arc::new(store)), Some(tier)))
    }

    /// The local capacity, if all options are such as can be.
    fn checked(&self) -> Result<u64, Error> {
        if tags::is_reserved(&self.prefix) {
            return Err(Error::new(ErrorKind::InvalidOption, tags::RESERVED_IN_PREFIX));
        }
        can_be_counted(&self.counted_tags)?;
        match self.target {
            Ok(Target::Memory) => self.tls.unused()?,
            #[cfg(feature = "testing")]
            Ok(_) if self.faults.is_some() => return Err(Error::new(ErrorKind::InvalidOption, NO_FAULTS)),
            Ok(_) if self.clock.is_some() => return Err(Error::new(ErrorKind::InvalidOption, NO_CLOCK)),
            _ => {}
        }
        if self.replica_wait.is_some_and(|wait| !wait.is_possible()) {
            return Err(Error::new(ErrorKind::InvalidOption, NO_WAIT));
        }
        #[cfg(feature = "sealing")]
        self.seals()?;
        self.memory_capacity.clone()?;
        self.max_value_size.clone()?;
        self.local_capacity.clone()
    }

    /// A cache in this process, whatever the URL says.
    pub(crate) fn memory(self) -> Cache {
        let capacity = self.memory_capacity.clone().unwrap_or(DEFAULT_MEMORY);
        let store = self.process_store(capacity, self.clock.clone().unwrap_or_default());
        let copies =
            self.local_capacity.clone().map(|capacity| Arc::new(Tier::new(capacity, self.local_staleness)));
        Cache::new(Core { copies: copies.ok(), ..self.core(AnyStore::Memory(store), None) })
    }

    /// A cache that keeps nothing.
    pub(crate) fn disabled(self) -> Cache {
        bypass::of_a_disabled_cache();
        let store = AnyStore::Memory(self.process_store(0, Clock::default()));
        Cache::new(Core { is_disabled: true, ..self.core(store, None) })
    }

    #[cfg(not(feature = "testing"))]
    #[allow(clippy::unused_self, reason = "it has the faults, where there may be any")]
    fn process_store(&self, capacity: u64, clock: Clock) -> ProcessStore {
        MemoryStore::new(capacity, clock)
    }

    #[cfg(feature = "testing")]
    fn process_store(&self, capacity: u64, clock: Clock) -> ProcessStore {
        FaultyStore::new(MemoryStore::new(capacity, clock), self.faults.clone().unwrap_or_default())
    }

    /// A cache of which every operation fails.
    pub(crate) fn broken(self, error: Error) -> Cache {
        self.with(AnyStore::Broken(error), None)
    }

    /// The store at the URL, which connects at first use. `None` for a cache in this process.
    fn redis_store(&self) -> Result<Option<RedisStore>, Error> {
        let (tls, credentials) = (&self.tls, self.credentials.clone());
        let (deadline, connect_timeout) = (self.deadline, self.connect_timeout);
        let waiting = |config| RedisConfig { replica_wait: self.replica_wait, ..config };
        Ok(Some(match self.target.clone()? {
            Target::Memory => return Ok(None),
            Target::Server(address) => {
                let config = RedisConfig::new(address, tls, credentials, deadline, connect_timeout)?;
                RedisStore::lazy(waiting(config))
            }
            Target::Cluster(address) => {
                let config = ClusterConfig::new(&address, tls, credentials, deadline, connect_timeout)?;
                RedisStore::of_cluster(ClusterConfig { node: waiting(config.node), ..config })
            }
            Target::Sentinel(address) => {
                let config = sentinel_config(&address, tls, credentials, deadline, connect_timeout)?;
                RedisStore::lazy(waiting(config))
            }
        }))
    }

    /// The store and its local tier, which is told what becomes of its values. To be called before anything is asked.
    fn watched(&self, store: RedisStore, local_capacity: u64) -> (RedisStore, Arc<Tier>) {
        let tier = if store.is_cluster() { Tier::of_cluster } else { Tier::new };
        let tier = Arc::new(tier(local_capacity, self.local_staleness));
        (store.watched_by(Arc::clone(&tier) as _, self.local_staleness / 4), tier)
    }

    fn with(self, store: AnyStore, tier: Option<Arc<Tier>>) -> Cache {
        Cache::new(self.core(store, tier))
    }

    fn core(self, store: AnyStore, tier: Option<Arc<Tier>>) -> Core {
        #[cfg(feature = "sealing")]
        let (store, max_value_size, names) = (self.behind_keyring(store), self.largest(), self.names());
        #[cfg(not(feature = "sealing"))]
        let (max_value_size, names) =
            (self.max_value_size.unwrap_or(LARGEST), SecretNames::of_this_process());
        let clock = self.clock.unwrap_or_default();
        let tag_counters = TagCounters::new(&self.prefix, self.counted_tags);
        Core {
            shaped: Shaped::beside(&store),
            store,
            // Where every hit is verified, none is served before there is an entry.
            untagged_tier: tier.clone().filter(|_| !self.has_shared_tag && !self.verify.all),
            copies: tier.clone(),
            tier,
            shared_tags: self
                .has_shared_tag
                .then(|| Arc::new(Tags::new(vec![tags::tag_of_all(&self.prefix)], &self.prefix, false))),
            prefix: self.prefix,
            names,
            separates_versions: self.separates_versions,
            deadline: self.deadline,
            lease: self.lease,
            max_value_size,
            wait: self.wait.unwrap_or(self.lease.saturating_mul(4)),
            functions: match self.tracked_keys {
                0 => Functions::default(),
                _ => Functions::with_all_hits(),
            },
            flights: Arc::default(),
            background: PerProcess::new(),
            renewals: PerProcess::new(),
            prolongations: PerProcess::new(),
            given_up: PerProcess::new(),
            failures: PerProcess::new(),
            retry_after: self.retry_after,
            observing: Observing::new(&clock, self.tracked_keys, self.published_every, tag_counters),
            clock,
            pending: PerProcess::new(),
            following: PerProcess::new(),
            verify: self.verify,
            verifications: PerProcess::new(),
            is_disabled: false,
        }
    }
}
