//! One attempt to connect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, RedisConnectionInfo, RedisError, RedisResult};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::breaker::Breaker;
use super::cork::{Cork, Traffic};
use super::dedicated::Dedicated;
use super::frames::{FirstAnswer, Frames};
use super::live::{Connection, Health};
use super::locate::check_place;
use super::login::log_in;
use super::mode::Greeting;
use super::server::{PeerAddress, Server};
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::abilities::Abilities;
use crate::store::redis::error::{refuses_hello, translate, was_hung_up};
use crate::store::vocabulary::Epoch;
use crate::util::clock::after;

/// How many requests can be queued for the driver. Its default of 50 makes callers wait for a place while the connection could take
/// more. Memory is bounded by the number of callers, each of which has one request.
const PIPELINE: usize = 1024;

/// How long a connection may be silent before the system probes the peer (TCP keepalive), even if the runtime stands still.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// A key that is never used.
pub(crate) const NOBODYS: &str = "redis-cached\u{1}are you there";

/// What a peer has to prove before its connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Greeting,
    /// That, and an answer to a command.
    Answer,
}

/// Called with the server's pushes, in the order in which they arrive.
pub(crate) type OnPush = Arc<dyn Fn(&PushInfo) + Send + Sync>;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The server answers, but does not offer tracking.
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
/// A tracking connection needs RESP3: RESP2 has no pushes. A peer that fell silent has to prove that it answers commands.
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
        // A server without TLS takes the handshake for the beginning of a line, and waits for the rest.
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
        // What it takes to find the server leaves time to connect.
        let endpoint = server.located(endpoint, after(limit / 2)).await?;
        let targets = server.targets(&endpoint).await?;
        let mut left = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        let mut failure = late();
        for target in targets {
            // An address that drops packets leaves time for the others.
            let share = until.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            in_handshake.store(false, Ordering::Relaxed);
            let one = ConnectionAttempt {
                server,
                endpoint: &endpoint,
                target: &target,
                in_handshake: &in_handshake,
            };
            failure = match executor::timeout(share, one.connect(proof, watched.clone())).await? {
                Some(Ok(connection)) => return Ok(connection),
                Some(Err(failure)) => failure,
                None => late(),
            };
            // The others would refuse as well, and may count the attempts.
            if failure.is_about_watching || failure.error.kind() == ErrorKind::Permission {
                break;
            }
        }
        Err(failure)
    };
    executor::timeout(limit, attempt).await?.unwrap_or_else(|| Err(late()))
}

/// Whether to try RESP3.
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

/// An attempt at one address.
struct ConnectionAttempt<'a> {
    server: &'a Arc<Server>,
    endpoint: &'a Endpoint,
    target: &'a PeerAddress,
    /// Set while TLS is being agreed on.
    in_handshake: &'a AtomicBool,
}

impl ConnectionAttempt<'_> {
    /// Connects; without `HELLO` if the server refuses it.
    async fn connect(&self, proof: Proof, watched: Option<(Epoch, OnPush)>) -> Result<Connection, Failure> {
        let connection = match speaks_resp3(self.server) {
            true => self.greet_either_way(watched).await?,
            false => self.greet_without_hello().await.map_err(|error| self.failed(error))?,
        };
        self.server.check_mode()?;
        if proof == Proof::Answer {
            answers(&connection).await.map_err(|error| self.failed(error))?;
        }
        check_place(&connection, self.endpoint).await?;
        Ok(connection)
    }

    async fn greet_either_way(&self, watched: Option<(Epoch, OnPush)>) -> Result<Connection, Failure> {
        let is_watched = watched.is_some();
        let refusal = match self.greet_with_hello(watched).await? {
            Ok(connection) => return Ok(connection),
            Err(refusal) => refusal,
        };
        let without = match self.greet_without_hello().await {
            Ok(connection) => connection,
            // If the server hangs up twice, the first time says more.
            Err(second) => return Err(self.failed(if second.is_io_error() { refusal } else { second })),
        };
        if was_hung_up(&refusal) {
            // As a proxy does that does not know the command, and as any server does that is restarted meanwhile. The former does
            // it again, and keeps the connection on which it was not asked.
            match self.greet_with_hello(None).await? {
                Ok(_) if is_watched => return Err(self.failed(refusal)),
                Ok(connection) => return Ok(connection),
                Err(_) => answers(&without).await.map_err(|error| self.failed(error))?,
            }
        }
        self.server.refuses_hello();
        if is_watched { Err(only_resp2(self.server)) } else { Ok(without) }
    }

    /// Greets with `HELLO`. The inner error is what looks like a refusal of it.
    async fn greet_with_hello(
        &self,
        watched: Option<(Epoch, OnPush)>,
    ) -> Result<RedisResult<Connection>, Failure> {
        let wire = Wire::default();
        let greeted = greet(self, self.endpoint, watched, wire.clone()).await;
        match greeted {
            Err(error) if self.is_refusal(&error, &wire) => Ok(Err(error)),
            Err(error) => Err(self.failed(error)),
            Ok(connection) => Ok(Ok(connection)),
        }
    }

    /// Whether another way to greet may help. Not in the handshake, and not if it has answered before it hung up.
    fn is_refusal(&self, error: &RedisError, wire: &Wire) -> bool {
        let was_asked = !self.in_handshake.load(Ordering::Relaxed);
        was_asked && refuses_hello(error) && !(was_hung_up(error) && wire.first_answer.get().is_some())
    }

    async fn greet_without_hello(&self) -> RedisResult<Connection> {
        greet(self, &self.endpoint.in_resp2(), None, Wire::default()).await
    }

    fn failed(&self, error: RedisError) -> Failure {
        explain(self.endpoint, error).into()
    }
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

/// Reads a key, as calls do: some peers answer `PING` and nothing else. Any answer will do.
async fn answers(connection: &Connection) -> RedisResult<()> {
    let asked = redis::cmd("GET").arg(NOBODYS).exec_async(&mut connection.driver.clone()).await;
    asked.or_else(|error| if error.is_unrecoverable_error() { Err(error) } else { Ok(()) })
}

/// Greets as `endpoint` says, which is the attempt's or the same in RESP2.
async fn greet(
    attempt: &ConnectionAttempt<'_>,
    endpoint: &Endpoint,
    watched: Option<(Epoch, OnPush)>,
    wire: Wire,
) -> RedisResult<Connection> {
    let ConnectionAttempt { server, target, in_handshake, .. } = attempt;
    let (epoch, on_push) = watched.unzip();
    let placement = server.placement(endpoint, target);
    // Callers bound their requests themselves, so the driver's own time limits are off.
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
    let settings = endpoint.info.redis_settings();
    let (mut connection, driver) = match target {
        PeerAddress::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Waiting for acknowledgements before sending small requests costs more than packets do.
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
    let Wire { callers, breaker, first_answer } = wire;
    let server = Arc::clone(server);
    let abilities = Arc::<Abilities>::default();
    if server.config.is_cluster_node {
        // The keys of one `MGET` would have to be of one slot.
        abilities.mget.refuse();
    }
    let dedicated = Dedicated::new(&server.config, endpoint, target);
    let identity = OnceLock::new();
    let health =
        Arc::new(Health { breaker, callers, abilities, server, placement, identity, dedicated, driver });
    if !endpoint.speaks_resp3() {
        log_in(&mut connection, &endpoint.address).await?;
    }
    // Otherwise only the first call would reveal a server that requires a password, or is loading.
    redis::cmd("PING").exec_async(&mut connection).await?;
    if health.server.config.is_replica && health.server.config.is_cluster_node {
        // Otherwise it sends every request to its primary.
        redis::cmd("READONLY").exec_async(&mut connection).await?;
    }
    let greeting = Greeting::of(first_answer.get());
    if greeting.is_in_cluster_mode && !health.server.config.is_cluster_node {
        health.server.is_in_cluster_mode();
    }
    Ok(Connection {
        driver: connection,
        epoch: epoch.unwrap_or_default(),
        is_primary: greeting.is_primary,
        since: Instant::now(),
        log_in_at: endpoint.log_in_at,
        health,
    })
}

/// What the stream of a connection shares with its callers and its reconnector.
#[derive(Default, Clone)]
struct Wire {
    callers: Arc<Traffic>,
    breaker: Arc<Breaker>,
    first_answer: FirstAnswer,
}

/// Greets over `stream`, and runs the driver on the current runtime.
async fn drive<S>(
    settings: &RedisConnectionInfo,
    stream: S,
    config: AsyncConnectionConfig,
    wire: &Wire,
) -> RedisResult<(MultiplexedConnection, AbortHandle)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The cork sees each byte that arrives, also of what is not given to the driver yet.
    let stream = Frames::new(Cork::new(stream, Arc::clone(&wire.callers)), Arc::clone(&wire.first_answer));
    let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    let breaker = Arc::clone(&wire.breaker);
    let driven = async move {
        driver.await;
        // So that the connection is replaced before the next call needs it.
        breaker.close();
    };
    Ok((connection, tokio::spawn(driven).abort_handle()))
}
