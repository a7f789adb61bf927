//! The connection of one runtime to one server, and the requests that travel over it together.

use super::batcher::{BatchHost, Batcher};
use super::leases::LeaseBatch;
use super::reads::Reads;
use super::stores::WriteBatch;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::route::Route;

/// A runtime's connection to one server, with a batcher for each kind of request that its callers make often.
pub(crate) struct BatchedConnection {
    pub(crate) connection: RuntimeConnection,
    pub(crate) reads: Reads,
    pub(crate) leases: Batcher<LeaseBatch>,
    pub(crate) stores: Batcher<WriteBatch>,
}

impl BatchedConnection {
    pub(crate) fn new(connection: RuntimeConnection) -> Self {
        Self { connection, reads: Reads::default(), leases: Batcher::default(), stores: Batcher::default() }
    }
}

impl AsRef<RuntimeConnection> for BatchedConnection {
    fn as_ref(&self) -> &RuntimeConnection {
        &self.connection
    }
}

impl BatchHost for BatchedConnection {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.connection.runtime.spawn(task);
    }

    /// All requests over one connection can travel together.
    fn route(&self, _requested: impl FnOnce() -> Route) -> Route {
        Route::Every
    }
}
