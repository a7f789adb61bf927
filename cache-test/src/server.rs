//! A Redis server that belongs to one test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Connection, FromRedisValue, RedisError, RedisResult, Value};

use crate::Identity;
use crate::builder::{Builder, Ports, START_DEADLINE};
use crate::dir::TempDir;
use crate::monitor::Monitor;
use crate::process::Process;

/// How long a server may take to answer what a test asks it on the side.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// How long replicas may take to get what was written.
const REPLICATION: Duration = Duration::from_secs(30);
/// What the support itself, and every client's set-up, adds to a server's count of commands.
const NOT_COUNTED: [&str; 8] = ["info", "client", "hello", "auth", "ping", "select", "echo", "monitor"];

/// A running server on a port of its own, without persistence. It is killed on drop.
///
/// ```
/// use redis_cached_test::RedisServer;
///
/// let server = RedisServer::start();
/// server.cli(&["SET", "city", "Berlin"]);
/// assert_eq!(server.query::<String>(&["GET", "city"]), "Berlin");
/// server.kill();
/// assert!(!server.answers());
/// server.restart();
/// assert_eq!(server.query::<Option<String>>(&["GET", "city"]), None);
/// ```
///
/// All methods take `&self`, so that a test can break a server which its tasks are using.
#[derive(Debug)]
pub struct RedisServer {
    // Declared before the directory, so that the server is dead when its directory goes.
    process: Mutex<Option<Process>>,
    options: Mutex<Builder>,
    ports: Ports,
    dir: TempDir,
}

impl RedisServer {
    pub(crate) fn new(process: Process, options: Builder, ports: Ports, dir: TempDir) -> Self {
        Self { process: Mutex::new(Some(process)), options: Mutex::new(options), ports, dir }
    }

    /// A server of one's own with the default settings.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Settings for a server of one's own.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// One server for all tests of this process, for those that neither break it nor count what it does.
    pub fn shared() -> &'static Self {
        // Never dropped; the process's watchdog ends it.
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::builder().unix_socket(true).start())
    }

    /// `redis://…`, with the password where there is one.
    pub fn url(&self) -> String {
        self.options().url(self.ports.plain)
    }

    /// The URL of a stand-in for this server, such as a proxy, on another port of 127.0.0.1.
    pub fn url_at(&self, port: u16) -> String {
        self.options().url(port)
    }

    /// `rediss://127.0.0.1…`, with the password where there is one.
    ///
    /// # Panics
    /// Where the server was started without [`Builder::tls`].
    pub fn tls_url(&self) -> String {
        self.tls_url_at(self.tls_port())
    }

    pub(crate) fn tls_url_at(&self, port: u16) -> String {
        self.options().tls_url(port)
    }

    /// The port for TLS.
    ///
    /// # Panics
    /// As [`tls_url`](Self::tls_url).
    pub fn tls_port(&self) -> u16 {
        self.ports.tls.expect("this server speaks no TLS: RedisServer::builder().tls(…)")
    }

    /// The port by which the other nodes of a cluster know it.
    pub(crate) fn bus_base(&self) -> u16 {
        self.ports.tls.unwrap_or(self.ports.plain)
    }

    /// Kills the server, and starts it again with another certificate.
    pub fn restart_with(&self, identity: &Identity) {
        self.options().set_tls(identity);
        self.restart();
    }

    /// `unix://…`, with the password where there is one.
    ///
    /// # Panics
    /// Where the server was started without [`Builder::unix_socket`].
    pub fn unix_url(&self) -> String {
        self.options().unix_url(self.dir.path())
    }

    /// The TCP port, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.ports.plain
    }

    /// The id of the server's process.
    pub fn pid(&self) -> u32 {
        self.with_process(|process| process.pid())
    }

    /// What the server has printed.
    pub fn log(&self) -> String {
        self.with_process(|process| process.output())
    }

    /// Kills the server (SIGKILL) and waits until it is gone. Nothing is saved.
    pub fn kill(&self) {
        self.lock().take();
    }

    /// Starts the server again on its port, empty; kills it before where it still runs.
    pub fn restart(&self) {
        let mut process = self.lock();
        process.take();
        let deadline = Instant::now() + START_DEADLINE;
        // Some other program's connection may have been given the port in between. Such use is short.
        while process.is_none() {
            assert!(
                Instant::now() < deadline,
                "port {} was not free again within {START_DEADLINE:?}",
                self.ports.plain
            );
            *process = self.options().launch(self.ports, self.dir.path());
        }
    }

    /// Freezes the server (SIGSTOP): connections stay open, nothing is answered. It is frozen when this returns.
    pub fn pause(&self) {
        self.with_process(|process| process.pause());
    }

    /// Lets a frozen server go on (SIGCONT).
    pub fn resume(&self) {
        self.with_process(|process| process.resume());
    }

    /// Takes no writes for a second, and waits until a replica has all that was written before: what is acknowledged by then is not lost if this
    /// server is.
    ///
    /// # Panics
    /// Where the replica is not so far within that second.
    pub fn settle(&self, replica: &Self) {
        self.cli(&["CLIENT", "PAUSE", "1000", "WRITE"]);
        let until = Instant::now() + Duration::from_millis(900);
        while self.info("master_repl_offset") != replica.info("master_repl_offset") {
            assert!(Instant::now() < until, "the replica is behind");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until so many replicas have acknowledged all that was written before.
    ///
    /// # Panics
    /// Where they have not within half a minute.
    pub fn wait_for_replicas(&self, count: u64) {
        let mut connection = self.connection();
        // `WAIT` waits for what its own connection had seen, and a new one has seen nothing.
        redis::cmd("PING").exec(&mut connection).expect("the server answers");
        let until = Instant::now() + REPLICATION;
        while redis::cmd("WAIT")
            .arg(count)
            .arg(1000)
            .query::<u64>(&mut connection)
            .expect("the server answers")
            < count
        {
            assert!(Instant::now() < until, "{count} replicas are behind");
        }
    }

    /// A new connection with time limits, for what [`cli`](Self::cli) cannot say, such as binary values.
    pub fn connection(&self) -> Connection {
        self.try_connection().expect("the server takes connections")
    }

    fn try_connection(&self) -> RedisResult<Connection> {
        let client = Client::open(self.url()).expect("our own URL is well-formed");
        let connection = client.get_connection_with_timeout(ANSWER_DEADLINE)?;
        connection.set_read_timeout(Some(ANSWER_DEADLINE)).expect("a connection takes a time limit");
        Ok(connection)
    }

    /// Runs one command, as redis-cli does, on a connection of its own.
    ///
    /// # Panics
    /// Where the server answers with an error, or not at all.
    pub fn cli(&self, command: &[&str]) -> Value {
        self.query(command)
    }

    /// As [`cli`](Self::cli), with the answer in the type that is wanted.
    pub fn query<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut request = redis::Cmd::new();
        request.arg(command);
        request.query(&mut self.connection()).unwrap_or_else(|error| panic!("{}: {error}", command.join(" ")))
    }

    /// Whether the server knows a command with these options; runs it. What servers know differs in more than their version.
    ///
    /// # Panics
    /// Where the server has another objection, or does not answer.
    pub fn takes(&self, command: &[&str]) -> bool {
        let answer = redis::Cmd::new().arg(command).query::<Value>(&mut self.connection());
        match answer {
            Ok(_) => true,
            Err(error)
                if ["syntax error", "unknown command", "Unsupported CONFIG parameter"]
                    .iter()
                    .any(|no| error.to_string().contains(no)) =>
            {
                false
            }
            Err(error) => panic!("{}: {error}", command.join(" ")),
        }
    }

    /// Whether it runs, and is not frozen.
    pub fn answers(&self) -> bool {
        let soon = Duration::from_millis(500);
        let client = Client::open(self.url()).expect("our own URL is well-formed");
        client.get_connection_with_timeout(soon).is_ok_and(|mut connection| {
            connection.set_read_timeout(Some(soon)).is_ok()
                && redis::cmd("PING").exec(&mut connection).is_ok()
        })
    }

    pub(crate) fn password(&self) -> Option<String> {
        self.options().password.clone()
    }

    /// Records every command from now on.
    pub fn monitor(&self) -> Monitor {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.plain));
        Monitor::start(address, self.options().password.clone())
    }

    /// How many commands the server has run since its start, those in scripts included; without those that set a
    /// connection up (`HELLO`, `AUTH`, `CLIENT`, `SELECT`, `PING`) and without the support's own.
    pub fn commands_processed(&self) -> u64 {
        let stats: String = self.query(&["INFO", "commandstats"]);
        stats.lines().filter_map(counted_calls).sum()
    }

    /// A field of `INFO`, such as `redis_version`. Asked again where the connection is dropped: Sentinel has a server that it makes a replica
    /// close the connections of its clients.
    pub fn info(&self, field: &str) -> Option<String> {
        let until = Instant::now() + ANSWER_DEADLINE;
        let everything = || redis::cmd("INFO").arg("everything").query::<String>(&mut self.try_connection()?);
        let mut info = everything();
        while info.as_ref().is_err_and(RedisError::is_connection_dropped) && Instant::now() < until {
            info = everything();
        }
        info_field(&info.unwrap_or_else(|error| panic!("INFO: {error}")), field).map(str::to_owned)
    }

    /// Removes all keys.
    pub fn flush_all(&self) {
        self.cli(&["FLUSHALL"]);
    }

    fn options(&self) -> MutexGuard<'_, Builder> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        // A test that panicked in here has failed already, and its server must still be dropped.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_process<R>(&self, then: impl FnOnce(&Process) -> R) -> R {
        then(self.lock().as_ref().expect("the server was killed and not started again"))
    }
}

pub(crate) fn info_field<'info>(info: &'info str, field: &str) -> Option<&'info str> {
    info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
}

/// The calls in a line such as `cmdstat_client|setinfo:calls=2,usec=3,…`, where they count.
fn counted_calls(line: &str) -> Option<u64> {
    let (command, stats) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
    let (calls, _) = stats.split_once(',')?;
    let name = command.split('|').next()?;
    if NOT_COUNTED.contains(&name) { None } else { calls.parse().ok() }
}
