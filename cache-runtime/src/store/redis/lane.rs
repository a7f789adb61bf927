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
use super::alarm::Alarm;
use super::breaker::End;
use super::connect::{Connection, connect};
use super::reads::Reads;
use crate::error::{Error, ErrorKind};

/// How long to wait before the second attempt; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// So a server that is back is found again within a second.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);

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
    runtime: runtime::Id,
    state: watch::Receiver<State>,
    pub(super) reads: Reads,
    pub(super) alarm: Alarm,
    task: JoinHandle<()>,
}

impl Lane {
    /// Starts to connect on `runtime`, or publishes `first` if a connection is there already.
    pub(super) fn start(runtime: &Handle, config: &Arc<Config>, first: Option<Connection>) -> Self {
        let (publish, state) = watch::channel(first.map_or(State::Connecting, State::Up));
        let task = runtime.spawn(keep_up(Arc::clone(config), publish));
        Self { runtime: runtime.id(), state, reads: Reads::default(), alarm: Alarm::new(runtime), task }
    }

    pub(super) fn is_of(&self, runtime: runtime::Id) -> bool {
        self.runtime == runtime
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

async fn keep_up(config: Arc<Config>, publish: watch::Sender<State>) {
    loop {
        let up = match &*publish.borrow() {
            State::Up(connection) => Some(connection.clone()),
            _ => None,
        };
        if let Some(connection) = up {
            let silent = connection.ended().await == End::Silent;
            let lost = Error::new(
                ErrorKind::Connection,
                format!(
                    "the connection to {} {}",
                    config.endpoint.name,
                    if silent { "fell silent" } else { "was closed" }
                ),
            );
            log::warn!("{lost}; connecting again");
            // A peer that fell silent will keep its callers waiting again: they wait no more until it has answered.
            publish.send_replace(if silent { State::Down(lost) } else { State::Connecting });
        }
        publish.send_replace(State::Up(connected(&config, &publish).await));
    }
}

/// Tries until it succeeds.
async fn connected(config: &Config, publish: &watch::Sender<State>) -> Connection {
    let mut pause = FIRST_PAUSE;
    let began = Instant::now();
    loop {
        match attempt(config, publish).await {
            Ok(connection) => {
                if pause > FIRST_PAUSE {
                    log::info!("connected to {} after {:?}", config.endpoint.name, began.elapsed());
                }
                return connection;
            }
            Err(error) => {
                // Once for each outage, not once for each attempt.
                if pause == FIRST_PAUSE {
                    log::warn!("{error}; the cache is off until it is back");
                }
                publish.send_replace(State::Down(error));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One attempt, in which callers wait no longer than they would for an answer.
async fn attempt(config: &Config, publish: &watch::Sender<State>) -> Result<Connection, Error> {
    let attempt = connect(&config.endpoint, config.connect_timeout.min(LONGEST_ATTEMPT));
    tokio::pin!(attempt);
    match tokio::time::timeout(config.deadline, &mut attempt).await {
        Ok(result) => result,
        Err(_) => {
            let slow = format!("{} does not answer", config.endpoint.name);
            publish.send_replace(State::Down(Error::new(ErrorKind::Timeout, slow)));
            attempt.await
        }
    }
}
