//! One connection for one runtime, kept up in the background.
//!
//! A connection dies with the runtime that made it, and a runtime that nobody polls drives nothing. So each runtime
//! that asks gets a lane of its own: a task on that runtime which connects, publishes the connection, waits for its end
//! and connects again. The driver's `ConnectionManager` is not used: it keeps callers waiting while it reconnects, and
//! never replaces a connection whose peer fell silent.

use std::sync::Arc;

use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::abilities::Abilities;
use super::connect::Connection;
use super::reconnector::Keeper;
use super::server::Server;
use super::shared_timeout::Alarm;
use super::tracking::Watch;
use crate::error::{Error, ErrorKind};
use crate::store::redis::batching::leases::Leases;
use crate::store::redis::batching::reads::Reads;
use crate::util::process;
use crate::util::process::Generation;

/// What callers see of a lane.
#[derive(Clone)]
pub(crate) enum State {
    /// An attempt has just begun: worth waiting for.
    Connecting,
    Up(Connection),
    /// The last attempt failed, or takes long. Not worth waiting for; the next attempt is on its way.
    Down(Error),
}

/// A runtime's connection. Dropping it ends the task and the connection.
pub(crate) struct Lane {
    pub(crate) home: Handle,
    /// Of which process. A fork has the lane, and nobody who drives it.
    process: Generation,
    state: watch::Receiver<State>,
    pub(crate) reads: Reads,
    pub(crate) leases: Leases,
    pub(crate) alarm: Alarm,
    task: JoinHandle<()>,
}

impl Lane {
    /// Starts to connect on `runtime`, or publishes `first` if a connection is there already.
    pub(crate) fn start(runtime: &Handle, server: &Arc<Server>, first: Option<Connection>) -> Self {
        Self::kept(runtime, server, first, None)
    }

    /// Starts to connect on `runtime`, and watches.
    pub(crate) fn watched(runtime: &Handle, server: &Arc<Server>, watch: Watch) -> Self {
        Self::kept(runtime, server, None, Some(watch))
    }

    fn kept(runtime: &Handle, server: &Arc<Server>, first: Option<Connection>, watch: Option<Watch>) -> Self {
        let (publish, state) = watch::channel(first.clone().map_or(State::Connecting, State::Up));
        let task = runtime.spawn(Keeper::new(server, watch, publish).keep_up(first));
        Self {
            home: runtime.clone(),
            process: process::current(),
            state,
            reads: Reads::default(),
            leases: Leases::default(),
            alarm: Alarm::new(),
            task,
        }
    }

    pub(crate) fn is_of(&self, runtime: runtime::Id) -> bool {
        self.home.id() == runtime
    }

    /// Whether it is that of a process before this one, as far as is known.
    pub(crate) fn is_of_another_process(&self) -> bool {
        self.process != process::known()
    }

    /// Whether the runtime is gone.
    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// The connection, at once where there is one or where there can be none.
    pub(crate) fn now(&self) -> Option<Result<Connection, Error>> {
        match &*self.state.borrow() {
            State::Connecting => None,
            State::Up(connection) => Some(Ok(connection.clone())),
            State::Down(error) => Some(Err(error.clone().logged())),
        }
    }

    /// What the server of the connection can do. Of one that is being made nothing is known.
    pub(crate) fn abilities(&self) -> Arc<Abilities> {
        match &*self.state.borrow() {
            State::Up(connection) => connection.abilities(),
            State::Connecting | State::Down(_) => Arc::default(),
        }
    }

    /// What to wait on when [`now`](Self::now) has no answer. Bounded by the caller's deadline.
    pub(crate) fn later(&self) -> impl Future<Output = Result<Connection, Error>> + use<> {
        let mut state = self.state.clone();
        async move {
            match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
                Ok(State::Up(connection)) => Ok(connection.clone()),
                Ok(State::Down(error)) => Err(error.clone().logged()),
                Ok(State::Connecting) | Err(_) => {
                    Err(Error::new(ErrorKind::Connection, "the runtime of the cache's connection has ended"))
                }
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.task.abort();
    }
}
