//! Servers that move: somebody knows where the server is, and is asked at each attempt to connect.

use std::borrow::Cow;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use redis::{RedisResult, Value};
use tokio::sync::watch;

use super::live::Connection;
use super::server::{Placement, Server};
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::store::redis::error::translate;
use crate::store::redis::redirect::NodeAddress;

/// Where a server is, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// Rises with each move.
    pub(crate) epoch: u64,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What is known now; `None` before anybody has asked.
pub(crate) type Whereabouts = watch::Receiver<Option<Arc<Location>>>;

/// Who the replicas of a server are that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedReplicas {
    /// Where the server is whose replicas they are.
    pub(crate) of: Arc<Location>,
    pub(crate) addresses: Vec<NodeAddress>,
}

type Located<'a> = Pin<Box<dyn Future<Output = Result<Arc<Location>, Error>> + Send + 'a>>;

/// Knows where a server is.
pub(crate) trait Locator: Send + Sync {
    /// Finds out, in time.
    fn locate(&self, until: Instant) -> Located<'_>;

    /// Tells of each move as soon as it is known.
    fn whereabouts(&self) -> Result<Whereabouts, Error>;

    /// Finds out from now on which replicas can be asked, and tells of each change.
    fn replicas(&self) -> Result<watch::Receiver<Option<NamedReplicas>>, Error>;
}

impl Server {
    /// Whether it moves.
    pub(crate) fn moves(&self) -> bool {
        self.config.locator.is_some()
    }

    /// How to greet it where it is now.
    pub(crate) async fn located<'a>(
        &self,
        endpoint: Cow<'a, Endpoint>,
        until: Instant,
    ) -> Result<Cow<'a, Endpoint>, Error> {
        match &self.config.locator {
            None => Ok(endpoint),
            Some(locator) => Ok(Cow::Owned(endpoint.at(&locator.locate(until).await?)?)),
        }
    }

    /// Waits until the server is elsewhere than it was when a connection was made.
    pub(crate) async fn until_elsewhere(&self, placement: &Placement) {
        let (Some(locator), Some(location)) = (&self.config.locator, &placement.location) else {
            return pending().await;
        };
        let Ok(mut now) = locator.whereabouts() else { return pending().await };
        let is_elsewhere = |now: &Option<Arc<Location>>| now.as_ref().is_some_and(|now| now != location);
        if now.wait_for(is_elsewhere).await.is_err() {
            // Nobody looks for it any more.
            pending::<()>().await;
        }
    }
}

/// Checks that a new connection leads to a primary, which is still where the server is.
///
/// # Errors
/// If it does not. A replaced primary that comes back says that it is one, until somebody tells it better.
pub(crate) async fn check_place(connection: &Connection, endpoint: &Endpoint) -> Result<(), Error> {
    let (server, name) = (connection.server(), &endpoint.name);
    let (Some(locator), Some(location)) = (&server.config.locator, &endpoint.location) else { return Ok(()) };
    // `HELLO` has told, unless the connection speaks RESP2.
    let is_primary = connection.is_primary
        || says_primary(&connection.driver)
            .await
            .map_err(|error| translate(&format!("ask {name} for its ROLE"), error))?;
    if !is_primary {
        let message = format!("cannot connect to {name}: it says that it is a replica");
        return Err(Error::new(ErrorKind::Server, message));
    }
    if locator.whereabouts()?.borrow().as_ref().is_some_and(|now| now != location) {
        let message = format!("cannot connect to {name}: another server has replaced it meanwhile");
        return Err(Error::new(ErrorKind::Server, message));
    }
    Ok(())
}

async fn says_primary(driver: &redis::aio::MultiplexedConnection) -> RedisResult<bool> {
    let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut driver.clone()).await?;
    let role = role.first().map(redis::from_redis_value_ref::<String>).transpose()?;
    Ok(role.as_deref() == Some("master"))
}
