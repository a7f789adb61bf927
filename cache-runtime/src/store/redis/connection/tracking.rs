//! Client-side caching: a connection on which Redis announces changes of the keys that were read on it (`CLIENT TRACKING`, default
//! mode, RESP3).
//!
//! A store has one, on the library's thread, so that it lives as long as the store and is driven whatever the program's runtimes
//! do. Default mode, because `BCAST` would announce every lease as well. Not `NOLOOP`, which silently stops tracking the keys
//! that the client writes itself. The driver handles pushes and answers in the order in which they arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{PushInfo, PushKind, Value};

use super::breaker::{EndReason, TIMEOUTS_IN_A_ROW};
use super::connect::{Connection, Failure, OnPush, Proof, connect};
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::vocabulary::{Epoch, InvalidationListener};
use crate::util::clock::Moment;

/// What a tracking connection does in addition to any other.
pub(crate) struct Tracking {
    listener: Arc<dyn InvalidationListener>,
    /// How often to check that the peer answers.
    heartbeat: Duration,
    epochs: AtomicU64,
}

impl Tracking {
    pub(crate) fn new(listener: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        Self { listener, heartbeat, epochs: AtomicU64::new(0) }
    }

    /// Connects and turns tracking on. The connection begins a new epoch.
    pub(crate) async fn connect(
        &self,
        server: &Arc<Server>,
        limit: Duration,
        proof: Proof,
    ) -> Result<Connection, Failure> {
        let epoch = Epoch(self.epochs.fetch_add(1, Ordering::Relaxed) + 1);
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
        // Nothing has been read yet, so no change can have been missed.
        self.listener.confirmed(epoch, asked);
        Ok(connection)
    }

    /// Sends heartbeats until the connection has ended.
    pub(crate) async fn keep(&self, connection: &Connection, deadline: Duration) -> EndReason {
        let mut unanswered = 0;
        let end = loop {
            if let Ok(Some(end)) = executor::timeout(self.heartbeat, connection.ended()).await {
                break end;
            }
            let used = connection.use_it();
            let asked = Moment::now();
            let mut driver = connection.driver.clone();
            match executor::timeout(deadline, redis::cmd("PING").exec_async(&mut driver)).await {
                // Says nothing about other commands: some peers answer `PING` and nothing else.
                Ok(Some(Ok(()))) => {
                    unanswered = 0;
                    self.listener.confirmed(connection.epoch, asked);
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
                        _ => listener.all_changed(),
                    }
                }
            }
            // FLUSHALL, FLUSHDB.
            _ => listener.all_changed(),
        },
        PushKind::Disconnection => listener.ended(epoch),
        _ => {}
    }
}
