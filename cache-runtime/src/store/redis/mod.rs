//! Entries in Redis, over the `redis` crate. No other folder names that crate.

mod alarm;
mod batch;
mod breaker;
#[cfg(test)]
mod breaker_races;
mod commands;
mod connect;
mod error;
mod exchange;
mod gather;
mod lane;
mod leases;
mod many;
mod reads;
mod script;
mod url;
mod watch;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Handle;

use self::commands::Abilities;
use self::lane::Lane;
use self::url::Endpoint;
use self::watch::Watch;
use crate::blocking::library_runtime;
use crate::error::{Error, ErrorKind};
use crate::home::{self, home};
use crate::store::Observer;

/// Where the server is, and how long to wait for it.
pub(crate) struct Config {
    endpoint: Endpoint,
    /// The longest that a caller waits for a connection that is being made.
    deadline: Duration,
    /// The longest that an attempt to connect may take, in the background.
    connect_timeout: Duration,
}

impl Config {
    pub(crate) fn new(url: &str, deadline: Duration, connect_timeout: Duration) -> Result<Self, Error> {
        Ok(Self { endpoint: Endpoint::parse(url)?, deadline, connect_timeout })
    }
}

/// A single server.
pub(crate) struct RedisStore {
    config: Arc<Config>,
    /// One for each runtime that asked. Few: those of runtimes that ended are dropped when another comes.
    lanes: RwLock<Vec<Arc<Lane>>>,
    abilities: Abilities,
    watching: Option<Watching>,
}

/// Who wants to know of changes, and the connection on which Redis tells of them, made when something is read on it first.
struct Watching {
    observer: Arc<dyn Observer>,
    heartbeat: Duration,
    lane: OnceLock<Lane>,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            lanes: RwLock::default(),
            abilities: Abilities::default(),
            watching: None,
        }
    }

    /// Tells `observer` what becomes of keys that are read by `get_watched`, and asks that often whether the server is there.
    pub(crate) fn watched_by(mut self, observer: Arc<dyn Observer>, heartbeat: Duration) -> Self {
        self.watching = Some(Watching { observer, heartbeat, lane: OnceLock::new() });
        self
    }

    /// The watched lane.
    fn watched_lane(&self) -> Result<&Lane, Error> {
        let Some(watching) = &self.watching else {
            return Err(Error::new(ErrorKind::Server, "nobody watches"));
        };
        if let Some(lane) = watching.lane.get() {
            return Ok(lane);
        }
        let library = library_runtime()?;
        Ok(watching.lane.get_or_init(|| {
            let watch = Watch::new(Arc::clone(&watching.observer), watching.heartbeat);
            Lane::watched(&library, &self.config, watch)
        }))
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        let home = home()?;
        let config = Arc::clone(&store.config);
        // On the runtime that will drive the connection, which need not be the caller's.
        let first = home
            .spawn(async move { connect::connect(&config.endpoint, config.connect_timeout, None).await })
            .await
            .map_err(|source| {
                Error::with_source(ErrorKind::Runtime, "the runtime ended while connecting", source)
            })??;
        let lane = Arc::new(Lane::start(&home, &store.config, Some(first)));
        store.lanes.write().unwrap_or_else(PoisonError::into_inner).push(lane);
        Ok(store)
    }

    /// The caller's home and its lane, made where there is none.
    fn lane(&self) -> Result<(Handle, Arc<Lane>), Error> {
        // A runtime that has a lane was looked at before.
        if let Some(current) = home::current()
            && let Some(lane) = self.known_lane(&current)
        {
            return Ok((current, lane));
        }
        let home = home()?;
        let lane = self.known_lane(&home).unwrap_or_else(|| self.new_lane(&home));
        Ok((home, lane))
    }

    fn known_lane(&self, home: &Handle) -> Option<Arc<Lane>> {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().find(|lane| lane.is_of(home.id())).map(Arc::clone)
    }

    fn new_lane(&self, home: &Handle) -> Arc<Lane> {
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| !lane.is_over());
        // Another task may have been faster.
        if let Some(lane) = lanes.iter().find(|lane| lane.is_of(home.id())) {
            return Arc::clone(lane);
        }
        let lane = Arc::new(Lane::start(home, &self.config, None));
        lanes.push(Arc::clone(&lane));
        lane
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.config.endpoint.name).finish_non_exhaustive()
    }
}
