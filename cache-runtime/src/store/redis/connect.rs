//! One attempt to connect.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind};
use tokio::sync::Notify;

use super::error::{lacks_resp3, translate};
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};

/// Requests on their way to the connection's driver. The driver's default of 50 makes callers queue for a place while
/// the connection itself could take more; memory is bounded by callers, each of whom has one request.
const PIPELINE: usize = 1024;

/// A connection after which many answers in a row did not come is taken for dead: a peer that stopped, or a network that
/// swallows packets, never closes it.
const TIMEOUTS_IN_A_ROW: u32 = 3;

/// A live connection and what tells that it has ended.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) driver: MultiplexedConnection,
    health: Arc<Health>,
}

/// Shared by all clones of one connection.
#[derive(Default)]
struct Health {
    timeouts: AtomicU32,
    ended: Notify,
}

impl Connection {
    /// An answer came.
    pub(super) fn answered(&self) {
        // Read first: a store on every hit would make the cores pass this line around.
        if self.health.timeouts.load(Ordering::Relaxed) != 0 {
            self.health.timeouts.store(0, Ordering::Relaxed);
        }
    }

    /// No answer came in time.
    pub(super) fn timed_out(&self) {
        if self.health.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS_IN_A_ROW {
            self.give_up();
        }
    }

    /// The connection is of no more use.
    pub(super) fn give_up(&self) {
        self.health.ended.notify_one();
    }

    /// Waits until the connection has ended; true if that was by silence.
    pub(super) async fn ended(&self) -> bool {
        self.health.ended.notified().await;
        self.health.timeouts.load(Ordering::Relaxed) >= TIMEOUTS_IN_A_ROW
    }
}

/// Connects and greets within `limit`. Must be called on a runtime that drives I/O and time; the connection lives on it.
pub(super) async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<Connection, Error> {
    let doing = format!("connect to {}", endpoint.name);
    let attempt = async {
        match greet(endpoint).await {
            Err(error) if lacks_resp3(&error) && endpoint.speaks_resp3() => greet(&endpoint.in_resp2()).await,
            other => other,
        }
    };
    match tokio::time::timeout(limit, attempt).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(translate(&doing, error)),
        Err(_) => Err(Error::new(
            ErrorKind::Timeout,
            format!("cannot {doing}: no answer within {} ms", limit.as_millis()),
        )),
    }
}

async fn greet(endpoint: &Endpoint) -> redis::RedisResult<Connection> {
    let health = Arc::new(Health::default());
    // Every wait is bounded by the caller, once, for all of its commands: the driver's own limits are off.
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(PIPELINE);
    if endpoint.speaks_resp3() {
        // The driver says when the connection ends, so that it is replaced before the next call needs it.
        let health = Arc::clone(&health);
        config = config.set_push_sender(move |push: PushInfo| -> Result<(), ()> {
            if push.kind == PushKind::Disconnection {
                health.ended.notify_one();
            }
            Ok(())
        });
    }
    let client = Client::open(endpoint.info.clone())?;
    let mut driver = client.get_multiplexed_async_connection_with_config(&config).await?;
    // Without it, a server that wants a password, or is loading, would be found out by the first user's call only.
    redis::cmd("PING").exec_async(&mut driver).await?;
    Ok(Connection { driver, health })
}
