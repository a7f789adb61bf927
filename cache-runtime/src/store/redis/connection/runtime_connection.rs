//! The connection of one runtime, re-established in the background.
//!
//! A connection ends with the runtime that made it, and a runtime that nobody polls drives no I/O. Each runtime that asks
//! therefore gets a connection of its own: a task on that runtime connects, publishes the connection, waits for it to end and
//! connects again. The driver's `ConnectionManager` is not used, because it makes callers wait while it reconnects and never
//! replaces a connection whose peer fell silent.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::live::{Connection, Health};
use super::reconnector::Reconnector;
use super::server::Server;
use super::shared_timeout::SharedTimeout;
use super::tracking::Tracking;
use crate::error::{Error, ErrorKind};
use crate::store::redis::abilities::Abilities;
use crate::store::request_times::RequestTimes;
use crate::util::process;
use crate::util::process::Generation;

/// The state of a runtime's connection, as callers see it.
#[derive(Clone)]
pub(crate) enum ConnectionState {
    /// An attempt has just begun. Worth waiting for.
    Connecting,
    Up(Connection),
    /// The last attempt failed or is slow. Not worth waiting for: another attempt follows in the background.
    Down(Error),
}

/// A runtime's connection. Dropping it ends its task and the connection.
pub(crate) struct RuntimeConnection {
    pub(crate) runtime: Handle,
    /// The process that made it. A forked process inherits the connection, but no thread that drives it.
    process: Generation,
    state: watch::Receiver<ConnectionState>,
    pub(crate) timeout: SharedTimeout,
    pub(super) request_times: Arc<RequestTimes>,
    /// Whether its server is a node of a cluster: no command takes keys of different slots there.
    pub(crate) is_cluster_node: bool,
    /// Whether it is for keys of slots that its server is only being given: each command is sent behind `ASKING`.
    pub(crate) is_asking: bool,
    task: JoinHandle<()>,
}

impl RuntimeConnection {
    /// Connects on `runtime`, or publishes `first` if there is a connection already.
    pub(crate) fn start(runtime: &Handle, server: &Arc<Server>, first: Option<Connection>) -> Self {
        Self::kept(runtime, server, first, None)
    }

    /// A connection for keys of slots that the server is only being given.
    pub(crate) fn asking(runtime: &Handle, server: &Arc<Server>) -> Self {
        let mut connection = Self::kept(runtime, server, None, None);
        connection.is_asking = true;
        connection
    }

    /// Connects on `runtime` with tracking on.
    pub(crate) fn tracking(runtime: &Handle, server: &Arc<Server>, tracking: Tracking) -> Self {
        Self::kept(runtime, server, None, Some(tracking))
    }

    fn kept(
        runtime: &Handle,
        server: &Arc<Server>,
        first: Option<Connection>,
        tracking: Option<Tracking>,
    ) -> Self {
        let (publish, state) =
            watch::channel(first.clone().map_or(ConnectionState::Connecting, ConnectionState::Up));
        let task = runtime.spawn(Reconnector::new(server, tracking, publish).run(first));
        Self {
            runtime: runtime.clone(),
            process: process::current(),
            state,
            timeout: SharedTimeout::new(),
            request_times: Arc::clone(&server.config.request_times),
            is_cluster_node: server.config.is_cluster_node,
            is_asking: false,
            task,
        }
    }

    pub(crate) fn is_of(&self, runtime: runtime::Id) -> bool {
        self.runtime.id() == runtime
    }

    /// Whether a parent process made it, as of the last time the process was determined.
    pub(crate) fn is_of_another_process(&self) -> bool {
        self.process != process::known()
    }

    /// Whether the runtime has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// The connection, or why there is none. `None` while connecting.
    pub(crate) fn now(&self) -> Option<Result<Connection, Error>> {
        match &*self.state.borrow() {
            ConnectionState::Connecting => None,
            ConnectionState::Up(connection) => Some(Ok(connection.clone())),
            ConnectionState::Down(error) => Some(Err(error.clone().logged())),
        }
    }

    /// Why there is none, if nobody is to wait for one.
    pub(crate) fn down(&self) -> Option<Error> {
        match &*self.state.borrow() {
            ConnectionState::Down(error) => Some(error.clone().logged()),
            ConnectionState::Connecting | ConnectionState::Up(_) => None,
        }
    }

    /// The state of the connection. `None` while there is none.
    pub(super) fn health(&self) -> Option<Arc<Health>> {
        match &*self.state.borrow() {
            ConnectionState::Up(connection) => Some(Arc::clone(&connection.health)),
            ConnectionState::Connecting | ConnectionState::Down(_) => None,
        }
    }

    /// When the connection was made. `None` while there is none.
    pub(crate) fn since(&self) -> Option<Instant> {
        match &*self.state.borrow() {
            ConnectionState::Up(connection) => Some(connection.since),
            ConnectionState::Connecting | ConnectionState::Down(_) => None,
        }
    }

    /// What the connection's server supports, as far as it is known. Nothing is known while connecting.
    pub(crate) fn abilities(&self) -> Arc<Abilities> {
        match &*self.state.borrow() {
            ConnectionState::Up(connection) => connection.abilities(),
            ConnectionState::Connecting | ConnectionState::Down(_) => Arc::default(),
        }
    }

    /// Waits while connecting. The caller bounds the wait.
    pub(crate) fn later(&self) -> impl Future<Output = Result<Connection, Error>> + use<> {
        let mut state = self.state.clone();
        async move {
            match state.wait_for(|state| !matches!(state, ConnectionState::Connecting)).await.as_deref() {
                Ok(ConnectionState::Up(connection)) => Ok(connection.clone()),
                Ok(ConnectionState::Down(error)) => Err(error.clone().logged()),
                Ok(ConnectionState::Connecting) | Err(_) => {
                    Err(Error::new(ErrorKind::Connection, "the runtime of the cache's connection has ended"))
                }
            }
        }
    }
}

impl Drop for RuntimeConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}
