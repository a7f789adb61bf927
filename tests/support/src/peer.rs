//! A peer that speaks as a script has it: what no real server can be made to do.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use redis_cached_test::listen;

/// How often a thread looks whether it is to end.
const TICK: Duration = Duration::from_millis(20);

/// A scripted peer on a free port. All of it ends on drop.
#[derive(Debug)]
pub struct Peer {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    accepted: AtomicUsize,
    is_over: AtomicBool,
    connections: Mutex<Vec<JoinHandle<()>>>,
}

/// What a client does.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It has connected.
    Accepted,
    /// It has asked something: the words of a command.
    Asked(&'a [Vec<u8>]),
}

/// What the peer does then.
#[derive(Debug, Clone)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Sends this.
    Say(Vec<u8>),
    /// Sends this byte by byte, one for each such time.
    Drip(Vec<u8>, Duration),
    /// Sends the first, and then the second again and again.
    SayForEver(Vec<u8>, Vec<u8>),
    /// Sends this, and closes in order (FIN).
    SayAndClose(Vec<u8>),
    /// Closes its own half (FIN), and goes on reading.
    CloseHalf,
    /// Closes with an error (RST): there is something that it has not read.
    Reset,
}

impl Peer {
    /// Listens, and does as `script` says, on each connection for itself.
    pub fn start(script: impl Fn(Event<'_>) -> Act + Send + Sync + 'static) -> Self {
        let listener = listen();
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (shared, script) = (Arc::<Shared>::default(), Arc::new(script));
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if shared.is_over() {
                        return;
                    }
                    shared.accepted.fetch_add(1, Ordering::SeqCst);
                    let (of_connection, script) = (Arc::clone(&shared), Arc::clone(&script));
                    let connection = std::thread::spawn(move || {
                        let _ = Connection { stream, shared: of_connection }.serve(&*script);
                    });
                    shared.connections.lock().expect("no thread panics here").push(connection);
                }
            }
        });
        Self { port, shared, acceptor: Some(acceptor) }
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections have been accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // Wakes it. Whom it waits for otherwise may never come.
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
            let _ = acceptor.join();
        }
        let connections =
            std::mem::take(&mut *self.shared.connections.lock().expect("no thread panics here"));
        for connection in connections {
            let _ = connection.join();
        }
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl Connection {
    fn serve(&mut self, script: &dyn Fn(Event<'_>) -> Act) -> std::io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_read_timeout(Some(TICK))?;
        self.stream.set_write_timeout(Some(TICK))?;
        if !self.act(script(Event::Accepted))? {
            return Ok(());
        }
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while !self.shared.is_over() {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(bytes) => read.extend_from_slice(&buffer[..bytes]),
                Err(error) if is_timeout(&error) => continue,
                Err(error) => return Err(error),
            }
            while let Some((command, taken)) = command(&read) {
                read.drain(..taken);
                if !self.act(script(Event::Asked(&command)))? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Says whether the connection is still of use.
    fn act(&mut self, act: Act) -> std::io::Result<bool> {
        match act {
            Act::Nothing => {}
            Act::Say(bytes) => self.say(&bytes)?,
            Act::Drip(bytes, pause) => {
                for byte in bytes {
                    self.say(&[byte])?;
                    self.wait(pause);
                }
            }
            Act::SayForEver(first, again) => {
                self.say(&first)?;
                while !self.shared.is_over() {
                    self.say(&again)?;
                }
            }
            Act::SayAndClose(bytes) => {
                self.say(&bytes)?;
                return Ok(false);
            }
            Act::CloseHalf => self.stream.shutdown(Shutdown::Write)?,
            Act::Reset => {
                // What is unread when a socket is closed makes it a reset.
                let _ = self.stream.peek(&mut [0]);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn say(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() && !self.shared.is_over() {
            match self.stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.shared.is_over() {
            let tick = left.min(TICK);
            std::thread::sleep(tick);
            left -= tick;
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The first command of what was read, if it is whole, and how many bytes it takes: `*2 $3 GET $1 a`.
fn command(read: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut at = 0;
    let words = number(read, &mut at)?;
    let mut command = Vec::new();
    for _ in 0..words {
        let len = number(read, &mut at)?;
        command.push(read.get(at..at + len)?.to_vec());
        at += len + 2;
    }
    (at <= read.len()).then_some((command, at))
}

/// A line of a type and a number.
fn number(read: &[u8], at: &mut usize) -> Option<usize> {
    let line = read.get(*at..)?;
    let end = line.windows(2).position(|pair| pair == b"\r\n")?;
    let number = std::str::from_utf8(line.get(1..end)?).ok()?.parse().ok()?;
    *at += end + 2;
    Some(number)
}
