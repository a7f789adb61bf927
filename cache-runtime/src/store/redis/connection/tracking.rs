//! Client-side caching: a connection on which Redis announces changes of the keys that were read on it (`CLIENT TRACKING`, default
//! mode, RESP3).
//!
//! A store has one, on the library's thread, so that it lives as long as the store and is driven whatever the program's runtimes
//! do; a cluster has one for each node that such keys were read from. Default mode, because `BCAST` would announce every lease as well. Not `NOLOOP`, which silently stops tracking the keys
//! that the client writes itself. The driver handles pushes and answers in the order in which they arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisResult, Value};

use super::breaker::{EndReason, TIMEOUTS_IN_A_ROW};
use super::connect::{Failure, OnPush, Proof, connect};
use super::live::Connection;
use super::ownership::OwnerProbe;
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::vocabulary::{Epoch, InvalidationListener};
use crate::util::clock::Moment;

/// All tracking connections of the program are numbered, so that a node which takes the place of another is not taken for it.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// What a tracking connection does in addition to any other.
#[derive(Clone)]
pub(crate) struct Tracking {
    pub(crate) listener: Arc<dyn InvalidationListener>,
    /// How often to check that the peer answers.
    pub(crate) heartbeat: Duration,
    /// Which of the store's servers it is.
    pub(crate) node: u16,
    /// What to ask a node of a cluster, which may cease to own what it was asked for.
    pub(crate) owner: Option<Arc<OwnerProbe>>,
}

impl Tracking {
    /// Connects and turns tracking on. The connection begins a new epoch.
    pub(crate) async fn connect(
        &self,
        server: &Arc<Server>,
        limit: Duration,
        proof: Proof,
    ) -> Result<Connection, Failure> {
        let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed) + 1;
        let epoch = Epoch { number, node: self.node, ..Epoch::default() };
        let listener = Arc::clone(&self.listener);
        let on_push: OnPush = Arc::new(move |push| tell(&*listener, epoch, push));
        let asked = Moment::now();
        let mut connection = connect(server, limit, proof, Some((epoch, on_push))).await?;
        redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec_async(&mut connection.driver).await.map_err(
            |refusal| {
                let reason = format!("{} refuses CLIENT TRACKING", server.config.endpoint.name);
                Failure {
                    is_about_watching: !refusal.is_unrecoverable_error(),
                    error: Error::with_source(ErrorKind::Server, reason, refusal),
                }
            },
        )?;
        self.listener.connected(epoch);
        if self.owner.is_none() {
            // Nothing has been read yet, so no change can have been missed.
            self.listener.confirmed(epoch, asked);
        }
        Ok(connection)
    }

    /// Sends heartbeats until the connection has ended.
    pub(crate) async fn keep(&self, connection: &Connection, deadline: Duration) -> EndReason {
        let mut unanswered = 0;
        // That it could be connected to does not show that a node owns anything.
        let mut pause = if self.owner.is_some() { Duration::ZERO } else { self.heartbeat };
        let end = loop {
            if let Ok(Some(end)) = executor::timeout(pause, connection.ended()).await {
                break end;
            }
            pause = self.heartbeat;
            let used = connection.use_it();
            let asked = Moment::now();
            match executor::timeout(deadline, self.ask(connection)).await {
                // Says nothing about other commands: some peers answer `PING` and nothing else.
                Ok(Some(Ok(is_confirmed))) => {
                    unanswered = 0;
                    if is_confirmed {
                        self.listener.confirmed(connection.epoch, asked);
                    }
                }
                Ok(Some(Err(_))) => used.closed(),
                Ok(None) | Err(_) if used.was_silent() => {
                    unanswered += 1;
                    if unanswered == TIMEOUTS_IN_A_ROW {
                        used.give_up();
                    }
                }
                Ok(None) | Err(_) => {}
            }
        };
        self.listener.ended(connection.epoch);
        end
    }

    /// Asks what shows that all changes so far have been told; says whether it was shown.
    async fn ask(&self, connection: &Connection) -> RedisResult<bool> {
        let Some(owner) = &self.owner else {
            return redis::cmd("PING").exec_async(&mut connection.driver.clone()).await.map(|()| true);
        };
        match owner.ask(connection).await {
            Err(refusal) if !refusal.is_unrecoverable_error() => {
                Ok(owner.is_owned(&refusal, &*self.listener))
            }
            answer => answer,
        }
    }
}

/// Handles what Redis has pushed.
fn tell(listener: &dyn InvalidationListener, epoch: Epoch, push: &PushInfo) {
    match push.kind {
        PushKind::Invalidate => match push.data.first() {
            Some(Value::Array(keys)) => {
                for key in keys {
                    match key {
                        Value::BulkString(key) => listener.changed(key),
                        Value::SimpleString(key) => listener.changed(key.as_bytes()),
                        // Which key it was is not known.
                        _ => listener.all_changed(epoch),
                    }
                }
            }
            // FLUSHALL, FLUSHDB.
            _ => listener.all_changed(epoch),
        },
        PushKind::Disconnection => listener.ended(epoch),
        _ => {}
    }
}
