//! Requests of several callers that travel together: one batcher, and what it gathers.

pub(crate) mod batch;
pub(crate) mod batcher;
pub(crate) mod flush;
pub(crate) mod leases;
pub(crate) mod permits;
pub(crate) mod reads;
pub(crate) mod stores;

use self::batcher::BatchHost;
use super::connection::runtime_connection::RuntimeConnection;
use super::topology::route::Route;
use super::topology::single;

impl BatchHost for RuntimeConnection {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    fn route(&self, requested: impl FnOnce() -> Route) -> Route {
        single::route(requested)
    }
}
