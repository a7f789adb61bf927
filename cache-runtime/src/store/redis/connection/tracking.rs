//! A connection on which Redis tells what becomes of the keys that were read on it: `CLIENT TRACKING`, default mode, RESP3.
//!
//! One for a store, on the library's own thread, so that it lives as long as the store and is driven whatever the program's
//! runtimes do. Default mode, because `BCAST` would tell of every lease too; not `NOLOOP`, which ends the tracking of one's own
//! writes without a word. The driver handles what Redis tells before the answers that follow it, in the order of the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{PushInfo, PushKind, Value};

use super::breaker::{End, TIMEOUTS_IN_A_ROW};
use super::connect::{Connection, Failure, OnPush, Proof, connect};
use super::server::Server;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::vocabulary::{Epoch, InvalidationListener};
use crate::util::clock::Moment;

/// What a watched lane does beside what each does.
pub(crate) struct Watch {
    observer: Arc<dyn InvalidationListener>,
    /// How often to ask whether the peer still answers.
    heartbeat: Duration,
    epochs: AtomicU64,
}

impl Watch {
    pub(crate) fn new(observer: Arc<dyn InvalidationListener>, heartbeat: Duration) -> Self {
        Self { observer, heartbeat, epochs: AtomicU64::new(0) }
    }

    /// Connects and begins to watch. The connection is of a new epoch.
    pub(crate) async fn connect(
        &self,
        server: &Arc<Server>,
        limit: Duration,
        proof: Proof,
    ) -> Result<Connection, Failure> {
        let epoch = Epoch(self.epochs.fetch_add(1, Ordering::Relaxed) + 1);
        let observer = Arc::clone(&self.observer);
        let on_push: OnPush = Arc::new(move |push| tell(&*observer, epoch, push));
        let asked = Moment::now();
        let mut connection = connect(server, limit, proof, Some((epoch, on_push))).await?;
        redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec_async(&mut connection.driver).await.map_err(
            |refusal| {
                let reason = "the server has no CLIENT TRACKING for us";
                Failure {
                    is_about_watching: !refusal.is_unrecoverable_error(),
                    error: Error::with_source(ErrorKind::Server, reason, refusal),
                }
            },
        )?;
        self.observer.connected(epoch);
        // Nothing has been read yet, so nothing can have been missed.
        self.observer.confirmed(epoch, asked);
        Ok(connection)
    }

    /// Asks again and again whether the peer is there, until the connection has ended.
    pub(crate) async fn keep(&self, connection: &Connection, deadline: Duration) -> End {
        let mut unanswered = 0;
        let end = loop {
            if let Ok(Some(end)) = executor::timeout(self.heartbeat, connection.ended()).await {
                break end;
            }
            let used = connection.use_it();
            let asked = Moment::now();
            let mut driver = connection.driver.clone();
            match executor::timeout(deadline, redis::cmd("PING").exec_async(&mut driver)).await {
                // No word of what callers ask: there are peers that answer this and nothing else.
                Ok(Some(Ok(()))) => {
                    unanswered = 0;
                    self.observer.confirmed(connection.epoch, asked);
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
        self.observer.ended(connection.epoch);
        end
    }
}

/// What Redis said by itself.
fn tell(observer: &dyn InvalidationListener, epoch: Epoch, push: &PushInfo) {
    match push.kind {
        PushKind::Invalidate => match push.data.first() {
            Some(Value::Array(keys)) => {
                for key in keys {
                    match key {
                        Value::BulkString(key) => observer.changed(key),
                        Value::SimpleString(key) => observer.changed(key.as_bytes()),
                        // It cannot be told which.
                        _ => observer.all_changed(),
                    }
                }
            }
            // FLUSHALL, FLUSHDB.
            _ => observer.all_changed(),
        },
        PushKind::Disconnection => observer.ended(epoch),
        _ => {}
    }
}
