//! One server, as this process reaches it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use redis::{ConnectionAddr, Pipeline, Value};
use tokio::runtime::Handle;

use super::batching::batched_connection::BatchedConnection;
use super::batching::stores::WriteQueue;
use super::connection::by_runtime::ByRuntime;
use super::connection::config::Config;
use super::connection::connect::{Proof, connect};
use super::connection::ownership::{MapWishes, OwnerProbe};
use super::connection::request::unanswered;
use super::connection::runtime_connection::RuntimeConnection;
use super::connection::server::Server;
use super::connection::stall::{Stall, StallAdvice, probe};
use super::connection::takeover::Takeovers;
use super::connection::tracking::Tracking;
use super::error::translate;
use super::redirect::NodeAddress;
use super::replicated::ReplicatedWrites;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::runtime::executor::home;
use crate::store::request_times::RequestTimes;
use crate::store::vocabulary::{CasToken, InvalidationListener};
use crate::util::clock::after;
use crate::util::process;
use crate::util::process::PerProcess;

/// One server: a connection for each runtime that asks, and one on which changes are tracked.
pub(crate) struct Node {
    config: Arc<Config>,
    connections: PerProcess<Connections>,
    /// Whether the server answers writes.
    pub(crate) leases: Arc<Stall>,
    tracking: Option<Tracking>,
}

/// A process's connections.
#[derive(Default)]
struct Connections {
    /// What they share.
    server: OnceLock<Arc<Server>>,
    by_runtime: ByRuntime<BatchedConnection>,
    /// For keys of slots that the server is only being given: made when it is first asked for one.
    asking: ByRuntime<BatchedConnection>,
    /// Those on which removals wait for replicas, made at the first removal; the second for keys of such slots.
    replicated: [ByRuntime<ReplicatedWrites>; 2],
    /// The tracking connection, made at its first read.
    tracking: OnceLock<RuntimeConnection>,
}

impl Node {
    /// Connects at first use.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            connections: PerProcess::new(),
            leases: Arc::default(),
            tracking: None,
        }
    }

    /// Announces changes of keys that are read on the tracking connection to `listener`, and checks that often that the server answers.
    pub(crate) fn watched_by(&mut self, listener: Arc<dyn InvalidationListener>, heartbeat: Duration) {
        self.tracking = Some(Tracking { listener, heartbeat, node: 0, owner: None });
    }

    /// The same for the node of a cluster with this index.
    pub(crate) fn watched_as_owner(
        &mut self,
        listener: Arc<dyn InvalidationListener>,
        heartbeat: Duration,
        node: u16,
        wishes: &Arc<MapWishes>,
    ) {
        let owner = Some(Arc::new(OwnerProbe::new(wishes)));
        self.tracking = Some(Tracking { listener, heartbeat, node, owner });
    }

    /// Address without credentials, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.config.endpoint.name
    }

    /// Who is told that another server has taken its place.
    pub(crate) fn takeovers(&self) -> &Takeovers {
        &self.config.takeovers
    }

    /// What its connections record.
    pub(crate) fn request_times(&self) -> &RequestTimes {
        &self.config.request_times
    }

    /// Since when it is unreachable, if it is.
    pub(crate) fn lost(&self) -> Option<Instant> {
        self.server().lost()
    }

    /// Where it listens. `None` for a Unix socket.
    pub(crate) fn address(&self) -> Option<NodeAddress> {
        match self.config.endpoint.info.addr() {
            ConnectionAddr::Tcp(host, port) => NodeAddress::new(host, *port),
            _ => None,
        }
    }

    /// Asks something over a connection that is closed afterwards. Must be called on a runtime that drives I/O and time.
    pub(crate) async fn ask_aside(
        &self,
        doing: &str,
        question: &Pipeline,
        limit: Duration,
    ) -> Result<Vec<Value>, Error> {
        let asked = async {
            let connected = connect(self.server(), limit, Proof::Greeting, None).await;
            let connection = connected.map_err(|failure| failure.error)?;
            let mut driver = connection.driver.clone();
            let answers = driver.send_packed_commands(question, 0, question.len()).await;
            answers.map_err(|error| translate(doing, error))
        };
        executor::timeout(limit, asked).await?.unwrap_or_else(|| Err(unanswered(doing)))
    }

    /// Connects now, and fails if that fails.
    pub(crate) async fn connect_now(&self) -> Result<(), Error> {
        let home = home()?;
        let server = Arc::clone(self.server());
        // On the runtime that will drive the connection, which may not be the caller's.
        let first = home
            .spawn(async move {
                let limit = server.config.connect_timeout;
                connect(&server, limit, Proof::Greeting, None).await.map_err(|failure| failure.error)
            })
            .await
            .map_err(|source| {
                Error::with_source(ErrorKind::Runtime, "the runtime ended while connecting", source)
            })??;
        let connection = RuntimeConnection::start(&home, self.server(), Some(first));
        connection.look_around(after(self.config.deadline)).await;
        self.connections.by_runtime.get_or_make(home.id(), || BatchedConnection::new(connection));
        Ok(())
    }

    fn server(&self) -> &Arc<Server> {
        self.connections.server.get_or_init(|| Arc::new(Server::new(&self.config)))
    }

    /// The tracking connection.
    pub(crate) fn tracking_connection(&self) -> Result<&RuntimeConnection, Error> {
        let Some(tracking) = &self.tracking else {
            return Err(Error::new(ErrorKind::Server, "nobody watches"));
        };
        // Of this process: `library_runtime` determines the process.
        let library = library_runtime()?;
        let make = || RuntimeConnection::tracking(library, self.server(), tracking.clone());
        Ok(self.connections.tracking.get_or_init(make))
    }

    /// The same, for a key that a node of a cluster owns.
    pub(crate) fn tracking_connection_for(&self, key: &str) -> Result<&RuntimeConnection, Error> {
        if let Some(owner) = self.tracking.as_ref().and_then(|tracking| tracking.owner.as_ref()) {
            owner.offer(key);
        }
        self.tracking_connection()
    }

    /// The connection of the caller's runtime, made if there is none.
    pub(crate) fn connection(&self) -> Result<Arc<BatchedConnection>, Error> {
        let by_runtime = &self.connections.by_runtime;
        // A runtime with a connection has been examined before.
        if let Some(connection) = executor::current().and_then(|current| by_runtime.get(current.id())) {
            return Ok(connection);
        }
        let home = home()?;
        match by_runtime.get(home.id()) {
            Some(connection) => Ok(connection),
            None => self.new_connection(&home),
        }
    }

    /// Why the caller's runtime has no connection, if it has given up the last one.
    pub(crate) fn away(&self) -> Option<Error> {
        process::current();
        self.connection().ok()?.connection.down()
    }

    /// [`connection`](Self::connection), or the one for keys of slots that the server is only being given.
    pub(crate) fn connection_for(&self, is_asking: bool) -> Result<Arc<BatchedConnection>, Error> {
        if is_asking { self.asking_connection() } else { self.connection() }
    }

    /// The same for keys of slots that the server is only being given.
    fn asking_connection(&self) -> Result<Arc<BatchedConnection>, Error> {
        let home = home()?;
        let make = || BatchedConnection::new(RuntimeConnection::asking(&home, self.server()));
        Ok(self.connections.asking.get_or_make(home.id(), make))
    }

    /// Whether removals wait for replicas.
    pub(super) fn waits_for_replicas(&self) -> bool {
        self.config.replica_wait.is_some()
    }

    /// Where removals wait for replicas; `None` if they do not.
    pub(super) fn replicated(&self, is_asking: bool) -> Result<Option<Arc<ReplicatedWrites>>, Error> {
        let Some(wait) = self.config.replica_wait else { return Ok(None) };
        let home = home()?;
        let make = || {
            let connection = match is_asking {
                true => RuntimeConnection::asking(&home, self.server()),
                false => RuntimeConnection::start(&home, self.server(), None),
            };
            ReplicatedWrites::start(connection, wait, self.config.deadline)
        };
        let all = &self.connections.replicated[usize::from(is_asking)];
        Ok(Some(all.get_or_make(home.id(), make)))
    }

    fn new_connection(&self, home: &Handle) -> Result<Arc<BatchedConnection>, Error> {
        let by_runtime = &self.connections.by_runtime;
        let home = if by_runtime.has_ended(home.id()) {
            executor::drives_none(home);
            library_runtime()?
        } else {
            home
        };
        let make = || BatchedConnection::new(RuntimeConnection::start(home, self.server(), None));
        Ok(by_runtime.get_or_make(home.id(), make))
    }

    /// Where values wait to be stored. `None` if the caller's runtime does not drive a connection of its own.
    pub(crate) fn write_queue(&self) -> Option<WriteQueue> {
        let current = executor::current()?;
        let host = self.connection().ok()?;
        host.connection.is_of(current.id()).then(|| WriteQueue::new(host, self.config.deadline))
    }

    /// To be called before a lease is requested or released.
    ///
    /// # Errors
    /// While the server answers no lease requests.
    pub(crate) fn check_for_stall(&self, leases: &[(&str, CasToken)]) -> Result<(), Error> {
        leases.first().map_or(Ok(()), |(key, _)| self.check_for_stall_at(key))
    }

    /// The same for one key.
    pub(crate) fn check_for_stall_at(&self, key: &str) -> Result<(), Error> {
        match self.leases.advice() {
            StallAdvice::AskForLeases => return Ok(()),
            StallAdvice::Compute => {}
            StallAdvice::ComputeAndProbe => {
                let probe = probe(Arc::clone(self.server()), Arc::clone(&self.leases), key.to_owned());
                self.connection()?.connection.runtime.spawn(probe);
            }
        }
        Err(Error::new(ErrorKind::Timeout, "cannot lease: the server answers no writes"))
    }
}
