//! A server that seems to be another one: what is asked is changed on its way.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use redis_cached_test::{RedisServer, listen};

/// The words of a command.
type Request = Vec<Vec<u8>>;

type Change = dyn Fn(usize, Request) -> Request + Send + Sync;

/// Stands in front of a server and changes requests; answers pass as they are. Ends on drop.
pub struct Middleman {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    change: Box<Change>,
    accepted: AtomicUsize,
    is_over: AtomicBool,
}

impl Middleman {
    /// In front of `server`, on a free port. `change` is given the number of the connection, from 0 on, and a request.
    pub fn start(
        server: &RedisServer,
        change: impl Fn(usize, Request) -> Request + Send + Sync + 'static,
    ) -> Self {
        let listener = listen();
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            upstream: SocketAddr::from((Ipv4Addr::LOCALHOST, server.port())),
            change: Box::new(change),
            accepted: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Self { url: server.url_at(address.port()), address, shared, acceptor: Some(acceptor) }
    }

    /// The server's URL by way of this.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections have been accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// As a server that knows no `EVAL` and no `EVALSHA`. It repeats the arguments, as servers do.
    #[must_use]
    pub fn without_scripts(mut request: Request) -> Request {
        if is(&request, 0, "EVAL") || is(&request, 0, "EVALSHA") {
            request[0] = b"NO-SCRIPTS".to_vec();
        }
        request
    }

    /// As a server before 7.0: `SET … NX GET` is a syntax error.
    #[must_use]
    pub fn without_nx_get(mut request: Request) -> Request {
        if is(&request, 0, "SET") && is(&request, 3, "NX") && is(&request, 4, "GET") {
            request[4] = b"NO-GET".to_vec();
        }
        request
    }

    /// As a server that knows `SET key value IFEQ old [PX millis | PXAT millis]`.
    #[must_use]
    pub fn with_ifeq(request: Request) -> Request {
        if !is(&request, 0, "SET") || !is(&request, 3, "IFEQ") {
            return request;
        }
        let script = "local there = redis.pcall('GET', KEYS[1])
            if type(there) == 'table' then return there end
            if there ~= ARGV[2] then return false end
            if ARGV[3] then return redis.call('SET', KEYS[1], ARGV[1], ARGV[3], ARGV[4]) end
            return redis.call('SET', KEYS[1], ARGV[1])";
        let mut words = request.into_iter();
        let mut eval = vec![b"EVAL".to_vec(), script.into(), b"1".to_vec()];
        eval.extend(words.by_ref().skip(1).take(2));
        eval.extend(words.skip(1));
        eval
    }
}

/// Whether a word of a request is this one.
fn is(request: &[Vec<u8>], place: usize, word: &str) -> bool {
    request.get(place).is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
}

impl Drop for Middleman {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let number = self.accepted.fetch_add(1, Ordering::SeqCst);
            if let (Ok(client), Ok(server)) = (client, TcpStream::connect(self.upstream)) {
                let shared = Arc::clone(&self);
                std::thread::spawn(move || shared.link(number, &client, &server));
            }
        }
    }

    /// Until either side ends.
    fn link(&self, number: usize, client: &TcpStream, server: &TcpStream) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = io::copy(&mut &*server, &mut &*client);
                let _ = client.shutdown(Shutdown::Both);
            });
            let mut requests = BufReader::new(client);
            while let Ok(Some(request)) = read(&mut requests) {
                if (&mut &*server).write_all(&written(&(self.change)(number, request))).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(Shutdown::Both);
        });
    }
}

/// One request; `None` at the end.
fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(words) = length(from, '*')? else { return Ok(None) };
    let mut request = Request::with_capacity(words);
    for _ in 0..words {
        let mut word = vec![0; length(from, '$')?.ok_or(io::ErrorKind::UnexpectedEof)? + 2];
        from.read_exact(&mut word)?;
        word.truncate(word.len() - 2);
        request.push(word);
    }
    Ok(Some(request))
}

fn length(from: &mut impl BufRead, kind: char) -> io::Result<Option<usize>> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.strip_prefix(kind).and_then(|length| length.trim_end().parse().ok()))
}

fn written(request: &Request) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", request.len()).into_bytes();
    for word in request {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
