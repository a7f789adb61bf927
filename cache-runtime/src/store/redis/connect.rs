//! One attempt to connect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, PushInfo, PushKind, RedisConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::abilities::Abilities;
use super::breaker::{Breaker, End};
use super::error::{lacks_resp3, translate, was_hung_up};
use super::gather::{Callers, Gather, Waiting};
use super::login::log_in;
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::home;
use crate::store::Epoch;

/// Requests on their way to the connection's driver. The driver's default of 50 makes callers queue for a place while
/// the connection itself could take more; memory is bounded by callers, each of whom has one request.
const PIPELINE: usize = 1024;

/// A key that nobody has.
pub(super) const NOBODYS: &str = "redis-cached\u{1}are you there";

/// What a peer has to show before its connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Greeting,
    /// That, and an answer.
    Answer,
}

/// Is told what the server says without being asked, in the order of the wire.
pub(super) type OnPush = Box<dyn Fn(&PushInfo) + Send + Sync>;

/// A live connection and what tells that it has ended.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) driver: MultiplexedConnection,
    /// Of a watched connection; 0 of others.
    pub(super) epoch: Epoch,
    health: Arc<Health>,
}

/// Shared by all clones of one connection.
pub(super) struct Health {
    breaker: Arc<Breaker>,
    callers: Arc<Callers>,
    abilities: Arc<Abilities>,
    /// Ends the driver's task with the last clone. By itself it would wait for a silent peer's answers.
    driver: AbortHandle,
}

impl Drop for Health {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// A place among the connection's callers.
    pub(super) fn use_it(&self) -> Use {
        let health = Arc::clone(&self.health);
        Use { signs: health.callers.signs(), _waiting: health.callers.enter(), health }
    }

    /// What its server can do, as far as it has shown.
    pub(super) fn abilities(&self) -> Arc<Abilities> {
        Arc::clone(&self.health.abilities)
    }

    /// Waits until the connection has ended.
    pub(super) async fn ended(&self) -> End {
        self.health.breaker.ended().await
    }
}

/// One caller's use of a connection, to report how it went.
pub(super) struct Use {
    health: Arc<Health>,
    /// Those that the peer had given when the caller asked.
    signs: u64,
    _waiting: Waiting,
}

impl Use {
    pub(super) fn answered(&self) {
        self.health.breaker.answered();
    }

    pub(super) fn closed(&self) {
        self.health.breaker.close();
    }

    /// The caller's time is over. That says nothing of a peer that has been heard meanwhile: it has much to say, or to read.
    pub(super) fn timed_out(&self) {
        if self.was_silent() {
            self.health.breaker.timed_out();
        }
    }

    /// Nothing was heard of the peer, nor did it take anything.
    pub(super) fn was_silent(&self) -> bool {
        self.health.callers.signs() == self.signs
    }

    pub(super) fn give_up(&self) {
        self.health.breaker.give_up();
    }
}

/// Connects and greets within `limit`. Must be called on a runtime that drives I/O and time; the connection lives on it.
///
/// For one that is watched it must be in RESP3: there are no pushes in the older protocol. Of a peer that fell silent `proof` is
/// wanted that it answers what calls ask.
pub(super) async fn connect(
    endpoint: &Endpoint,
    limit: Duration,
    proof: Proof,
    watched: Option<(Epoch, OnPush)>,
) -> Result<Connection, Error> {
    let doing = format!("connect to {}", endpoint.name);
    let is_watched = watched.is_some();
    if is_watched && !endpoint.speaks_resp3() {
        return Err(Error::new(ErrorKind::Server, "RESP3 is turned off in the URL"));
    }
    let in_handshake = AtomicBool::new(false);
    let attempt = async {
        let connection = match greet(endpoint, &in_handshake, watched).await {
            Err(error) if lacks_resp3(&error) && endpoint.speaks_resp3() && !is_watched => {
                greet(&endpoint.in_resp2(), &in_handshake, None).await
            }
            other => other,
        }?;
        if proof == Proof::Answer {
            answers(&connection).await?;
        }
        redis::RedisResult::Ok(connection)
    };
    match home::timeout(limit, attempt).await? {
        Some(Ok(connection)) => Ok(connection),
        Some(Err(error)) if endpoint.tls.is_none() && was_hung_up(&error) => Err(Error::with_source(
            ErrorKind::Connection,
            format!(
                "cannot {doing}: the server closed the connection during the greeting; if this port speaks TLS, use rediss://"
            ),
            error,
        )),
        Some(Err(error)) => Err(translate(&doing, error)),
        None => {
            let limit = limit.as_millis();
            // A server that does not speak TLS waits for the rest of what it takes for a line.
            let message = match in_handshake.into_inner() {
                true => format!(
                    "cannot {doing}: no answer to the TLS handshake within {limit} ms; if this port does not speak TLS, use redis://"
                ),
                false => format!("cannot {doing}: no answer within {limit} ms"),
            };
            Err(Error::new(ErrorKind::Timeout, message))
        }
    }
}

/// Asks for a key, as calls do: there are peers that answer `PING` and nothing else. Whatever it answers is an answer.
async fn answers(connection: &Connection) -> redis::RedisResult<()> {
    let asked = redis::cmd("GET").arg(NOBODYS).exec_async(&mut connection.driver.clone()).await;
    asked.or_else(|error| if error.is_unrecoverable_error() { Err(error) } else { Ok(()) })
}

async fn greet(
    endpoint: &Endpoint,
    in_handshake: &AtomicBool,
    watched: Option<(Epoch, OnPush)>,
) -> redis::RedisResult<Connection> {
    let (epoch, on_push) = watched.unzip();
    let breaker = Arc::<Breaker>::default();
    // Every wait is bounded by the caller, once, for all of its commands: the driver's own limits are off.
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(PIPELINE);
    if endpoint.speaks_resp3() {
        // The driver says when the connection ends, so that it is replaced before the next call needs it.
        let breaker = Arc::clone(&breaker);
        config = config.set_push_sender(move |push: PushInfo| -> Result<(), ()> {
            if let Some(on_push) = &on_push {
                on_push(&push);
            }
            if push.kind == PushKind::Disconnection {
                breaker.close();
            }
            Ok(())
        });
    }
    let callers = Arc::<Callers>::default();
    let settings = endpoint.info.redis_settings();
    let (mut connection, driver) = match endpoint.info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Small requests that wait for one another's acknowledgements cost more than packets do.
            stream.set_nodelay(true)?;
            match &endpoint.tls {
                None => drive(settings, stream, config, &callers).await?,
                Some(tls) => {
                    in_handshake.store(true, Ordering::Relaxed);
                    let stream = tls.handshake(stream).await?;
                    in_handshake.store(false, Ordering::Relaxed);
                    drive(settings, stream, config, &callers).await?
                }
            }
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            drive(settings, tokio::net::UnixStream::connect(path).await?, config, &callers).await?
        }
        // No URL makes any other.
        _ => {
            return Err(
                (redis::ErrorKind::InvalidClientConfig, "this kind of address is not supported").into()
            );
        }
    };
    let health = Arc::new(Health { breaker, callers, abilities: Arc::default(), driver });
    if !endpoint.speaks_resp3() {
        log_in(&mut connection, &endpoint.address).await?;
    }
    // Without it, a server that wants a password, or is loading, would be found out by the first user's call only.
    redis::cmd("PING").exec_async(&mut connection).await?;
    Ok(Connection { driver: connection, epoch: epoch.unwrap_or(Epoch(0)), health })
}

/// Greets over `stream`, and has the driver run on the current runtime.
async fn drive<S>(
    settings: &RedisConnectionInfo,
    stream: S,
    config: AsyncConnectionConfig,
    callers: &Arc<Callers>,
) -> redis::RedisResult<(MultiplexedConnection, AbortHandle)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Gather::new(stream, Arc::clone(callers));
    let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    Ok((connection, tokio::spawn(driver).abort_handle()))
}
