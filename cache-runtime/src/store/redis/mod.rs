//! Entries in Redis, over the `redis` crate. No other folder names that crate.

mod breaker;
#[cfg(test)]
mod breaker_races;
mod commands;
mod connect;
mod error;
mod gather;
mod lane;
mod script;
mod url;
mod watch;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::runtime::Handle;

use self::commands::Abilities;
use self::connect::{Connection, Health};
use self::error::translate;
use self::lane::Lane;
use self::url::Endpoint;
use self::watch::Watch;
use crate::blocking::library_runtime;
use crate::error::{Error, ErrorKind};
use crate::home::{home, timeout_at};
use crate::store::{Epoch, Observer};

/// Where the server is, and how long to wait for it.
pub(crate) struct Config {
    endpoint: Endpoint,
    /// The longest that a caller waits for a connection that is being made.
    deadline: Duration,
    /// The longest that an attempt to connect may take, in the background.
    connect_timeout: Duration,
}

impl Config {
    pub(crate) fn new(url: &str, deadline: Duration, connect_timeout: Duration) -> Result<Self, Error> {
        Ok(Self { endpoint: Endpoint::parse(url)?, deadline, connect_timeout })
    }
}

/// A single server.
pub(crate) struct RedisStore {
    config: Arc<Config>,
    /// One for each runtime that asked. Few: those of runtimes that ended are dropped when another comes.
    lanes: RwLock<Vec<Arc<Lane>>>,
    abilities: Abilities,
    watching: Option<Watching>,
}

/// Who wants to know of changes, and the connection on which Redis tells of them, made when something is read on it first.
struct Watching {
    observer: Arc<dyn Observer>,
    heartbeat: Duration,
    lane: OnceLock<Lane>,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            lanes: RwLock::default(),
            abilities: Abilities::default(),
            watching: None,
        }
    }

    /// Tells `observer` what becomes of keys that are read by `get_watched`, and asks that often whether the server is there.
    pub(crate) fn watched_by(mut self, observer: Arc<dyn Observer>, heartbeat: Duration) -> Self {
        self.watching = Some(Watching { observer, heartbeat, lane: OnceLock::new() });
        self
    }

    /// The watched lane.
    fn watched_lane(&self) -> Result<&Lane, Error> {
        let Some(watching) = &self.watching else {
            return Err(Error::new(ErrorKind::Server, "nobody watches"));
        };
        if let Some(lane) = watching.lane.get() {
            return Ok(lane);
        }
        let library = library_runtime()?;
        Ok(watching.lane.get_or_init(|| {
            let watch = Watch::new(Arc::clone(&watching.observer), watching.heartbeat);
            Lane::watched(&library, &self.config, watch)
        }))
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        let home = home()?;
        let config = Arc::clone(&store.config);
        // On the runtime that will drive the connection, which need not be the caller's.
        let first = home
            .spawn(async move { connect::connect(&config.endpoint, config.connect_timeout, None).await })
            .await
            .map_err(|source| {
                Error::with_source(ErrorKind::Runtime, "the runtime ended while connecting", source)
            })??;
        let lane = Arc::new(Lane::start(&home, &store.config, Some(first)));
        store.lanes.write().unwrap_or_else(PoisonError::into_inner).push(lane);
        Ok(store)
    }

    /// The lane of the caller's home, made where there is none.
    fn lane(&self, home: &Handle) -> Arc<Lane> {
        let known = |lanes: &[Arc<Lane>]| lanes.iter().find(|lane| lane.is_of(home.id())).map(Arc::clone);
        if let Some(lane) = known(&self.lanes.read().unwrap_or_else(PoisonError::into_inner)) {
            return lane;
        }
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| !lane.is_over());
        // Another task may have been faster.
        known(&lanes).unwrap_or_else(|| {
            let lane = Arc::new(Lane::start(home, &self.config, None));
            lanes.push(Arc::clone(&lane));
            lane
        })
    }

    /// Sends one command and waits for its answer, at most until `until` all in all.
    async fn run(&self, doing: &str, command: &Cmd, until: Instant) -> Result<RedisResult<Value>, Error> {
        let exchange = async |connection: &mut Connection| {
            // What the server says against a command comes as a value, and means no harm to the connection.
            connection.driver.send_packed_command(command).await
        };
        Ok(self.exchange(&*self.lane(&home()?), doing, exchange, until).await?.and_then(Value::extract_error))
    }

    /// Sends two commands at once and waits for both answers.
    async fn run_both(
        &self,
        lane: &Lane,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<([RedisResult<Value>; 2], Epoch), Error> {
        let mut epoch = Epoch(0);
        let exchange = async |connection: &mut Connection| {
            epoch = connection.epoch;
            connection.driver.send_packed_commands(pipeline, 0, 2).await
        };
        match self.exchange(lane, doing, exchange, until).await?.map(<[Value; 2]>::try_from) {
            Ok(Ok(answers)) => Ok((answers.map(Value::extract_error), epoch)),
            Ok(Err(_)) => Err(Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing"))),
            Err(error) => Err(translate(doing, error)),
        }
    }

    async fn exchange<T>(
        &self,
        lane: &Lane,
        doing: &str,
        exchange: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        until: Instant,
    ) -> Result<RedisResult<T>, Error> {
        let mut used = None;
        let answer = timeout_at(until, async {
            let mut connection = match lane.now() {
                Some(connection) => connection?,
                None => lane.later().await?,
            };
            let (health, _waiting) = connection.use_it();
            used = Some(health);
            Ok(exchange(&mut connection).await)
        });
        match answer.await? {
            Some(Ok(answer)) => {
                settle(used.as_ref(), &answer);
                Ok(answer)
            }
            Some(Err(error)) => Err(error),
            None => {
                if let Some(health) = used {
                    health.timed_out();
                }
                Err(Error::new(ErrorKind::Timeout, format!("cannot {doing}: no answer in time")))
            }
        }
    }
}

/// Tells the connection how the exchange went.
fn settle<T>(health: Option<&Arc<Health>>, answer: &RedisResult<T>) {
    let Some(health) = health else { return };
    match answer {
        Err(error) if error.is_unrecoverable_error() => health.close(),
        _ => health.answered(),
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.config.endpoint.name).finish_non_exhaustive()
    }
}
