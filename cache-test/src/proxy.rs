//! A TCP proxy that misbehaves when it is told to.

mod relay;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use self::relay::{Faults, Link, Relay, lock};
use crate::{RedisServer, ports};

/// A proxy in front of a server. Transparent until a fault is set; all of it ends on drop.
///
/// ```
/// use std::time::Duration;
///
/// use redis_cached_test::{Proxy, RedisServer};
///
/// let server = RedisServer::start();
/// let proxy = Proxy::start(&server);
/// // … connect to `proxy.url()` …
/// proxy.delay_replies(Duration::from_millis(50)); // far away
/// proxy.black_hole(true); // nothing arrives, and no connection is closed
/// proxy.heal();
/// ```
#[derive(Debug)]
pub struct Proxy {
    relay: Arc<Relay>,
    address: SocketAddr,
    url: String,
    acceptor: Option<JoinHandle<()>>,
}

/// One of the two ways through a [`Proxy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Requests,
    /// From the server to the client.
    Replies,
}

impl Proxy {
    /// A proxy on a free port, in front of `server`.
    pub fn start(server: &RedisServer) -> Self {
        Self::before(server.port(), |port| server.url_at(port))
    }

    /// A proxy on a free port, in front of the port where `server` speaks TLS. It sees ciphertext, so
    /// [`answer_pings_only`](Self::answer_pings_only) is not for it.
    pub fn start_tls(server: &RedisServer) -> Self {
        Self::before(server.tls_port(), |port| server.tls_url_at(port))
    }

    fn before(upstream: u16, url: impl FnOnce(u16) -> String) -> Self {
        let listener = without_blocking(ports::listen());
        let address = listener.local_addr().expect("a bound socket has an address");
        let url = url(address.port());

        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream));
        let relay = Arc::new(Relay::new(upstream, listener));
        let acceptor = std::thread::spawn({
            let relay = Arc::clone(&relay);
            move || relay.accept_until_stopped()
        });
        Self { relay, address, url, acceptor: Some(acceptor) }
    }

    /// The server's URL by way of the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The proxy's own port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections have been accepted so far. More after a fault than before it: the client came back.
    pub fn accepted(&self) -> usize {
        self.relay.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        lock(&self.relay.links).iter().filter(|link| !link.ended()).count()
    }

    /// Keeps each reply back for `delay` at least. What arrives while one is kept back is kept back after it.
    pub fn delay_replies(&self, delay: Duration) {
        self.relay.change(|faults| faults.delay = delay);
    }

    /// Holds all bytes both ways, and delivers them after [`resume`](Self::resume): a network that stalls.
    pub fn pause(&self) {
        self.relay.change(|faults| faults.paused = true);
    }

    /// Ends a [`pause`](Self::pause).
    pub fn resume(&self) {
        self.relay.change(|faults| faults.paused = false);
    }

    /// Swallows all bytes both ways while `on`. A connection that lost bytes so stays open and stays silent for ever,
    /// as one that a router forgot; connections made after the end of it work.
    pub fn black_hole(&self, on: bool) {
        self.relay.change(|faults| faults.black_hole = on);
    }

    /// Lets `bytes` more pass in one direction, counted over all connections, and then closes the connection that
    /// carried the last of them: in the middle of a frame, if the number is chosen so. Happens once.
    pub fn cut_after(&self, direction: Direction, bytes: usize) {
        self.relay.change(|faults| *faults.cut(direction) = Some(bytes));
    }

    /// Lets this many bytes pass in a second, on each connection and in each direction; 0 is no limit.
    pub fn throttle(&self, bytes_a_second: u64) {
        self.relay.change(|faults| faults.bytes_a_second = bytes_a_second);
    }

    /// Swallows what a client asks, but for what sets a connection up and `PING`, while `on`: a server that says it is there and
    /// does nothing.
    pub fn answer_pings_only(&self, on: bool) {
        self.relay.change(|faults| faults.pings_only = on);
    }

    /// Forgets a connection on which nothing has gone through for so long, without a word: what is sent on it later is swallowed. What load
    /// balancers and address translation do.
    pub fn forget_after(&self, idle: Duration) {
        self.relay.change(|faults| faults.forgets_after = Some(idle));
    }

    /// Closes a connection at a command of this name.
    pub fn close_at(&self, command: &'static str) {
        self.relay.change(|faults| faults.closes_at = Some(command));
    }

    /// Leads new connections to another server, as a name does that has moved.
    pub fn lead_to(&self, server: &RedisServer) {
        *lock(&self.relay.upstream) = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    }

    /// Refuses new connections while `on`, as where nothing listens. Those that are open stay so.
    pub fn refuse(&self, on: bool) {
        let mut listener = lock(&self.relay.listener);
        if !on {
            listener.get_or_insert_with(|| listen(self.port()));
        } else {
            listener.take();
        }
    }

    /// Closes all connections in order (FIN).
    pub fn close_connections(&self) {
        self.relay.end_links(Link::close);
    }

    /// Resets all connections (RST).
    pub fn reset_connections(&self) {
        self.relay.end_links(Link::reset);
    }

    /// Ends every fault. A connection that a black hole has swallowed bytes of stays dead.
    pub fn heal(&self) {
        self.relay.change(|faults| *faults = Faults::default());
        self.refuse(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.relay.change(|faults| faults.stopped = true);
        lock(&self.relay.listener).take();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        self.relay.end_links(Link::close);
    }
}

fn listen(port: u16) -> TcpListener {
    without_blocking(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the proxy's port is free"))
}

fn without_blocking(listener: TcpListener) -> TcpListener {
    listener.set_nonblocking(true).expect("a listener can be told not to block");
    listener
}
