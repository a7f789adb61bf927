//! Entries in Redis, over the `redis` crate. No other folder names that crate.

pub(crate) mod batching;
mod commands;
pub(crate) mod connection;
mod error;
mod many;
pub(crate) mod scripts;
pub(crate) mod topology;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Handle;

use self::connection::connect::Proof;
use self::connection::runtime_connection::Lane;
use self::connection::server::{Lookup, Server, system_lookup};
use self::connection::stall::Stall;
pub(crate) use self::connection::tls::TlsOptions;
use self::connection::tracking::Watch;
use self::connection::url::Endpoint;
use super::address::Address;
#[cfg(test)]
use super::address::Target;
use super::credentials::Provider;
use super::vocabulary::InvalidationListener;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::runtime::executor::home;
use crate::util::clock::after;
use crate::util::process::PerProcess;

/// Where the server is, and how long to wait for it.
pub(crate) struct Config {
    endpoint: Endpoint,
    /// The longest that a caller waits for a connection that is being made.
    deadline: Duration,
    /// The longest that an attempt to connect may take, in the background.
    connect_timeout: Duration,
    lookup: Lookup,
    /// Who gives user and password, if they are not in the URL.
    credentials: Option<Provider>,
}

impl Config {
    pub(crate) fn new(
        address: Address,
        tls: &TlsOptions,
        credentials: Option<Provider>,
        deadline: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Error> {
        Ok(Self {
            endpoint: Endpoint::new(address, tls)?,
            deadline,
            connect_timeout,
            lookup: system_lookup(),
            credentials,
        })
    }

    /// Of a server in a test.
    #[cfg(test)]
    pub(crate) fn of_url(url: &str, limit: Duration) -> Self {
        let Ok(Target::Server(address)) = Target::parse(url) else { panic!("not a server's URL") };
        Self::new(address, &TlsOptions::default(), None, limit, limit).expect("the driver takes it")
    }
}

/// A single server.
pub(crate) struct RedisStore {
    config: Arc<Config>,
    wires: PerProcess<Wires>,
    /// Whether leases are answered.
    leases: Arc<Stall>,
    watching: Option<Watching>,
}

/// A process's connections.
#[derive(Default)]
struct Wires {
    /// What they know in common.
    server: OnceLock<Arc<Server>>,
    /// One for each runtime that asked. Few: those of runtimes that ended are dropped when another comes.
    lanes: RwLock<Vec<Arc<Lane>>>,
    /// The one on which Redis tells of changes, made when something is read on it first.
    watched: OnceLock<Lane>,
}

/// Who wants to know of changes.
struct Watching {
    observer: Arc<dyn InvalidationListener>,
    heartbeat: Duration,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self { config: Arc::new(config), wires: PerProcess::new(), leases: Arc::default(), watching: None }
    }

    /// Tells `observer` what becomes of keys that are read by `get_watched`, and asks that often whether the server is there.
    pub(crate) fn watched_by(mut self, observer: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        self.watching = Some(Watching { observer, heartbeat });
        self
    }

    fn server(&self) -> &Arc<Server> {
        self.wires.server.get_or_init(|| Arc::new(Server::new(&self.config)))
    }

    /// The watched lane.
    fn watched_lane(&self) -> Result<&Lane, Error> {
        let Some(watching) = &self.watching else {
            return Err(Error::new(ErrorKind::Server, "nobody watches"));
        };
        // Of this process: `library_runtime` has asked which that is.
        let library = library_runtime()?;
        Ok(self.wires.watched.get_or_init(|| {
            let watch = Watch::new(Arc::clone(&watching.observer), watching.heartbeat);
            Lane::watched(library, self.server(), watch)
        }))
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        let home = home()?;
        let server = Arc::clone(store.server());
        // On the runtime that will drive the connection, which need not be the caller's.
        let first = home
            .spawn(async move {
                let limit = server.config.connect_timeout;
                connection::connect::connect(&server, limit, Proof::Greeting, None)
                    .await
                    .map_err(|failure| failure.error)
            })
            .await
            .map_err(|source| {
                Error::with_source(ErrorKind::Runtime, "the runtime ended while connecting", source)
            })??;
        let lane = Arc::new(Lane::start(&home, store.server(), Some(first)));
        lane.look_around(after(store.config.deadline)).await;
        store.wires.lanes.write().unwrap_or_else(PoisonError::into_inner).push(lane);
        Ok(store)
    }

    /// The lane of the caller's home, made where there is none.
    fn lane(&self) -> Result<Arc<Lane>, Error> {
        // A runtime that has a lane was looked at before.
        if let Some(current) = executor::current()
            && let Some(lane) = self.known_lane(&current)
        {
            return Ok(lane);
        }
        let home = home()?;
        match self.known_lane(&home) {
            Some(lane) => Ok(lane),
            None => self.new_lane(&home),
        }
    }

    fn known_lane(&self, home: &Handle) -> Option<Arc<Lane>> {
        let lanes = self.wires.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().find(|lane| lane.is_of(home.id()) && !lane.is_over()).map(Arc::clone)
    }

    fn new_lane(&self, home: &Handle) -> Result<Arc<Lane>, Error> {
        let mut lanes = self.wires.lanes.write().unwrap_or_else(PoisonError::into_inner);
        // It ends with its runtime only.
        let has_failed = lanes.iter().any(|lane| lane.is_of(home.id()) && lane.is_over());
        lanes.retain(|lane| !lane.is_over());
        let home = if has_failed {
            executor::drives_none(home);
            library_runtime()?
        } else {
            home
        };
        // Another task may have been faster.
        if let Some(lane) = lanes.iter().find(|lane| lane.is_of(home.id())) {
            return Ok(Arc::clone(lane));
        }
        let lane = Arc::new(Lane::start(home, self.server(), None));
        lanes.push(Arc::clone(&lane));
        Ok(lane)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.config.endpoint.name).finish_non_exhaustive()
    }
}
