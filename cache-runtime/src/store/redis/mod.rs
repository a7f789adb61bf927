//! Entries in Redis, over the `redis` crate. No other folder names that crate.

mod connect;
mod error;
mod lane;
mod url;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use redis::{Cmd, RedisResult, Value, cmd};
use tokio::runtime::{self, Handle};

use self::connect::Connection;
use self::error::{is_wrong_type, translate};
use self::lane::Lane;
use self::url::Endpoint;
use super::{Found, Left, Store};
use crate::blocking::{is_blocking, library_runtime};
use crate::decision::whole_millis;
use crate::error::{Error, ErrorKind};

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
    /// Which lane serves which runtime. Few: one a runtime, and those of runtimes that ended are dropped when another comes.
    lanes: RwLock<Vec<Home>>,
}

/// A runtime and the lane that serves it: its own, or the library's where it drives no I/O or no time.
struct Home {
    runtime: runtime::Id,
    lane: Arc<Lane>,
    /// Whose timers bound the waits of this runtime's tasks.
    timers: Handle,
}

impl RedisStore {
    /// Connects at first use.
    pub(crate) fn lazy(config: Config) -> Self {
        Self { config: Arc::new(config), lanes: RwLock::default() }
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connected(config: Config) -> Result<Self, Error> {
        let store = Self::lazy(config);
        let (caller, home) = store.runtimes()?;
        let config = Arc::clone(&store.config);
        // On the runtime that will drive the connection, which need not be the caller's.
        let first = home
            .spawn(async move { connect::connect(&config.endpoint, config.connect_timeout).await })
            .await
            .map_err(|source| Error::with_source(ErrorKind::Runtime, "the runtime ended while connecting", source))??;
        let lane = Arc::new(Lane::start(&home, &store.config, Some(first)));
        store.write_lanes().push(Home { runtime: caller, lane, timers: home });
        Ok(store)
    }

    /// The runtime that asks, and the one that serves it.
    fn runtimes(&self) -> Result<(runtime::Id, Handle), Error> {
        let asking = if is_blocking() { None } else { Handle::try_current().ok() };
        match asking {
            Some(asking) if drives_io_and_time(&asking) => Ok((asking.id(), asking)),
            Some(asking) => Ok((asking.id(), library_runtime()?)),
            None => library_runtime().map(|library| (library.id(), library)),
        }
    }

    /// The lane of the runtime that asks, made where there is none, and the timers to wait with.
    fn lane(&self) -> Result<(Arc<Lane>, Handle), Error> {
        let asking = if is_blocking() { None } else { Handle::try_current().ok() };
        let asking = match asking {
            Some(asking) => asking,
            None => library_runtime()?,
        };
        let known = |homes: &[Home]| {
            let home = homes.iter().find(|home| home.runtime == asking.id())?;
            Some((Arc::clone(&home.lane), home.timers.clone()))
        };
        if let Some(found) = known(&self.lanes.read().unwrap_or_else(|poisoned| poisoned.into_inner())) {
            return Ok(found);
        }
        let (runtime, timers) = self.runtimes()?;
        let mut homes = self.write_lanes();
        homes.retain(|home| !home.lane.is_over());
        // Another task may have been faster.
        if let Some(found) = known(&homes) {
            return Ok(found);
        }
        let shared = homes.iter().find(|home| home.lane.is_of(timers.id())).map(|home| Arc::clone(&home.lane));
        let lane = shared.unwrap_or_else(|| Arc::new(Lane::start(&timers, &self.config, None)));
        homes.push(Home { runtime, lane: Arc::clone(&lane), timers: timers.clone() });
        Ok((lane, timers))
    }

    fn write_lanes(&self) -> std::sync::RwLockWriteGuard<'_, Vec<Home>> {
        self.lanes.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sends one command and waits for its answer, at most until `until` all in all.
    async fn run(&self, doing: &str, command: &Cmd, until: Instant) -> Result<RedisResult<Value>, Error> {
        let (lane, timers) = self.lane()?;
        let mut used = None;
        let work = async {
            let mut connection = match lane.now() {
                Some(connection) => connection?,
                None => lane.later().await?,
            };
            used = Some(connection.clone());
            Ok(connection.driver.send_packed_command(command).await)
        };
        let answer = {
            // Timers belong to the runtime that is current when they are made.
            let entered = timers.enter();
            let bounded = tokio::time::timeout_at(until.into(), work);
            drop(entered);
            bounded
        }
        .await;
        match answer {
            Ok(Ok(answer)) => {
                settle(used.as_ref(), &answer);
                Ok(answer)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                if let Some(connection) = used {
                    connection.timed_out();
                }
                Err(Error::new(ErrorKind::Timeout, format!("cannot {doing}: no answer in time")))
            }
        }
    }
}

/// Tells the connection how the exchange went.
fn settle(connection: Option<&Connection>, answer: &RedisResult<Value>) {
    let Some(connection) = connection else { return };
    match answer {
        Err(error) if error.is_unrecoverable_error() => connection.give_up(),
        _ => connection.answered(),
    }
}

/// Whether the runtime was built with `enable_io` and `enable_time`; without them the driver would panic in the caller's task.
/// There is no way to ask but to try; a runtime without them prints the panic's message, once.
fn drives_io_and_time(runtime: &Handle) -> bool {
    let _entered = runtime.enter();
    catch_unwind(AssertUnwindSafe(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        drop(tokio::net::UdpSocket::from_std(unbound()?));
        Some(())
    }))
    .is_ok()
}

/// A socket that nobody can send to, to try the runtime's I/O with.
fn unbound() -> Option<std::net::UdpSocket> {
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

impl Store for RedisStore {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        let mut command = Cmd::with_capacity(2, key.len() + 3);
        command.arg("GET").arg(key);
        match self.run("GET", &command, until).await?.and_then(Value::extract_error) {
            Ok(Value::BulkString(bytes)) => Ok(Found::Bytes(bytes)),
            Ok(Value::Nil) => Ok(Found::Absent),
            Ok(_) => Ok(Found::Foreign),
            Err(error) if is_wrong_type(&error) => Ok(Found::Foreign),
            Err(error) => Err(translate("GET", error)),
        }
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>, until: Instant) -> Result<(), Error> {
        let mut command = Cmd::with_capacity(5, key.len() + value.len() + 32);
        command.arg("SET").arg(key).arg(value);
        if let Some(ttl) = ttl {
            command.arg("PX").arg(whole_millis(ttl));
        }
        self.run("SET", &command, until).await?.and_then(Value::extract_error).map_err(|error| translate("SET", error))?;
        Ok(())
    }

    async fn remove(&self, key: &str, until: Instant) -> Result<(), Error> {
        let command = cmd("UNLINK").arg(key).to_owned();
        let answer = self.run("UNLINK", &command, until).await?.and_then(Value::extract_error);
        answer.map_err(|error| translate("UNLINK", error))?;
        Ok(())
    }

    async fn left(&self, key: &str, until: Instant) -> Result<Left, Error> {
        let command = cmd("PTTL").arg(key).to_owned();
        match self.run("PTTL", &command, until).await?.and_then(Value::extract_error) {
            Ok(Value::Int(millis @ 0..)) => Ok(Left::Expires(Duration::from_millis(millis.unsigned_abs()))),
            Ok(Value::Int(-1)) => Ok(Left::Never),
            Ok(_) => Ok(Left::Absent),
            Err(error) => Err(translate("PTTL", error)),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.config.endpoint.name).finish_non_exhaustive()
    }
}
