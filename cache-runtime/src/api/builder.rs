//! The options of a cache.

#[cfg(feature = "sealing")]
mod sealing;
mod server;
mod sizes;
mod times;
mod verification;

mod connect;

#[cfg(feature = "sealing")]
use std::sync::Arc;
use std::time::Duration;

use crate::engine::verification::VerifyOptions;
use crate::error::Error;
#[cfg(feature = "sealing")]
use crate::seal::Seals;
use crate::store::credentials::Provider;
#[cfg(feature = "testing")]
use crate::store::faults::Faults;
use crate::store::{ReplicaWait, Target, TlsOptions};
use crate::util::test_clock::Clock;

/// What a new program gets without any URL.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379";

/// The largest value that a server takes, unless its `proto-max-bulk-len` says otherwise; it ends the connection on which it gets a
/// larger one.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What a cache in this process takes at most, unless it is told otherwise.
const DEFAULT_MEMORY: u64 = 256 * 1024 * 1024;

/// The options of a [`Cache`](crate::Cache), each with a default.
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
/// | `redis+cluster://[[user]:password@]host[:port],host[:port]…` | Redis Cluster: some of its nodes, which name the others; also `rediss+cluster://`, `valkey+cluster://` and `valkeys+cluster://`, and `?cluster=true` behind a `redis://` or `rediss://` URL |
/// | `redis+sentinel://[[user]:password@]host[:port],…/service[/database]` | the primary of a service that sentinels watch over, followed through failovers; port 26379 by default; `?sentinel_user=…&sentinel_password=…` for the sentinels; also `rediss+`, `valkey+` and `valkeys+sentinel://` |
/// | `unix:///path/to/socket[?db=…&user=…&pass=…]` | also `redis+unix://` and `valkey+unix://` |
/// | `memory://` | in this process, see [`Cache::memory`](crate::Cache::memory) |
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
    clock: Option<Clock>,
    #[cfg(feature = "testing")]
    faults: Option<Faults>,
    has_shared_tag: bool,
    separates_versions: bool,
    tracked_keys: usize,
    counted_tags: Vec<String>,
    published_every: Option<Duration>,
    replica_wait: Option<ReplicaWait>,
    verify: VerifyOptions,
    #[cfg(feature = "sealing")]
    seals: Option<Result<Arc<Seals>, Error>>,
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
            clock: None,
            #[cfg(feature = "testing")]
            faults: None,
            has_shared_tag: false,
            separates_versions: false,
            tracked_keys: 0,
            counted_tags: Vec::new(),
            published_every: None,
            replica_wait: None,
            verify: VerifyOptions::default(),
            #[cfg(feature = "sealing")]
            seals: None,
        }
    }
}

impl CacheBuilder {
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

    /// Gives every entry of the cache one tag that all share, so that [`Cache::invalidate_all`](crate::Cache::invalidate_all) works, by one command however many entries there are. Default: off.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::builder().url("memory://").prefix("shop:").support_invalidate_all().connect_lazy()?;
    /// cache.sync_scope(|| square(12));
    /// cache.blocking().invalidate_all()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// Every function then costs what a function with a tag does: a hit stays one round trip, and reads one key more; `Entry::put` takes two round trips.
    /// Entries with the tag and entries without it are misses to each other, so set it in all programs that share the prefix.
    pub fn support_invalidate_all(mut self) -> Self {
        self.has_shared_tag = true;
        self
    }

    /// Keeps the entries of versions of a program apart whose types differ: while a new version is rolled out, each finds what it has stored itself, and none
    /// replaces what another has stored. Default: off, and two versions replace each other's entries at each call. The page on deployments says when it pays.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// mod old {
    ///     # use redis_cached::redis_cached;
    ///     #[redis_cached(ttl = 60, key = "user:<id>")]
    ///     pub fn user(id: u64) -> String {
    ///         format!("user {id}")
    ///     }
    /// }
    ///
    /// #[redis_cached(ttl = 60, key = "user:<id>")]
    /// fn user(id: u64) -> (String, bool) {
    ///     (format!("user {id}"), true)
    /// }
    ///
    /// let cache = Cache::builder().url("memory://").separate_versions().connect_lazy()?;
    /// cache.sync_scope(|| {
    ///     (old::user(7), user(7), old::user(7), user(7));
    ///     assert_eq!(cache.stats().functions.iter().map(|function| function.computes).sum::<u64>(), 2);
    ///     old::user_entry(7).blocking().invalidate()?; // both
    ///     assert_eq!(user_entry(7).blocking().get()?, None);
    ///     Ok::<(), redis_cached::Error>(())
    /// })?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// A key ends in one of sixteen buckets, chosen by what tells the versions apart: the function's type, codec, template and `version`. Whatever removes or writes an entry
    /// ([`Entry::invalidate`](crate::Entry::invalidate), [`put`](crate::Entry::put), the attributes) removes what is in the other buckets by the same request: 17 keys in place of one, in a cluster at
    /// up to as many nodes. Tags, groups and prefixes reach all versions anyway. A hit and a miss cost what they cost without it. Two versions meet in one bucket with a
    /// probability of one in sixteen for each function that has changed; they then replace each other's entries as without this option.
    ///
    /// Set it in all programs that share the prefix: one without it removes and reads other keys. [`Entry::key`](crate::Entry::key) is the key with its bucket; a
    /// [report](crate::Cache::report) names the key without.
    pub fn separate_versions(mut self) -> Self {
        self.separates_versions = true;
        self
    }

    /// Has [`Cache::report`](crate::Cache::report) name, for each function, the `most` keys that are read most in Redis, at most 100, and those of the five largest
    /// values; and count which values are replaced unread. Default: 0, which is off: keys may contain what is nobody's business.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = Cache::builder().url("memory://").track_keys(10).connect_lazy()?;
    /// cache.sync_scope(|| (square(1), square(12), square(12), square(12)));
    /// let report = cache.report();
    /// let hottest = &report.functions[0].hottest[0];
    /// assert_eq!((hottest.key.as_str(), hottest.hits), ("square:12", 2));
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// Counted by Space-Saving: exact up to four times as many keys as are asked for, and otherwise too high by at most
    /// [`HotKey::error`](crate::HotKey::error). A hit in Redis takes a lock of its function for a moment, and a tenth more instructions. Hits in this process cost
    /// nothing, and do not count.
    pub fn track_keys(mut self, most: usize) -> Self {
        self.tracked_keys = most;
        self
    }

    /// Counts hits, misses and invalidations for the tags that begin with each of these texts, at most 64, for [`Stats::tags`](crate::Stats::tags), the
    /// [report](crate::Cache::report) and Prometheus. Default: none. A tag counts for the longest text with which it begins. An empty text, or one too many, is an error of
    /// [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// # #[redis_cached(ttl = 60, key = "weather:<city>", tags = ["city:<city>"])]
    /// # fn weather(city: &str) -> String { city.to_owned() }
    /// let cache = Cache::builder().url("memory://").count_tags(["city:", "menus"]).connect_lazy()?;
    /// cache.sync_scope(|| (weather("rome"), weather("rome"), weather("oslo")));
    /// cache.blocking().invalidate_tag("city:rome")?;
    /// let cities = &cache.stats().tags[0];
    /// assert_eq!((cities.hits, cities.misses, cities.invalidations), (1, 2, 1));
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// The name of a counter is the text that is given here, so it never holds what a user has entered; give what stands before the first argument of a tag's template.
    /// A look-up in Redis of an entry with tags compares each of them with all texts, some 20 ns for a tag and a text. Without this option, and for entries without tags, nothing is done.
    pub fn count_tags<T: Into<String>>(mut self, beginnings: impl IntoIterator<Item = T>) -> Self {
        self.counted_tags = beginnings.into_iter().map(Into::into).collect();
        self
    }

    /// Puts what this process has counted into Redis every `interval`, at least a second, so that [`Cache::fleet`](crate::Cache::fleet) can add up all processes with the
    /// same prefix. Default: off.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::Cache;
    /// let cache = Cache::builder().prefix("shop:").publish_stats(Duration::from_secs(30)).connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// Two round trips for each `interval`, in the background, under a key of the library's own. It stays for twice the `interval`, and for a minute at least. Some
    /// 200 bytes for each function; with [`track_keys`](Self::track_keys) keys are among them. At most 256 processes can publish under one prefix; of more, some are
    /// left out. A forked child does not publish.
    pub fn publish_stats(mut self, interval: Duration) -> Self {
        self.published_every = Some(interval);
        self
    }
}
