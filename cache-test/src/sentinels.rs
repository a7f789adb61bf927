//! Sentinels: real ones, with a primary and a replica to watch over.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use redis::Value;

#[cfg(feature = "tls")]
use crate::Authority;
use crate::builder::Builder;
use crate::{Identity, RedisServer};

/// The service that the sentinels watch over.
const SERVICE: &str = "cache";
/// How many of them have to agree that a primary is gone.
const QUORUM: usize = 2;
/// How long the sentinels may take to agree. One that finds itself late does nothing for half a minute (TILT).
const AGREEMENT: Duration = Duration::from_secs(60);

/// Three sentinels, a primary and its replicas. All are killed on drop.
///
/// ```
/// use redis_cached_test::RedisSentinels;
///
/// let sentinels = RedisSentinels::start();
/// assert!(sentinels.url().ends_with("/cache")); // the service's name
/// sentinels.failover(sentinels.second());
/// ```
#[derive(Debug)]
pub struct RedisSentinels {
    sentinels: Vec<RedisServer>,
    /// The first was the primary at the start.
    servers: Vec<RedisServer>,
    options: SentinelsBuilder,
}

/// How [`RedisSentinels`] are to be started.
#[derive(Debug, Clone)]
pub struct SentinelsBuilder {
    program: Option<String>,
    replicas: usize,
    password: Option<String>,
    sentinel_password: Option<String>,
    /// The certificate of all of them, and the CA of whoever they talk to.
    tls: Option<(Identity, String)>,
}

impl SentinelsBuilder {
    /// The program of servers and sentinels. Left out: as [`Builder::program`].
    #[must_use]
    pub fn program(mut self, path: impl Into<String>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// How many replicas the primary has. Left out: one. Those that come first are promoted first.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// The password of the servers.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The password of the sentinels.
    #[must_use]
    pub fn sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.sentinel_password = Some(password.into());
        self
    }

    /// Speaks TLS, servers and sentinels, with a certificate of this authority, and with those who have one from it.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, authority: &Authority) -> Self {
        self.tls = Some((authority.issue(), authority.pem()));
        self
    }

    /// Starts them, and returns when the sentinels know each other and the replicas.
    ///
    /// # Panics
    /// As [`Builder::start`], or where they do not find each other within half a minute.
    pub fn start(self) -> RedisSentinels {
        let primary = self.server().start();
        let port = self.port(&primary);
        let replica = |number: usize| {
            let replica = self.server().arg("--replicaof").arg("127.0.0.1").arg(port.to_string());
            replica.arg("--replica-priority").arg((100 + number).to_string()).start()
        };
        let servers = std::iter::once(primary).chain((0..self.replicas).map(replica)).collect();
        let sentinels = (0..3).map(|_| self.sentinel(port).start()).collect();
        let sentinels = RedisSentinels { sentinels, servers, options: self };
        sentinels.wait("the sentinels do not find each other", || {
            sentinels.sentinels.iter().all(|sentinel| {
                let about = about(sentinel);
                let known = |name| field(&about, name).parse().ok();
                known("num-other-sentinels") == Some(2)
                    && known("num-slaves") == Some(sentinels.options.replicas)
            }) && sentinels.servers[1..]
                .iter()
                .all(|replica| replica.info("master_link_status").as_deref() == Some("up"))
        });
        sentinels
    }

    fn own_builder(&self) -> Builder {
        match &self.program {
            Some(program) => RedisServer::builder().program(program),
            None => RedisServer::builder(),
        }
    }

    /// A primary waits five seconds for further replicas, unless it is told not to.
    fn server(&self) -> Builder {
        let builder = self.with_tls(self.own_builder().arg("--repl-diskless-sync-delay").arg("0"));
        match &self.password {
            Some(password) => builder.password(password),
            None => builder,
        }
    }

    fn sentinel(&self, primary: u16) -> Builder {
        let mut lines = format!(
            "sentinel monitor {SERVICE} 127.0.0.1 {primary} {QUORUM}\n\
             sentinel down-after-milliseconds {SERVICE} 1000\n\
             sentinel failover-timeout {SERVICE} 3000\n"
        );
        if let Some(password) = &self.password {
            lines += &format!("sentinel auth-pass {SERVICE} {password}\n");
        }
        let builder = self.with_tls(self.own_builder().sentinel(lines));
        match &self.sentinel_password {
            Some(password) => builder.password(password),
            None => builder,
        }
    }

    fn with_tls(&self, builder: Builder) -> Builder {
        match &self.tls {
            Some((identity, ca)) => {
                builder.tls(identity).tls_clients_of(ca).arg("--tls-replication").arg("yes")
            }
            None => builder,
        }
    }

    /// Where a server or a sentinel is reached by the others and by us.
    fn port(&self, server: &RedisServer) -> u16 {
        if self.tls.is_some() { server.tls_port() } else { server.port() }
    }
}

impl RedisSentinels {
    /// Without passwords.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Sentinels for all tests of this process, for those that neither break them nor count what they do.
    pub fn shared() -> &'static Self {
        // Never dropped; the watchdogs of its processes end it.
        static SHARED: OnceLock<RedisSentinels> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Settings for one's own.
    pub fn builder() -> SentinelsBuilder {
        SentinelsBuilder { program: None, replicas: 1, password: None, sentinel_password: None, tls: None }
    }

    /// `redis+sentinel://…`, or `rediss+sentinel://…`, with all sentinels and the passwords.
    pub fn url(&self) -> String {
        let sentinels: Vec<u16> = self.sentinels.iter().map(|sentinel| self.options.port(sentinel)).collect();
        self.url_of(&sentinels)
    }

    /// The same with other sentinels.
    pub fn url_of(&self, sentinels: &[u16]) -> String {
        let scheme = if self.options.tls.is_some() { "rediss" } else { "redis" };
        let user =
            self.options.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"));
        let hosts: Vec<String> = sentinels.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let password = self.options.sentinel_password.as_ref();
        let options = password.map_or_else(String::new, |password| format!("?sentinel_password={password}"));
        format!("{scheme}+sentinel://{user}{}/{SERVICE}{options}", hosts.join(","))
    }

    /// The sentinels.
    pub fn sentinels(&self) -> &[RedisServer] {
        &self.sentinels
    }

    /// The server that was the primary at the start.
    pub fn first(&self) -> &RedisServer {
        &self.servers[0]
    }

    /// The server that was the first replica at the start.
    pub fn second(&self) -> &RedisServer {
        &self.servers[1]
    }

    /// The servers, with the primary of the start first.
    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// Has the replica take over, with the primary's consent, and waits until all sentinels say so.
    pub fn failover(&self, to: &RedisServer) {
        self.sentinels[0].cli(&["SENTINEL", "FAILOVER", SERVICE]);
        self.wait_for_primary(to);
    }

    /// Waits until all sentinels that answer name this server.
    pub fn wait_for_primary(&self, server: &RedisServer) {
        let port = self.options.port(server).to_string();
        self.wait("the sentinels do not agree", || {
            let mut answering = self.sentinels.iter().filter(|sentinel| sentinel.answers());
            answering.all(|sentinel| field(&about(sentinel), "port") == port)
        });
    }

    /// Waits until a server that was replaced has the data of the one that replaced it, and all sentinels know.
    pub fn wait_for_replica(&self, server: &RedisServer) {
        let port = self.options.port(server).to_string();
        let is_ready = |sentinel: &RedisServer| {
            let replicas: Vec<Value> = sentinel.query(&["SENTINEL", "REPLICAS", SERVICE]);
            replicas.into_iter().map(fields).any(|replica| {
                field(&replica, "port") == port
                    && field(&replica, "role-reported") == "slave"
                    && field(&replica, "master-link-status") == "ok"
            })
        };
        self.wait("it does not become a replica", || self.sentinels.iter().all(is_ready));
    }

    /// Waits until all servers but this one are its replicas, and all sentinels know.
    pub fn wait_for_replicas_of(&self, primary: &RedisServer) {
        let replicas = self.servers.iter().filter(|server| server.port() != primary.port());
        replicas.for_each(|replica| self.wait_for_replica(replica));
    }

    fn wait(&self, otherwise: &str, until: impl Fn() -> bool) {
        let deadline = Instant::now() + AGREEMENT;
        while !until() {
            let said = || self.sentinels.iter().filter(|sentinel| sentinel.answers()).map(about);
            assert!(Instant::now() < deadline, "{otherwise}: {:#?}", said().collect::<Vec<_>>());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a sentinel knows of the service: names and values.
fn about(sentinel: &RedisServer) -> Vec<(String, String)> {
    fields(sentinel.cli(&["SENTINEL", "MASTER", SERVICE]))
}

fn fields(about: Value) -> Vec<(String, String)> {
    redis::from_redis_value(about).expect("names and values")
}

fn field<'a>(about: &'a [(String, String)], name: &str) -> &'a str {
    about.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
}
