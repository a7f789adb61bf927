//! A connection in use: what its callers report of it, and how it ends.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::task::AbortHandle;

use super::breaker::{Breaker, EndReason};
use super::cork::{InFlight, Traffic};
use super::dedicated::Dedicated;
use super::mode;
use super::server::{Placement, Server};
use super::takeover::ServerIdentity;
use crate::store::redis::abilities::Abilities;
use crate::store::redis::error::is_misplaced;
use crate::store::vocabulary::Epoch;

/// A live connection, and the state that tells when it has ended.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) driver: MultiplexedConnection,
    /// Of a tracking connection; the default for others.
    pub(crate) epoch: Epoch,
    /// Whether its server has said that it is a primary.
    pub(crate) is_primary: bool,
    /// When it was made, or later.
    pub(crate) since: Instant,
    /// When to authenticate again.
    pub(crate) log_in_at: Option<Instant>,
    pub(super) health: Arc<Health>,
}

/// Shared by all clones of one connection.
pub(crate) struct Health {
    pub(super) breaker: Arc<Breaker>,
    pub(super) callers: Arc<Traffic>,
    pub(super) abilities: Arc<Abilities>,
    pub(super) server: Arc<Server>,
    pub(super) placement: Placement,
    /// Which server has answered, if that was asked.
    pub(super) identity: OnceLock<ServerIdentity>,
    pub(super) dedicated: Dedicated,
    /// Aborts the driver's task with the last clone. Otherwise the task would wait for a silent peer's answers.
    pub(super) driver: AbortHandle,
}

impl Drop for Health {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Registers a request on the connection.
    pub(crate) fn use_it(&self) -> Use {
        let health = Arc::clone(&self.health);
        Use { signs: health.callers.signs(), _waiting: health.callers.enter(), health }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.health.server
    }

    /// What its server supports, as far as it is known.
    pub(crate) fn abilities(&self) -> Arc<Abilities> {
        Arc::clone(&self.health.abilities)
    }

    /// Waits until the server is known to be elsewhere, and ends the connection then: nothing more is written to who was the server.
    pub(crate) async fn ends_elsewhere(&self) -> Infallible {
        self.health.server.until_elsewhere(&self.health.placement).await;
        self.health.breaker.close();
        self.abandon();
        pending().await
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) -> EndReason {
        self.health.breaker.ended().await
    }

    /// Fails every request in flight.
    pub(crate) fn abandon(&self) {
        self.health.driver.abort();
    }

    /// Waits until it has ended, or a request has timed out, which is `None`.
    pub(crate) async fn doubted(&self) -> Option<EndReason> {
        self.health.breaker.doubted().await
    }

    /// Waits until a connection to another server, or another connection to this one, is needed. A tracking connection, on which
    /// nothing is written, follows the others.
    pub(crate) async fn misplaced(&self) {
        let Health { server, placement, .. } = &*self.health;
        match self.epoch.number {
            0 => server.until_misplaced(placement).await,
            _ => server.until_moved(placement).await,
        }
    }

    /// The signs of life that the peer has given so far.
    pub(crate) fn signs(&self) -> u64 {
        self.health.callers.signs()
    }
}

/// A request on a connection, whose outcome is reported to the connection.
pub(crate) struct Use {
    health: Arc<Health>,
    /// The signs of life that the peer had given when the request began.
    signs: u64,
    _waiting: InFlight,
}

impl Use {
    pub(crate) fn answered(&self) {
        self.health.breaker.answered();
    }

    /// The peer's answer to one command.
    pub(crate) fn heard(&self, answer: &Value) {
        if let Value::ServerError(error) = answer {
            match is_misplaced(error) {
                true if self.health.server.moves() => self.closed(),
                true => self.health.server.misplaced(&self.health.placement),
                false => {}
            }
            if mode::shows(error) && !self.health.server.config.is_cluster_node {
                self.health.server.is_in_cluster_mode();
                self.closed();
            }
        }
    }

    pub(crate) fn closed(&self) {
        self.health.breaker.close();
    }

    /// The answer was not valid in the protocol.
    pub(crate) fn was_unreadable(&self, doing: &str) {
        let server = &self.health.server;
        server.unreadable.note(&server.config.endpoint.name, doing);
    }

    /// The request timed out. That says nothing about a peer that has given a sign of life since: it is busy sending or reading.
    pub(crate) fn timed_out(&self) {
        if self.was_silent() {
            self.health.breaker.timed_out();
        }
    }

    /// The peer has neither sent nor read anything.
    pub(crate) fn was_silent(&self) -> bool {
        self.health.callers.signs() == self.signs
    }

    pub(crate) fn give_up(&self) {
        self.health.breaker.give_up();
    }
}
