//! Starting a server: its arguments, a port that is free, and the proof that the one that answers is ours.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redis::{Client, RedisResult};

use crate::dir::TempDir;
use crate::process::Process;
use crate::server::info_field;
use crate::{Identity, RedisServer, ports, programs};

/// How long a server may take to answer for the first time.
pub(crate) const START_DEADLINE: Duration = Duration::from_secs(10);
/// Tries at a free port, each of which another program may take before our server does.
const PORT_TRIES: usize = 20;
/// Where a developer's own server listens. No test ever goes there.
const THE_USERS_PORT: u16 = 6379;

/// How a [`RedisServer`] is to be started.
///
/// ```
/// use redis_cached_test::RedisServer;
///
/// let server = RedisServer::builder().password("secret").arg("--maxmemory").arg("10mb").start();
/// assert!(server.url().starts_with("redis://:secret@127.0.0.1:"));
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    /// The one that the environment says, if none is named.
    program: Option<String>,
    port: Option<u16>,
    unix_socket: bool,
    in_cluster_mode: bool,
    pub(crate) password: Option<String>,
    tls: Option<Identity>,
    clients_ca: Option<String>,
    bus_ca: Option<String>,
    args: Vec<String>,
    /// What a sentinel watches over, as lines of its file.
    sentinel: Option<String>,
}

/// Where a server listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    /// Where TLS is spoken, if it is.
    pub(crate) tls: Option<u16>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            program: None,
            port: None,
            unix_socket: false,
            in_cluster_mode: false,
            password: None,
            tls: None,
            clients_ca: None,
            bus_ca: None,
            args: Vec::new(),
            sentinel: None,
        }
    }

    /// The server program. Left out: the environment's `REDIS_SERVER`, else `redis-server` or `valkey-server`, whichever is on the `PATH`; with [`tls`](Self::tls) one that has it.
    #[must_use]
    pub fn program(mut self, path: impl Into<String>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// A fixed port, rather than a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        assert_ne!(port, THE_USERS_PORT, "that port is for the server of whoever runs the tests");
        self.port = Some(port);
        self
    }

    /// Whether to listen on a unix socket as well.
    #[must_use]
    pub fn unix_socket(mut self, on: bool) -> Self {
        self.unix_socket = on;
        self
    }

    /// A server in cluster mode, without slots and without others: [`RedisCluster`](crate::RedisCluster) is a whole cluster.
    #[must_use]
    pub fn in_cluster_mode(mut self) -> Self {
        self.in_cluster_mode = true;
        self
    }

    /// The default user's password, of letters and digits so that it stands in a URL as it is.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        let password = password.into();
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "only letters and digits, please");
        self.password = Some(password);
        self
    }

    /// Speaks TLS on a second port, as the owner of this certificate, with whatever client: [`RedisServer::tls_url`].
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.tls = Some(identity.clone());
        self
    }

    /// Speaks TLS with those clients only that have a certificate from a CA of this PEM.
    #[must_use]
    pub fn tls_clients_of(mut self, ca: impl Into<String>) -> Self {
        self.clients_ca = Some(ca.into());
        self
    }

    /// Speaks TLS with the other nodes of a cluster, whose certificates are from a CA of this PEM. The first port is then for who does
    /// not speak TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn bus_of(mut self, ca: impl Into<String>) -> Self {
        self.bus_ca = Some(ca.into());
        self
    }

    /// A sentinel, with these lines in its file.
    pub(crate) fn sentinel(mut self, lines: String) -> Self {
        self.sentinel = Some(lines);
        self
    }

    /// One more argument for the server, as in `.arg("--maxmemory").arg("10mb")`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Starts the server and returns when it answers.
    ///
    /// # Panics
    /// Where there is no such program, or the server does not answer within ten seconds; with its output.
    pub fn start(self) -> RedisServer {
        let dir = TempDir::new();
        let tries = if self.port.is_some() { 1 } else { PORT_TRIES };
        for _ in 0..tries {
            let free = if self.in_cluster_mode { ports::free_for_cluster } else { ports::free };
            let plain = self.port.unwrap_or_else(free);
            let ports = Ports { plain, tls: self.tls.is_some().then(free) };
            if let Some(process) = self.launch(ports, dir.path()) {
                return RedisServer::new(process, self, ports, dir);
            }
        }
        panic!("another program had the port of {} before it, {tries} times over", self.program_or_default());
    }

    /// A server that answers, or `None` where the port is another program's.
    pub(crate) fn launch(&self, ports: Ports, dir: &Path) -> Option<Process> {
        let mut process = self.spawn(ports, dir);
        let client = Client::open(self.url(ports.plain)).expect("our own URL is well-formed");
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let answer = answering_process(&client);
            if answer.as_ref().is_ok_and(|pid| *pid == process.pid()) {
                return Some(process);
            }
            if let Some(status) = process.exited() {
                let output = process.output();
                if output.contains("Address already in use") {
                    return None;
                }
                panic!("{} ended at its start with {status}:\n{output}", self.program_or_default());
            }
            if Instant::now() > deadline {
                let output = process.output();
                let program = self.program_or_default();
                panic!("{program} did not answer within {START_DEADLINE:?} ({answer:?}):\n{output}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn program_or_default(&self) -> String {
        match &self.program {
            Some(program) => program.clone(),
            None if self.tls.is_some() => programs::default_program_with_tls(),
            None => programs::default_program(),
        }
    }

    fn spawn(&self, ports: Ports, dir: &Path) -> Process {
        let mut args =
            ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(str::to_owned).to_vec();
        // Nor from what a replica has once got: who is killed comes back empty, and not with what was there long ago.
        args.extend(["--rdb-del-sync-files", "yes"].map(str::to_owned));
        args.extend(["--port".to_owned(), ports.plain.to_string()]);
        args.extend(["--dir".to_owned(), dir.display().to_string()]);
        if self.unix_socket {
            args.extend(["--unixsocket".to_owned(), socket_path(dir).display().to_string()]);
        }
        if self.in_cluster_mode {
            args.extend(["--cluster-enabled", "yes"].map(str::to_owned));
        }
        if let Some(password) = &self.password {
            // The second is for its primary, where it becomes a replica.
            args.extend([
                "--requirepass".to_owned(),
                password.clone(),
                "--masterauth".to_owned(),
                password.clone(),
            ]);
        }
        if let (Some(identity), Some(port)) = (&self.tls, ports.tls) {
            args.extend(["--tls-port".to_owned(), port.to_string()]);
            args.extend(self.tls_args(identity, dir));
        }
        args.extend_from_slice(&self.args);
        if let Some(lines) = &self.sentinel {
            args = sentinel_args(&args, lines, dir);
        }

        let program = self.program_or_default();
        match Process::spawn(&program, &args, dir) {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                panic!("{}", programs::missing(&program))
            }
            Err(error) => panic!("cannot start {program}: {error}"),
        }
    }

    fn tls_args(&self, identity: &Identity, dir: &Path) -> Vec<String> {
        let file = |name: &str, pem: &str| {
            let path = dir.join(name);
            std::fs::write(&path, pem).expect("a file in our own directory can be written");
            path.display().to_string()
        };
        let mut args = vec!["--tls-cert-file".into(), file("certificate.pem", &identity.certificate)];
        args.extend(["--tls-key-file".into(), file("key.pem", &identity.key)]);
        if let Some(ca) = &self.bus_ca {
            args.extend(
                ["--tls-cluster", "yes", "--tls-auth-clients", "no", "--tls-ca-cert-file"].map(str::to_owned),
            );
            args.push(file("bus.pem", ca));
            return args;
        }
        match &self.clients_ca {
            Some(ca) => args.extend(["--tls-ca-cert-file".into(), file("clients.pem", ca)]),
            None => args.extend(["--tls-auth-clients".into(), "no".into()]),
        }
        args
    }

    /// Another certificate, from the next start on.
    pub(crate) fn set_tls(&mut self, identity: &Identity) {
        self.tls = Some(identity.clone());
    }

    pub(crate) fn tls_url(&self, port: u16) -> String {
        self.url(port).replacen("redis://", "rediss://", 1)
    }

    pub(crate) fn url(&self, port: u16) -> String {
        let user = self.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"));
        format!("redis://{user}127.0.0.1:{port}")
    }

    pub(crate) fn unix_url(&self, dir: &Path) -> String {
        assert!(self.unix_socket, "this server has no unix socket: RedisServer::builder().unix_socket(true)");
        let password =
            self.password.as_ref().map_or_else(String::new, |password| format!("?pass={password}"));
        format!("unix://{}{password}", socket_path(dir).display())
    }
}

/// A sentinel keeps what it knows in its file, across restarts, and takes its other settings from there too.
fn sentinel_args(args: &[String], lines: &str, dir: &Path) -> Vec<String> {
    let file = dir.join("sentinel.conf");
    if !file.exists() {
        let mut text = String::new();
        for arg in args {
            match arg.strip_prefix("--") {
                Some(name) => text += &format!("\n{name}"),
                None => text += &format!(" \"{arg}\""),
            }
        }
        std::fs::write(&file, format!("{text}\n{lines}"))
            .expect("a file in our own directory can be written");
    }
    vec![file.display().to_string(), "--sentinel".into()]
}

fn socket_path(dir: &Path) -> PathBuf {
    dir.join("redis.sock")
}

/// The process behind an address. An answer to `PING` alone would not tell our server from one that had the port first.
fn answering_process(client: &Client) -> RedisResult<u32> {
    let mut connection = client.get_connection_with_timeout(Duration::from_secs(1))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    redis::cmd("PING").exec(&mut connection)?;
    let info: String = redis::cmd("INFO").arg("server").query(&mut connection)?;
    Ok(info_field(&info, "process_id").and_then(|pid| pid.parse().ok()).unwrap_or_default())
}
