//! Entries in Redis, over the `redis` crate. No other folder names that crate.
//!
//! From the bottom up, and nothing here imports upwards: `error`, `replies`, `commands`, `lua` and `route` know no connection; `abilities` is what a
//! connection's server supports; `connection` sends commands; `scripts` and `pipelines` do over one connection what takes more than a
//! command; `batching` lets requests of several callers travel together; a `node` is one server; `operations` is the store.

mod abilities;
pub(crate) mod batching;
mod commands;
pub(crate) mod connection;
mod error;
mod lua;
mod node;
mod operations;
mod pipelines;
mod replies;
pub(crate) mod route;
mod scripts;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::batching::stores::WriteQueue;
pub(crate) use self::connection::config::Config;
use self::node::Node;
pub(crate) use self::tls::TlsOptions;
use super::vocabulary::InvalidationListener;
use crate::error::Error;

/// A single server.
pub(crate) struct RedisStore {
    node: Node,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self { node: Node::new(config) }
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        store.node.connect_now().await?;
        Ok(store)
    }

    /// Announces changes of keys that are read with [`Reading::Tracked`](super::vocabulary::Reading::Tracked) to `listener`, and checks that
    /// often that the server answers.
    pub(crate) fn watched_by(mut self, listener: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        self.node.watched_by(listener, heartbeat);
        self
    }

    /// Where values wait to be stored. `None` if the caller's runtime does not drive a connection of its own.
    pub(crate) fn write_queue(&self) -> Option<WriteQueue> {
        self.node.write_queue()
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.node.name()).finish_non_exhaustive()
    }
}
