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
use self::connection::runtime_connection::RuntimeConnection;
use self::connection::server::{Resolve, Server, system_lookup};
use self::connection::stall::Stall;
pub(crate) use self::connection::tls::TlsOptions;
use self::connection::tracking::Tracking;
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
    lookup: Resolve,
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
    connections: PerProcess<Connections>,
    /// Whether the server answers writes.
    leases: Arc<Stall>,
    tracking: Option<TrackingOptions>,
}

/// A process's connections.
#[derive(Default)]
struct Connections {
    /// What they share.
    server: OnceLock<Arc<Server>>,
    /// One for each runtime that has asked. Those of runtimes that have ended are dropped when another is made.
    by_runtime: RwLock<Vec<Arc<RuntimeConnection>>>,
    /// The tracking connection, made at its first read.
    tracking: OnceLock<RuntimeConnection>,
}

/// How to track keys.
struct TrackingOptions {
    listener: Arc<dyn InvalidationListener>,
    heartbeat: Duration,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            connections: PerProcess::new(),
            leases: Arc::default(),
            tracking: None,
        }
    }

    /// Announces changes of keys that are read by `get_watched` to `listener`, and checks that often that the server answers.
    pub(crate) fn watched_by(mut self, listener: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        self.tracking = Some(TrackingOptions { listener, heartbeat });
        self
    }

    fn server(&self) -> &Arc<Server> {
        self.connections.server.get_or_init(|| Arc::new(Server::new(&self.config)))
    }

    /// The tracking connection.
    fn tracking_connection(&self) -> Result<&RuntimeConnection, Error> {
        let Some(options) = &self.tracking else {
            return Err(Error::new(ErrorKind::Server, "nobody watches"));
        };
        // Of this process: `library_runtime` determines the process.
        let library = library_runtime()?;
        Ok(self.connections.tracking.get_or_init(|| {
            let tracking = Tracking::new(Arc::clone(&options.listener), options.heartbeat);
            RuntimeConnection::tracking(library, self.server(), tracking)
        }))
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        let home = home()?;
        let server = Arc::clone(store.server());
        // On the runtime that will drive the connection, which may not be the caller's.
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
        let connection = Arc::new(RuntimeConnection::start(&home, store.server(), Some(first)));
        connection.look_around(after(store.config.deadline)).await;
        store.connections.by_runtime.write().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(store)
    }

    /// The connection of the caller's runtime, made if there is none.
    fn connection(&self) -> Result<Arc<RuntimeConnection>, Error> {
        // A runtime with a connection has been examined before.
        if let Some(current) = executor::current()
            && let Some(connection) = self.known_connection(&current)
        {
            return Ok(connection);
        }
        let home = home()?;
        match self.known_connection(&home) {
            Some(connection) => Ok(connection),
            None => self.new_connection(&home),
        }
    }

    fn known_connection(&self, home: &Handle) -> Option<Arc<RuntimeConnection>> {
        let connections = self.connections.by_runtime.read().unwrap_or_else(PoisonError::into_inner);
        connections
            .iter()
            .find(|connection| connection.is_of(home.id()) && !connection.is_over())
            .map(Arc::clone)
    }

    fn new_connection(&self, home: &Handle) -> Result<Arc<RuntimeConnection>, Error> {
        let mut connections = self.connections.by_runtime.write().unwrap_or_else(PoisonError::into_inner);
        // It ends with its runtime only.
        let has_failed =
            connections.iter().any(|connection| connection.is_of(home.id()) && connection.is_over());
        connections.retain(|connection| !connection.is_over());
        let home = if has_failed {
            executor::drives_none(home);
            library_runtime()?
        } else {
            home
        };
        // Another task may have been faster.
        if let Some(connection) = connections.iter().find(|connection| connection.is_of(home.id())) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(RuntimeConnection::start(home, self.server(), None));
        connections.push(Arc::clone(&connection));
        Ok(connection)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.config.endpoint.name).finish_non_exhaustive()
    }
}
