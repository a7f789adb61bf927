//! Dedicated connections: where few threads read, a blocking caller does its own input and output, and no other thread is woken for it.
//!
//! They belong to a shared connection and end with it, so whatever closes or replaces that one (a restart, a move, a demotion, a peer that
//! fell silent) leaves nobody who reads on them. They are used only while one other caller at most reads on the shared one, and nothing else is
//! in flight there: many readers are faster in batches, and what this process has just sent is answered before what it asks next. They are made
//! in the background, where calls follow each other. Whatever is wrong with one, the shared connection answers instead, and knows what to make of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::{RedisResult, Value};
use tokio::runtime::Handle;

use super::config::Config;
use super::dedicated_socket::Socket;
use super::live::Health;
use super::login;
use super::request::unanswered;
use super::runtime_connection::RuntimeConnection;
use super::server::PeerAddress;
use super::takeover::ServerIdentity;
use super::url::Endpoint;
use crate::error::Error;
use crate::store::redis::commands::get;
use crate::store::redis::error::{is_wrong_type, translate};
use crate::store::redis::replies::found;
use crate::store::request_times::CommandKind;
use crate::store::vocabulary::Found;
use crate::util::clock::after;
use crate::util::locks::lock;
use crate::util::retry_gate::RetryGate;

/// How many there are of one server. More threads are better served by batches.
const MOST: usize = 2;
/// Calls that follow each other within this time are worth a connection, and one is made in this time.
const IN_A_ROW: Duration = Duration::from_millis(50);
/// Before the next one is made after one that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest that an attempt takes.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(1);
/// The longest key in bytes. The system takes the request at once, so that writing it waits for nobody.
const LONGEST_KEY: usize = 4096;
/// With less time left, none is set at the socket.
const SHORTEST: Duration = Duration::from_millis(1);

/// The dedicated connections beside a shared one.
pub(super) struct Dedicated {
    /// Where the shared one leads. `None` if there are to be none.
    address: Option<SocketAddr>,
    sockets: Mutex<Sockets>,
    gate: RetryGate,
}

#[derive(Default)]
struct Sockets {
    /// The last one was used last.
    idle: Vec<Socket>,
    /// How many are idle, in use, or being made.
    count: usize,
    /// When the last caller came.
    asked: Option<Instant>,
}

impl Dedicated {
    /// To a single server without TLS, over TCP. Other servers are asked over their shared connections.
    pub(super) fn new(config: &Config, endpoint: &Endpoint, target: &PeerAddress) -> Self {
        let is_one = !config.is_cluster_node && !config.is_replica && config.locator.is_none();
        let address = match target {
            PeerAddress::Tcp(address) if is_one && endpoint.tls.is_none() => Some(*address),
            _ => None,
        };
        Self { address, sockets: Mutex::default(), gate: RetryGate::default() }
    }

    /// An idle one that was used within `limit`: the network may have dropped others. Without one, whether one is to be made, which is counted.
    fn take(&self, limit: Duration, now: Instant) -> Result<Socket, bool> {
        let mut sockets = lock(&self.sockets);
        let last = sockets.asked.replace(now);
        if let Some(socket) = sockets.idle.pop() {
            if socket.is_fresh(limit, now) {
                return Ok(socket);
            }
            // The others were used before it.
            sockets.count -= 1 + sockets.idle.drain(..).count();
        }
        let in_a_row = last.is_some_and(|last| now.saturating_duration_since(last) < IN_A_ROW);
        let is_wanted = in_a_row && sockets.count < MOST && self.gate.admits_one(IN_A_ROW);
        sockets.count += usize::from(is_wanted);
        Err(is_wanted)
    }

    fn give_back(&self, socket: Socket) {
        lock(&self.sockets).idle.push(socket);
    }

    /// One has failed, or was not made. No peer can make the library busy with it.
    fn failed(&self) {
        lock(&self.sockets).count -= 1;
        self.gate.close(PAUSE);
    }
}

impl RuntimeConnection {
    /// `GET` on the calling thread, which waits until `until` at most, beside `readers` on the shared connection. `None` if that is to be
    /// asked.
    pub(crate) fn get_on_this_thread(
        &self,
        key: &str,
        readers: usize,
        until: Instant,
    ) -> Option<Result<Found, Error>> {
        // With one, so that two threads who have met there do not keep each other from leaving.
        if readers >= MOST {
            return None;
        }
        let health = self.health()?;
        let (now, dedicated) = (Instant::now(), &health.dedicated);
        // Who looked for the connection of a blocking caller has determined the process.
        if self.is_of_another_process()
            || key.len() > LONGEST_KEY
            || until < now + SHORTEST
            || !health.has_room(readers)
        {
            return None;
        }
        let mut socket = match dedicated.take(health.server.idleness.interval(), now) {
            Ok(socket) => socket,
            Err(is_wanted) => {
                if is_wanted {
                    make(health, &self.runtime);
                }
                return None;
            }
        };
        let (signs, watched) = (health.callers.signs(), self.request_times.begin(CommandKind::Get, || 1));
        match socket.ask(&get(key.as_bytes()), until).map(Value::extract_error) {
            Ok(answer) if answer.as_ref().err().is_none_or(is_wrong_type) => {
                watched.end(None);
                health.breaker.answered();
                dedicated.give_back(socket);
                Some(found("GET", answer))
            }
            Ok(_refusal) => {
                dedicated.failed();
                None
            }
            Err(error) => {
                dedicated.failed();
                if !error.is_timeout() {
                    // It was closed, perhaps long ago.
                    return None;
                }
                // As for any request, a sign of life of the peer means that it is busy.
                if !socket.has_heard() && health.callers.signs() == signs {
                    health.breaker.timed_out();
                }
                let error = unanswered("GET");
                watched.end(Some(error.kind()));
                Some(Err(error))
            }
        }
    }
}

impl Health {
    /// Whether dedicated connections are used: not while more is in flight on the shared one than reads, or where there is doubt about it.
    fn has_room(&self, readers: usize) -> bool {
        self.dedicated.address.is_some()
            && self.callers.waiting() <= readers
            && self.breaker.end().is_none()
            && self.identity.get().is_some_and(ServerIdentity::is_known)
            && self.server.unreadable.check("GET").is_ok()
    }
}

/// Makes one in the background.
fn make(health: Arc<Health>, runtime: &Handle) {
    runtime.spawn(async move {
        match made(&health).await {
            Some(socket) => health.dedicated.give_back(socket),
            None => health.dedicated.failed(),
        }
    });
}

async fn made(health: &Health) -> Option<Socket> {
    let (server, address) = (&health.server, health.dedicated.address?);
    let endpoint = server.endpoint().await.ok()?.into_owned();
    let (name, identity) = (endpoint.name.clone(), health.identity.get()?.clone());
    let until = after(server.config.connect_timeout.min(LONGEST_ATTEMPT));
    let connected = tokio::task::spawn_blocking(move || connect(address, &endpoint, &identity, until));
    let connected = connected.await.ok()?.map_err(|error| translate(&format!("connect to {name}"), error));
    connected.inspect_err(|error| log::debug!("{error}")).ok().flatten()
}

/// Connects to the server of the shared connection. `None` if another server answers at its address, as behind a load balancer.
fn connect(
    address: SocketAddr,
    endpoint: &Endpoint,
    identity: &ServerIdentity,
    until: Instant,
) -> RedisResult<Option<Socket>> {
    let mut socket = Socket::connect(address, endpoint.log_in_at, until)?;
    for command in login::commands(&endpoint.address) {
        socket.ask(&command, until)?.extract_error()?;
    }
    let mut answers = Vec::with_capacity(2);
    for question in ServerIdentity::questions() {
        answers.push(socket.ask(&question, until)?.extract_error()?);
    }
    Ok(ServerIdentity::of_answers(&answers).is_surely(identity).then_some(socket))
}
