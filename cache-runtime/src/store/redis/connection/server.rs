//! What the connections of a process to one server share.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::ConnectionAddr;
use tokio::sync::watch;

use super::aside::Aside;
use super::config::Config;
use super::idle::Idleness;
use super::locate::Location;
use super::mode;
use super::outage::ServerOutage;
use super::takeover::ServerIdentity;
use super::unreadable::Unreadable;
use super::url::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::store::credentials::{Credentials, Provided};
use crate::util::locks::lock;

/// The time after which `HELLO` is tried again with a server that refused it: it may be another server, or a newer version.
const HELLO_AGAIN: Duration = Duration::from_secs(60);

/// The same for a server in cluster mode.
const CLUSTER_AGAIN: Duration = Duration::from_secs(300);

pub(crate) struct Server {
    pub(crate) config: Arc<Config>,
    pub(crate) outage: Arc<ServerOutage>,
    /// How long the network keeps connections without traffic.
    pub(crate) idleness: Idleness,
    pub(crate) unreadable: Unreadable,
    /// Whether it has been logged that nothing can be stored.
    told_of_stores: AtomicBool,
    lookups: Aside<Result<Vec<SocketAddr>, String>>,
    credentials: Aside<Provided>,
    /// How often a connection has turned out to be to the wrong server.
    misplaced: watch::Sender<u64>,
    /// How often a connection has been replaced because of that. Tracking connections, on which nothing is written, follow.
    moved: watch::Sender<u64>,
    pub(super) known: Mutex<ServerKnowledge>,
}

#[derive(Default)]
pub(super) struct ServerKnowledge {
    /// The address of a server that was the wrong one: tried last.
    shunned: Option<SocketAddr>,
    hello_refused: Option<Instant>,
    in_cluster_mode: Option<Instant>,
    /// As of the newest connection.
    pub(super) identity: Option<ServerIdentity>,
    /// Whether it ends connections on which it is asked for that.
    pub(super) hides_identity: bool,
    /// Since when one of the runtimes has been without a connection.
    pub(super) lost: Option<Instant>,
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PeerAddress {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// What was known about the right server when a connection was made.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    misplaced: u64,
    moved: u64,
    address: Option<SocketAddr>,
    /// Where it was found, if it moves.
    pub(super) location: Option<Arc<Location>>,
}

impl Server {
    pub(crate) fn new(config: &Arc<Config>) -> Self {
        Self {
            config: Arc::clone(config),
            outage: Arc::default(),
            idleness: Idleness::default(),
            unreadable: Unreadable::default(),
            told_of_stores: AtomicBool::new(false),
            lookups: Aside::default(),
            credentials: Aside::default(),
            misplaced: watch::Sender::new(0),
            moved: watch::Sender::new(0),
            known: Mutex::default(),
        }
    }

    /// The addresses of the server, in the order in which to try them. Names are resolved each time.
    pub(crate) async fn targets(&self, endpoint: &Endpoint) -> Result<Vec<PeerAddress>, Error> {
        let (host, port) = match endpoint.info.addr() {
            ConnectionAddr::Tcp(host, port) => (host.clone(), *port),
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => return Ok(vec![PeerAddress::Unix(path.clone())]),
            // No URL leads to another kind.
            _ => return Err(Error::new(ErrorKind::Url, "this kind of address is not supported")),
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![PeerAddress::Tcp((address, port).into())]);
        }
        let doing = format!("cannot look up the host of {}", endpoint.name);
        let unknown = |why: &dyn Display| Error::new(ErrorKind::Connection, format!("{doing}: {why}"));
        let lookup = Arc::clone(&self.config.lookup);
        // As text, because the system's error cannot be cloned.
        let look_up = move || lookup(&host, port).map_err(|error| error.to_string());
        let found = self.lookups.ask(look_up).await.map_err(|error| unknown(&error))?;
        let mut addresses = found.map_err(|error| unknown(&error))?;
        if addresses.is_empty() {
            return Err(unknown(&"it has no address"));
        }
        let shunned = lock(&self.known).shunned;
        addresses.sort_by_key(|address| Some(*address) == shunned);
        Ok(addresses.into_iter().map(PeerAddress::Tcp).collect())
    }

    /// How to greet it, with the current credentials.
    pub(crate) async fn endpoint(&self) -> Result<Cow<'_, Endpoint>, Error> {
        let endpoint = &self.config.endpoint;
        Ok(self
            .credentials()
            .await?
            .map_or(Cow::Borrowed(endpoint), |given| Cow::Owned(endpoint.with(given))))
    }

    /// The current credentials, if the program provides them by a callback.
    pub(crate) async fn credentials(&self) -> Result<Option<Credentials>, Error> {
        let Some(provider) = self.config.credentials.clone() else { return Ok(None) };
        let library = library_runtime()?;
        // On a thread that may block, whatever the callback does.
        let asked = self.credentials.ask(move || library.block_on(async { provider.ask().await }));
        let failed = |reason: &dyn Display| {
            Error::new(
                ErrorKind::Connection,
                format!("`credentials` of {} failed: {reason}", self.config.endpoint.name),
            )
        };
        match executor::timeout(self.config.connect_timeout, asked).await? {
            Some(Ok(Ok(given))) => Ok(Some(given)),
            Some(Ok(Err(reason))) => Err(failed(&reason)),
            Some(Err(error)) => Err(failed(&error)),
            None => Err(failed(&"nothing came in time")),
        }
    }

    /// What is known now, for a connection that is being made.
    pub(crate) fn placement(&self, endpoint: &Endpoint, target: &PeerAddress) -> Placement {
        let address = match target {
            PeerAddress::Tcp(address) => Some(*address),
            #[cfg(unix)]
            PeerAddress::Unix(_) => None,
        };
        let (misplaced, moved) = (*self.misplaced.borrow(), *self.moved.borrow());
        Placement { misplaced, moved, address, location: endpoint.location.clone() }
    }

    /// A connection has turned out to be to the wrong server. For an older connection that is known already.
    pub(crate) fn misplaced(&self, placement: &Placement) {
        let is_news = self.misplaced.send_if_modified(|times| {
            let is_news = *times == placement.misplaced;
            *times += u64::from(is_news);
            is_news
        });
        if is_news {
            lock(&self.known).shunned = placement.address;
        }
    }

    /// Waits until any connection made with this knowledge turns out to be to the wrong server.
    pub(crate) async fn until_misplaced(&self, placement: &Placement) {
        // Cannot fail: `self` holds the sender.
        let _ = self.misplaced.subscribe().wait_for(|times| *times > placement.misplaced).await;
    }

    /// A connection to the wrong server has been replaced.
    pub(crate) fn moved(&self) {
        self.moved.send_modify(|times| *times += 1);
    }

    pub(crate) async fn until_moved(&self, placement: &Placement) {
        let _ = self.moved.subscribe().wait_for(|times| *times > placement.moved).await;
    }

    /// The server is in cluster mode.
    pub(crate) fn is_in_cluster_mode(&self) {
        lock(&self.known).in_cluster_mode = Some(Instant::now());
    }

    /// # Errors
    /// If it is in cluster mode, as was found out recently.
    pub(crate) fn check_mode(&self) -> Result<(), Error> {
        let is_out = |since: Instant| since.elapsed() < CLUSTER_AGAIN;
        match lock(&self.known).in_cluster_mode.is_some_and(is_out) {
            true => Err(mode::refused(&self.config.endpoint.name)),
            false => Ok(()),
        }
    }

    /// Logs once that nothing can be stored.
    pub(crate) fn stores_nothing(&self, error: &Error) {
        if !self.told_of_stores.swap(true, Ordering::Relaxed) {
            let name = &self.config.endpoint.name;
            log::warn!("{name}: {error}; calls find what is there, and compute what is not");
        }
    }

    /// Whether to greet it with `HELLO`.
    pub(crate) fn may_know_hello(&self) -> bool {
        lock(&self.known).hello_refused.is_none_or(|since| since.elapsed() > HELLO_AGAIN)
    }

    /// It answers, but not to `HELLO`.
    pub(crate) fn refuses_hello(&self) {
        lock(&self.known).hello_refused = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use redis_cached_test_support::RedisServer;
    use tokio::runtime::Builder;

    use super::*;
    use crate::store::redis::RedisStore;
    use crate::store::vocabulary::Found;
    use crate::store::{OneKey, Store};
    use crate::util::clock::after;

    const DEADLINE: Duration = Duration::from_millis(250);

    fn store(
        port: u16,
        lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> RedisStore {
        let url = format!("redis://cache.example:{port}");
        RedisStore::lazy(Config { lookup: Arc::new(lookup), ..Config::of_url(&url, DEADLINE * 4) })
    }

    async fn get(store: &RedisStore) -> Result<Found, Error> {
        store.get("key", after(DEADLINE)).await
    }

    /// What the program ends with is not kept by it, and there is one at a time.
    #[test]
    fn names_that_nobody_resolves_keep_no_runtime() {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let store = store(6379, move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_secs(20));
            Ok(Vec::new())
        });
        for _ in 0..3 {
            let runtime =
                Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            let began = Instant::now();
            assert!(runtime.block_on(get(&store)).is_err());
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(1200)).await });
            drop(runtime);
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn each_address_of_a_name_is_tried() {
        let server = RedisServer::start();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
        // One that refuses, one that takes connections and says nothing, one that is what is wanted.
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let refusing = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let silent_address = silent.local_addr().expect("bound");
        let store = store(server.port(), move |_, _| Ok(vec![refusing, silent_address, here]));
        let until = after(Duration::from_secs(5));
        while get(&store).await.ok() != Some(Found::Absent) {
            assert!(Instant::now() < until, "{:?}", get(&store).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn an_address_where_nothing_can_be_written_is_tried_last() {
        let (primary, replica) = (RedisServer::start(), RedisServer::start());
        replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
        let addresses =
            [&replica, &primary].map(|server| SocketAddr::from((Ipv4Addr::LOCALHOST, server.port())));
        let store = store(6379, move |_, _| Ok(addresses.to_vec()));
        let until = after(Duration::from_secs(5));
        while store.put("key", b"value", None, after(DEADLINE)).await.is_err() {
            assert!(Instant::now() < until, "it stays with the replica");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(primary.query::<String>(&["GET", "key"]), "value");
    }

    #[tokio::test]
    async fn a_name_is_looked_up_for_each_connection() {
        let (old, new) = (RedisServer::start(), RedisServer::start());
        let port = Arc::new(Mutex::new(old.port()));
        let now = Arc::clone(&port);
        let store = store(6379, move |_, _| {
            let port = *now.lock().expect("no panic");
            Ok(vec![(Ipv4Addr::LOCALHOST, port).into()])
        });
        store.put("key", b"old", None, after(DEADLINE)).await.expect("it is there");
        *port.lock().expect("no panic") = new.port();
        old.kill();
        let until = after(Duration::from_secs(5));
        while store.put("key", b"new", None, after(DEADLINE)).await.is_err() {
            assert!(Instant::now() < until, "it looks where it was");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(new.query::<String>(&["GET", "key"]), "new");
    }
}
