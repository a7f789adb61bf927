//! The threads that copy bytes, and what keeps them from it.
//!
//! Two threads a connection, one a direction. They block in `read`; a fault that ends a connection wakes them by
//! shutting the reading half of its sockets, which by itself sends nothing to anyone.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use super::Direction;

/// Connections at once; further ones are closed unserved.
const MAX_CONNECTIONS: usize = 1024;
/// How often the acceptor looks for a new client, and so what connecting through the proxy may cost.
const ACCEPT_TICK: Duration = Duration::from_millis(2);
/// How long the server may take to accept, and how long ended connections are waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// A peer that reads nothing for this long loses its connection, so that no thread stays in `write`.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
const CHUNK: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Relay {
    pub(super) upstream: Mutex<SocketAddr>,
    /// `None` while connections are refused.
    pub(super) listener: Mutex<Option<TcpListener>>,
    pub(super) links: Mutex<Vec<Arc<Link>>>,
    pub(super) accepted: AtomicUsize,
    faults: Mutex<Faults>,
    /// Told whenever `faults` changed or a link was ended, to those who keep bytes back.
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) delay: Duration,
    pub(super) paused: bool,
    pub(super) black_hole: bool,
    pub(super) bytes_a_second: u64,
    pub(super) pings_only: bool,
    pub(super) forgets_after: Option<Duration>,
    pub(super) closes_at: Option<&'static str>,
    cut_requests: Option<usize>,
    cut_replies: Option<usize>,
    pub(super) stopped: bool,
}

impl Faults {
    pub(super) fn cut(&mut self, direction: Direction) -> &mut Option<usize> {
        match direction {
            Direction::Requests => &mut self.cut_requests,
            Direction::Replies => &mut self.cut_replies,
        }
    }
}

/// What is to be done with a chunk.
enum Verdict {
    Forward,
    Swallow,
    /// Forward this many bytes and close.
    Cut(usize),
    Discard,
}

impl Relay {
    pub(super) fn new(upstream: SocketAddr, listener: TcpListener) -> Self {
        Self {
            upstream: Mutex::new(upstream),
            listener: Mutex::new(Some(listener)),
            links: Mutex::default(),
            accepted: AtomicUsize::new(0),
            faults: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut lock(&self.faults));
        self.changed.notify_all();
    }

    pub(super) fn accept_until_stopped(self: &Arc<Self>) {
        while !lock(&self.faults).stopped {
            let accepted = lock(&self.listener).as_ref().and_then(|listener| listener.accept().ok());
            match accepted {
                Some((client, _)) => self.serve(client),
                None => std::thread::sleep(ACCEPT_TICK),
            }
        }
    }

    /// Connects a client through. Where that fails the client's socket is dropped, which closes it.
    fn serve(self: &Arc<Self>, client: TcpStream) {
        if lock(&self.links).len() >= MAX_CONNECTIONS {
            return;
        }
        let Ok(server) = TcpStream::connect_timeout(&lock(&self.upstream), PATIENCE) else {
            return;
        };
        let link = Arc::new(Link {
            client,
            server,
            ended: AtomicBool::new(false),
            holed: AtomicBool::new(false),
            used: Mutex::new(Instant::now()),
        });
        link.prepare();
        self.accepted.fetch_add(1, Ordering::SeqCst);
        lock(&self.links).push(Arc::clone(&link));
        for direction in [Direction::Requests, Direction::Replies] {
            let (relay, link) = (Arc::clone(self), Arc::clone(&link));
            std::thread::spawn(move || relay.pump(&link, direction));
        }
    }

    fn pump(&self, link: &Link, direction: Direction) {
        let (mut from, mut to) = match direction {
            Direction::Requests => (&link.client, &link.server),
            Direction::Replies => (&link.server, &link.client),
        };
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let pass = match self.judge(link, direction, &buffer[..length]) {
                Verdict::Forward => {
                    std::thread::sleep(self.takes(length));
                    to.write_all(&buffer[..length]).is_ok()
                }
                Verdict::Swallow => true,
                Verdict::Cut(length) => {
                    let _ = to.write_all(&buffer[..length]);
                    false
                }
                Verdict::Discard => false,
            };
            if !pass {
                break;
            }
        }
        link.close();
        // The other direction may be keeping bytes back for a client that is no more.
        self.changed.notify_all();
        lock(&self.links).retain(|link| !link.ended());
    }

    /// How long so many bytes are on their way.
    fn takes(&self, bytes: usize) -> Duration {
        match lock(&self.faults).bytes_a_second {
            0 => Duration::ZERO,
            rate => Duration::from_nanos(bytes as u64 * 1_000_000_000 / rate),
        }
    }

    /// Waits until a chunk may go on, and says how.
    fn judge(&self, link: &Link, direction: Direction, chunk: &[u8]) -> Verdict {
        let (arrived, length) = (Instant::now(), chunk.len());
        let mut faults = lock(&self.faults);
        loop {
            if faults.stopped || link.ended() {
                return Verdict::Discard;
            }
            let used = std::mem::replace(&mut *lock(&link.used), arrived);
            let is_forgotten = faults.forgets_after.is_some_and(|idle| arrived.duration_since(used) > idle);
            if is_forgotten || faults.black_hole || link.holed.load(Ordering::SeqCst) {
                link.holed.store(true, Ordering::SeqCst);
                return Verdict::Swallow;
            }
            if faults.pings_only && direction == Direction::Requests && !sets_up(chunk) {
                return Verdict::Swallow;
            }
            if let Some(name) = faults.closes_at
                && direction == Direction::Requests
                && names(chunk, name)
            {
                return Verdict::Discard;
            }
            let delay = if direction == Direction::Replies { faults.delay } else { Duration::ZERO };
            let left = delay.saturating_sub(arrived.elapsed());
            if faults.paused {
                faults = self.changed.wait(faults).unwrap_or_else(PoisonError::into_inner);
            } else if left.is_zero() {
                break;
            } else {
                (faults, _) = self.changed.wait_timeout(faults, left).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let cut = faults.cut(direction);
        match *cut {
            Some(left) if left <= length => {
                *cut = None;
                Verdict::Cut(left)
            }
            Some(left) => {
                *cut = Some(left - length);
                Verdict::Forward
            }
            None => Verdict::Forward,
        }
    }

    /// Ends all links and returns when their sockets are closed, so that a test's next step comes after the fault.
    pub(super) fn end_links(&self, end: impl Fn(&Link)) {
        let links = std::mem::take(&mut *lock(&self.links));
        links.iter().for_each(|link| end(link));
        let links: Vec<_> = links.into_iter().map(|link| Arc::downgrade(&link)).collect();
        let deadline = Instant::now() + PATIENCE;
        while links.iter().any(|link| link.strong_count() > 0) && Instant::now() < deadline {
            // Told again and again: a thread may have looked at its link just before it was ended.
            self.changed.notify_all();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Whether a chunk of requests sets a connection up, or is a `PING`.
fn sets_up(chunk: &[u8]) -> bool {
    ["HELLO", "CLIENT", "AUTH", "SELECT", "PING"].iter().any(|name| names(chunk, name))
}

fn names(chunk: &[u8], name: &str) -> bool {
    chunk.windows(name.len()).any(|window| window == name.as_bytes())
}

/// One client's connection and ours to the server for it.
#[derive(Debug)]
pub(super) struct Link {
    client: TcpStream,
    server: TcpStream,
    ended: AtomicBool,
    /// Whether a black hole swallowed bytes of it.
    holed: AtomicBool,
    /// When something last went through.
    used: Mutex<Instant>,
}

impl Link {
    fn prepare(&self) {
        for socket in [&self.client, &self.server] {
            // Some systems hand the listener's mode on to what it accepts.
            socket.set_nonblocking(false).expect("a socket can block");
            socket.set_nodelay(true).expect("a TCP socket takes TCP_NODELAY");
            socket.set_write_timeout(Some(WRITE_DEADLINE)).expect("a socket takes a time limit");
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Ends the link in order. Does nothing to one that was ended before, which may be on its way to a reset.
    pub(super) fn close(&self) {
        if !self.ended.swap(true, Ordering::SeqCst) {
            for socket in [&self.client, &self.server] {
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
    }

    /// Ends the link with a reset, which the kernel sends when the last owner drops a socket that does not linger.
    pub(super) fn reset(&self) {
        if !self.ended.swap(true, Ordering::SeqCst) {
            for socket in [&self.client, &self.server] {
                let _ = set_socket_linger(socket, Some(Duration::ZERO));
                let _ = socket.shutdown(Shutdown::Read);
            }
        }
    }
}

/// A thread that panicked has failed the test by now; the rest must still be able to clean up.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
