//! One attempt to connect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, RedisConnectionInfo, RedisError, RedisResult, Value};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::abilities::Abilities;
use super::breaker::{Breaker, EndReason};
use super::cork::{Cork, InFlight, Traffic};
use super::frames::Frames;
use super::login::log_in;
use super::server::{PeerAddress, Placement, Server};
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::error::{is_misplaced, refuses_hello, translate, was_hung_up};
use crate::store::redis::topology::cluster;
use crate::store::vocabulary::Epoch;
use crate::util::clock::after;

/// Requests on their way to the connection's driver. The driver's default of 50 makes callers queue for a place while
/// the connection itself could take more; memory is bounded by callers, each of whom has one request.
const PIPELINE: usize = 1024;

/// How long a connection may be silent before the system asks whether it is there, also where its runtime stands still; and how often then.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// A key that nobody has.
pub(crate) const NOBODYS: &str = "redis-cached\u{1}are you there";

/// What a peer has to show before its connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Greeting,
    /// That, and an answer.
    Answer,
}

/// Is told what the server says without being asked, in the order of the wire.
pub(crate) type OnPush = Arc<dyn Fn(&PushInfo) + Send + Sync>;

/// A live connection and what tells that it has ended.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) driver: MultiplexedConnection,
    /// Of a watched connection; 0 of others.
    pub(crate) epoch: Epoch,
    /// Whether its server has said so.
    pub(crate) is_primary: bool,
    /// When to say again who the client is.
    pub(crate) log_in_at: Option<Instant>,
    health: Arc<Health>,
}

/// Shared by all clones of one connection.
pub(crate) struct Health {
    breaker: Arc<Breaker>,
    callers: Arc<Traffic>,
    abilities: Arc<Abilities>,
    server: Arc<Server>,
    placement: Placement,
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
    pub(crate) fn use_it(&self) -> Use {
        let health = Arc::clone(&self.health);
        Use { signs: health.callers.signs(), _waiting: health.callers.enter(), health }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.health.server
    }

    /// What its server can do, as far as it has shown.
    pub(crate) fn abilities(&self) -> Arc<Abilities> {
        Arc::clone(&self.health.abilities)
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) -> EndReason {
        self.health.breaker.ended().await
    }

    /// Lets nobody wait for it any more.
    pub(crate) fn abandon(&self) {
        self.health.driver.abort();
    }

    /// Waits until it has ended, or somebody has waited for it in vain.
    pub(crate) async fn doubted(&self) -> Option<EndReason> {
        self.health.breaker.doubted().await
    }

    /// Waits until another server is wanted, or another connection to it. One on which nothing is written follows the others.
    pub(crate) async fn misplaced(&self) {
        let Health { server, placement, .. } = &*self.health;
        match self.epoch {
            Epoch(0) => server.until_misplaced(placement).await,
            _ => server.until_moved(placement).await,
        }
    }

    /// Those that the peer has given so far.
    pub(crate) fn signs(&self) -> u64 {
        self.health.callers.signs()
    }
}

/// One caller's use of a connection, to report how it went.
pub(crate) struct Use {
    health: Arc<Health>,
    /// Those that the peer had given when the caller asked.
    signs: u64,
    _waiting: InFlight,
}

impl Use {
    pub(crate) fn answered(&self) {
        self.health.breaker.answered();
    }

    /// What the peer has said to one command.
    pub(crate) fn heard(&self, answer: &Value) {
        if let Value::ServerError(error) = answer {
            if is_misplaced(error) {
                self.health.server.misplaced(&self.health.placement);
            }
            if cluster::shows(error) {
                self.health.server.is_in_cluster_mode();
                self.closed();
            }
        }
    }

    pub(crate) fn closed(&self) {
        self.health.breaker.close();
    }

    /// The answer was not in the protocol.
    pub(crate) fn was_unreadable(&self, doing: &str) {
        let server = &self.health.server;
        server.unreadable.note(&server.config.endpoint.name, doing);
    }

    /// The caller's time is over. That says nothing of a peer that has been heard meanwhile: it has much to say, or to read.
    pub(crate) fn timed_out(&self) {
        if self.was_silent() {
            self.health.breaker.timed_out();
        }
    }

    /// Nothing was heard of the peer, nor did it take anything.
    pub(crate) fn was_silent(&self) -> bool {
        self.health.callers.signs() == self.signs
    }

    pub(crate) fn give_up(&self) {
        self.health.breaker.give_up();
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The server is there, and will not tell of changes.
    pub(crate) is_about_watching: bool,
}

impl Failure {
    pub(crate) fn about_watching(error: Error) -> Self {
        Self { error, is_about_watching: true }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, is_about_watching: false }
    }
}

/// Connects and greets within `limit`. Must be called on a runtime that drives I/O and time; the connection lives on it.
///
/// For one that is watched it must be in RESP3: there are no pushes in the older protocol. Of a peer that fell silent `proof` is
/// wanted that it answers what calls ask.
pub(crate) async fn connect(
    server: &Arc<Server>,
    limit: Duration,
    proof: Proof,
    watched: Option<(Epoch, OnPush)>,
) -> Result<Connection, Failure> {
    let doing = format!("connect to {}", server.config.endpoint.name);
    if watched.is_some() && !speaks_resp3(server) {
        return Err(only_resp2(server));
    }
    let in_handshake = AtomicBool::new(false);
    let late = || {
        let limit = limit.as_millis();
        // A server that does not speak TLS waits for the rest of what it takes for a line.
        let message = match in_handshake.load(Ordering::Relaxed) {
            true => format!(
                "cannot {doing}: no answer to the TLS handshake within {limit} ms; if this port does not speak TLS, use redis://"
            ),
            false => format!("cannot {doing}: no answer within {limit} ms"),
        };
        Failure::from(Error::new(ErrorKind::Timeout, message))
    };
    server.check_mode()?;
    let endpoint = server.endpoint().await?;
    let until = after(limit);
    let attempt = async {
        let targets = server.targets().await?;
        let mut left = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        let mut failure = late();
        for target in targets {
            // One that swallows packets leaves time for the others.
            let share = until.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            in_handshake.store(false, Ordering::Relaxed);
            let one = connect_to(server, &endpoint, &target, &in_handshake, proof, watched.clone());
            failure = match executor::timeout(share, one).await? {
                Some(Ok(connection)) => return Ok(connection),
                Some(Err(failure)) => failure,
                None => late(),
            };
            // The others would say the same, and may count it.
            if failure.is_about_watching || failure.error.kind() == ErrorKind::Permission {
                break;
            }
        }
        Err(failure)
    };
    executor::timeout(limit, attempt).await?.unwrap_or_else(|| Err(late()))
}

/// Whether to try.
fn speaks_resp3(server: &Server) -> bool {
    server.config.endpoint.speaks_resp3() && server.may_know_hello()
}

fn only_resp2(server: &Server) -> Failure {
    let reason = match server.config.endpoint.speaks_resp3() {
        false => "RESP3 is turned off in the URL".into(),
        true => format!("{} refuses RESP3, in which it could tell of changes", server.config.endpoint.name),
    };
    Failure::about_watching(Error::new(ErrorKind::Server, reason))
}

/// Connects to one address; without `HELLO` where that is refused.
async fn connect_to(
    server: &Arc<Server>,
    endpoint: &Endpoint,
    target: &PeerAddress,
    in_handshake: &AtomicBool,
    proof: Proof,
    watched: Option<(Epoch, OnPush)>,
) -> Result<Connection, Failure> {
    let failed = |error| Failure::from(explain(endpoint, error));
    let is_watched = watched.is_some();
    let in_resp2 = async || greet(server, target, &endpoint.in_resp2(), in_handshake, None).await;
    let connection = match speaks_resp3(server) {
        false => in_resp2().await.map_err(failed)?,
        true => match greet(server, target, endpoint, in_handshake, watched).await {
            Ok(connection) => connection,
            Err(error) if refuses_hello(&error) && !in_handshake.load(Ordering::Relaxed) => {
                let second = in_resp2().await;
                // Of two ends of a connection the first tells more.
                let connection =
                    second.map_err(|second| failed(if second.is_io_error() { error } else { second }))?;
                server.refuses_hello();
                if is_watched {
                    return Err(only_resp2(server));
                }
                connection
            }
            Err(error) => return Err(failed(error)),
        },
    };
    server.check_mode()?;
    if proof == Proof::Answer {
        answers(&connection).await.map_err(failed)?;
    }
    Ok(connection)
}

fn explain(endpoint: &Endpoint, error: RedisError) -> Error {
    let doing = format!("connect to {}", endpoint.name);
    if endpoint.tls.is_none() && was_hung_up(&error) {
        let message = format!(
            "cannot {doing}: the server closed the connection during the greeting; if this port speaks TLS, use rediss://"
        );
        return Error::with_source(ErrorKind::Connection, message, error);
    }
    translate(&doing, error)
}

/// Asks for a key, as calls do: there are peers that answer `PING` and nothing else. Whatever it answers is an answer.
async fn answers(connection: &Connection) -> RedisResult<()> {
    let asked = redis::cmd("GET").arg(NOBODYS).exec_async(&mut connection.driver.clone()).await;
    asked.or_else(|error| if error.is_unrecoverable_error() { Err(error) } else { Ok(()) })
}

async fn greet(
    server: &Arc<Server>,
    target: &PeerAddress,
    endpoint: &Endpoint,
    in_handshake: &AtomicBool,
    watched: Option<(Epoch, OnPush)>,
) -> RedisResult<Connection> {
    let (epoch, on_push) = watched.unzip();
    let placement = server.placement(target);
    // Every wait is bounded by the caller, once, for all of its commands: the driver's own limits are off.
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(PIPELINE);
    if let Some(on_push) = on_push {
        config = config.set_push_sender(move |push: PushInfo| -> Result<(), ()> {
            on_push(&push);
            Ok(())
        });
    }
    let wire = Wire { callers: Arc::default(), breaker: Arc::default() };
    let settings = endpoint.info.redis_settings();
    let (mut connection, driver) = match target {
        PeerAddress::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Small requests that wait for one another's acknowledgements cost more than packets do.
            stream.set_nodelay(true)?;
            SockRef::from(&stream)
                .set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3))?;
            match &endpoint.tls {
                None => drive(settings, stream, config, &wire).await?,
                Some(tls) => {
                    in_handshake.store(true, Ordering::Relaxed);
                    let stream = tls.handshake(stream).await?;
                    in_handshake.store(false, Ordering::Relaxed);
                    drive(settings, stream, config, &wire).await?
                }
            }
        }
        #[cfg(unix)]
        PeerAddress::Unix(path) => {
            drive(settings, tokio::net::UnixStream::connect(path).await?, config, &wire).await?
        }
    };
    let Wire { callers, breaker } = wire;
    let server = Arc::clone(server);
    let abilities = Arc::default();
    let health = Arc::new(Health { breaker, callers, abilities, server, placement, driver });
    if !endpoint.speaks_resp3() {
        log_in(&mut connection, &endpoint.address).await?;
    }
    // Without it, a server that wants a password, or is loading, would be found out by the first user's call only.
    let greeting = cluster::greets(&mut connection, endpoint.speaks_resp3()).await?;
    if greeting.is_in_cluster_mode {
        health.server.is_in_cluster_mode();
    }
    Ok(Connection {
        driver: connection,
        epoch: epoch.unwrap_or(Epoch(0)),
        is_primary: greeting.is_primary,
        log_in_at: endpoint.log_in_at,
        health,
    })
}

/// What callers and the stream of a connection tell each other, and its keeper.
struct Wire {
    callers: Arc<Traffic>,
    breaker: Arc<Breaker>,
}

/// Greets over `stream`, and has the driver run on the current runtime.
async fn drive<S>(
    settings: &RedisConnectionInfo,
    stream: S,
    config: AsyncConnectionConfig,
    wire: &Wire,
) -> RedisResult<(MultiplexedConnection, AbortHandle)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Cork::new(Frames::new(stream), Arc::clone(&wire.callers));
    let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    let breaker = Arc::clone(&wire.breaker);
    let driven = async move {
        driver.await;
        // So that it is replaced before the next call needs it.
        breaker.close();
    };
    Ok((connection, tokio::spawn(driven).abort_handle()))
}
