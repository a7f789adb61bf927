//! What a cache is told about its server.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::locate::{Location, Locator};
use super::takeover::Takeovers;
use super::url::Endpoint;
use crate::error::Error;
use crate::store::address::Address;
#[cfg(test)]
use crate::store::address::Target;
use crate::store::credentials::Provider;
use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::replica_wait::ReplicaWait;
use crate::store::redis::tls::TlsOptions;
use crate::store::request_times::RequestTimes;

/// Finds the addresses of a host. May block.
pub(crate) type Resolve = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// As the system does.
pub(crate) fn system_lookup() -> Resolve {
    Arc::new(|host, port| Ok((host, port).to_socket_addrs()?.collect()))
}

/// Where the server is, and how long to wait for it.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    /// The longest that a caller waits for a connection that is being made.
    pub(crate) deadline: Duration,
    /// The longest that an attempt to connect may take, in the background.
    pub(crate) connect_timeout: Duration,
    pub(crate) lookup: Resolve,
    /// Who gives user and password, if they are not in the URL.
    pub(crate) credentials: Option<Provider>,
    /// Whether it belongs to a cluster whose other nodes are asked as well.
    pub(crate) is_cluster_node: bool,
    /// Whether it is asked for what it has as the replica of another one.
    pub(crate) is_replica: bool,
    /// Who knows where it is, if it moves.
    pub(crate) locator: Option<Arc<dyn Locator>>,
    /// Who is told that another server has taken its place.
    pub(crate) takeovers: Arc<Takeovers>,
    /// For which replicas removals wait.
    pub(crate) replica_wait: Option<ReplicaWait>,
    /// Shared by the connections to all servers of a cache.
    pub(crate) request_times: Arc<RequestTimes>,
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
            is_cluster_node: false,
            is_replica: false,
            locator: None,
            takeovers: Arc::default(),
            replica_wait: None,
            request_times: Arc::default(),
        })
    }

    /// Of one of the server's replicas, which is asked for what it has itself.
    pub(crate) fn of_replica(&self, NodeAddress { host, port }: &NodeAddress) -> Result<Self, Error> {
        let endpoint = self.endpoint.of(host, *port)?;
        Ok(Self { is_replica: true, ..self.unwatched(endpoint) })
    }

    /// Of the server where it is now, wherever it moves.
    pub(crate) fn staying_at(&self, location: &Arc<Location>) -> Result<Self, Error> {
        Ok(self.unwatched(self.endpoint.at(location)?))
    }

    /// No invalidation is sent there, so none is lost with it.
    fn unwatched(&self, endpoint: Endpoint) -> Self {
        Self { endpoint, locator: None, takeovers: Arc::default(), ..self.clone() }
    }

    /// Of a server in a test.
    #[cfg(test)]
    pub(crate) fn of_url(url: &str, limit: Duration) -> Self {
        let Ok(Target::Server(address)) = Target::parse(url) else { panic!("not a server's URL") };
        Self::new(address, &TlsOptions::default(), None, limit, limit).expect("the driver takes it")
    }
}
