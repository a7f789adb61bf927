//! One connection for one runtime, kept up in the background.
//!
//! A connection dies with the runtime that made it, and a runtime that nobody polls drives nothing. So each runtime
//! that asks gets a lane of its own: a task on that runtime which connects, publishes the connection, waits for its end
//! and connects again. The driver's `ConnectionManager` is not used: it keeps callers waiting while it reconnects, and
//! never replaces a connection whose peer fell silent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Config;
use super::abilities::Abilities;
use super::alarm::Alarm;
use super::breaker::End;
use super::connect::{Connection, Proof, connect};
use super::leases::Leases;
use super::reads::Reads;
use super::watch::Watch;
use crate::error::{Error, ErrorKind};
use crate::home;
use crate::process::{self, Generation};

/// How long to wait before the second attempt; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// So a server that is back is found again within a second.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// How long to wait where a server is there, and refuses to be watched, or is not whom we trust: people have to see to it.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// The longest that an attempt in the background takes, whatever `connect` may: an attempt whose packets are swallowed says
/// nothing of the next one.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(1);

/// What callers see of a lane.
#[derive(Clone)]
enum State {
    /// An attempt has just begun: worth waiting for.
    Connecting,
    Up(Connection),
    /// The last attempt failed, or takes long. Not worth waiting for; the next attempt is on its way.
    Down(Error),
}

/// A runtime's connection. Dropping it ends the task and the connection.
pub(super) struct Lane {
    pub(super) home: Handle,
    /// Of which process. A fork has the lane, and nobody who drives it.
    process: Generation,
    state: watch::Receiver<State>,
    pub(super) reads: Reads,
    pub(super) leases: Leases,
    pub(super) alarm: Alarm,
    task: JoinHandle<()>,
}

impl Lane {
    /// Starts to connect on `runtime`, or publishes `first` if a connection is there already.
    pub(super) fn start(runtime: &Handle, config: &Arc<Config>, first: Option<Connection>) -> Self {
        Self::kept(runtime, config, first, None)
    }

    /// Starts to connect on `runtime`, and watches.
    pub(super) fn watched(runtime: &Handle, config: &Arc<Config>, watch: Watch) -> Self {
        Self::kept(runtime, config, None, Some(watch))
    }

    fn kept(runtime: &Handle, config: &Arc<Config>, first: Option<Connection>, watch: Option<Watch>) -> Self {
        let (publish, state) = watch::channel(first.map_or(State::Connecting, State::Up));
        let task = runtime.spawn(keep_up(Keeper { config: Arc::clone(config), watch, publish }));
        Self {
            home: runtime.clone(),
            process: process::current(),
            state,
            reads: Reads::default(),
            leases: Leases::default(),
            alarm: Alarm::new(),
            task,
        }
    }

    pub(super) fn is_of(&self, runtime: runtime::Id) -> bool {
        self.home.id() == runtime
    }

    /// Whether it is that of a process before this one, as far as is known.
    pub(super) fn is_of_another_process(&self) -> bool {
        self.process != process::known()
    }

    /// Whether the runtime is gone.
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// The connection, at once where there is one or where there can be none.
    pub(super) fn now(&self) -> Option<Result<Connection, Error>> {
        match &*self.state.borrow() {
            State::Connecting => None,
            State::Up(connection) => Some(Ok(connection.clone())),
            State::Down(error) => Some(Err(error.clone())),
        }
    }

    /// What the server of the connection can do. Of one that is being made nothing is known.
    pub(super) fn abilities(&self) -> Arc<Abilities> {
        match &*self.state.borrow() {
            State::Up(connection) => connection.abilities(),
            State::Connecting | State::Down(_) => Arc::default(),
        }
    }

    /// What to wait on when [`now`](Self::now) has no answer. Bounded by the caller's deadline.
    pub(super) fn later(&self) -> impl Future<Output = Result<Connection, Error>> + use<> {
        let mut state = self.state.clone();
        async move {
            match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
                Ok(State::Up(connection)) => Ok(connection.clone()),
                Ok(State::Down(error)) => Err(error.clone()),
                Ok(State::Connecting) | Err(_) => {
                    Err(Error::new(ErrorKind::Connection, "the runtime of the cache's connection has ended"))
                }
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What keeps a lane up.
struct Keeper {
    config: Arc<Config>,
    watch: Option<Watch>,
    publish: watch::Sender<State>,
}

async fn keep_up(keeper: Keeper) {
    loop {
        let up = match &*keeper.publish.borrow() {
            State::Up(connection) => Some(connection.clone()),
            _ => None,
        };
        let proof = match up {
            Some(connection) => keeper.until_lost(&connection).await,
            None => Proof::Greeting,
        };
        keeper.publish.send_replace(State::Up(keeper.connected(proof).await));
    }
}

impl Keeper {
    /// Waits for a connection's end, and tells of it; says what the next one has to show.
    async fn until_lost(&self, connection: &Connection) -> Proof {
        let end = match &self.watch {
            None => connection.ended().await,
            Some(watch) => watch.keep(connection, self.config.deadline).await,
        };
        let server = &self.config.endpoint.name;
        let (how, next, proof) = match end {
            End::Silent => ("fell silent", State::Down as fn(Error) -> State, Proof::Answer),
            End::Closed => ("was closed", (|_| State::Connecting) as fn(Error) -> State, Proof::Greeting),
        };
        let lost = Error::new(ErrorKind::Connection, format!("the connection to {server} {how}"));
        log::warn!("{lost}; connecting again");
        // A peer that fell silent will keep its callers waiting again: they wait no more until it has answered.
        self.publish.send_replace(next(lost));
        proof
    }

    /// Tries until it succeeds.
    async fn connected(&self, proof: Proof) -> Connection {
        let mut pause = FIRST_PAUSE;
        let began = Instant::now();
        loop {
            let is_rare = match self.attempt(proof).await {
                Ok(connection) => {
                    if pause > FIRST_PAUSE {
                        let server = &self.config.endpoint.name;
                        log::info!("connected to {server} after {:?}", began.elapsed());
                    }
                    return connection;
                }
                Err(error) => {
                    // Once for each outage, not once for each attempt.
                    if pause == FIRST_PAUSE {
                        self.warn(&error);
                    }
                    let is_rare =
                        error.kind() == ErrorKind::Tls || (self.watch.is_some() && is_refusal(&error));
                    self.publish.send_replace(State::Down(error));
                    is_rare
                }
            };
            let _ = home::sleep(if is_rare { REFUSED_PAUSE } else { pause }).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn warn(&self, error: &Error) {
        match &self.watch {
            None => log::warn!("{error}; the cache is off until it is back"),
            Some(_) if is_refusal(error) => {
                log::warn!("{error}; values are not kept in this process, every hit asks Redis");
            }
            Some(_) => log::warn!("{error}; no values are kept in this process until it is back"),
        }
    }

    /// One attempt, in which callers wait no longer than they would for an answer.
    async fn attempt(&self, proof: Proof) -> Result<Connection, Error> {
        let limit = self.config.connect_timeout.min(LONGEST_ATTEMPT);
        let attempt = async {
            match &self.watch {
                None => connect(&self.config.endpoint, limit, proof, None).await,
                Some(watch) => watch.connect(&self.config, limit, proof).await,
            }
        };
        tokio::pin!(attempt);
        match home::timeout(self.config.deadline, attempt.as_mut()).await? {
            Some(result) => result,
            None => {
                let slow = format!("{} does not answer", self.config.endpoint.name);
                self.publish.send_replace(State::Down(Error::new(ErrorKind::Timeout, slow)));
                attempt.await
            }
        }
    }
}

/// Whether the server is there, and will not have it.
fn is_refusal(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout)
}
