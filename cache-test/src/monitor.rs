//! What a server was asked, in its own order: `MONITOR`, read by a thread.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a fence may take to come round.
const FENCE_DEADLINE: Duration = Duration::from_secs(10);
/// More lines than any test should make. Past it the recording is a lie, so asking for it panics.
const MAX_LINES: usize = 1_000_000;
/// What clients send to set a connection up. It says nothing of what a call costs.
const SET_UP: [&str; 6] = ["HELLO", "AUTH", "CLIENT", "SELECT", "PING", "INFO"];
const FENCE: &str = "redis-cached-test-fence-";

/// Records every command that a server gets, from [`RedisServer::monitor`](crate::RedisServer::monitor) until drop.
#[derive(Debug)]
pub struct Monitor {
    address: SocketAddr,
    password: Option<String>,
    socket: TcpStream,
    recording: Arc<Recording>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Recording {
    lines: Mutex<Lines>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Monitor {
    pub(crate) fn start(address: SocketAddr, password: Option<String>) -> Self {
        let mut socket = connect(address, password.as_deref());
        send(&mut socket, &["MONITOR"]);
        let mut replies = BufReader::new(socket.try_clone().expect("a socket can be cloned"));
        expect_ok(&mut replies);
        // It is quiet for as long as the test sends nothing.
        socket.set_read_timeout(None).expect("a socket takes a time limit");

        let recording = Arc::new(Recording::default());
        let shared = Arc::clone(&recording);
        let reader = std::thread::spawn(move || shared.record(replies));
        Self { address, password, socket, recording, reader: Some(reader) }
    }

    /// The commands that the server has got since the start (or the last [`clear`](Self::clear)), in its order, without
    /// those that only set a connection up.
    ///
    /// All that was answered before this call is in. A command inside a script is listed as well, see
    /// [`Command::in_script`].
    pub fn commands(&self) -> Vec<Command> {
        self.fence();
        let lines = self.recording.lock();
        let commands = lines.lines.iter().map(|line| Command::parse(line));
        commands.filter(|command| !command.is_set_up()).collect()
    }

    /// Forgets what was recorded so far.
    pub fn clear(&self) {
        self.fence();
        self.recording.lock().lines.clear();
    }

    /// Waits until all that the server has answered so far is recorded: `MONITOR` is fed in the order of execution, so a
    /// command of our own that has come round has everything before it.
    fn fence(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = format!("{FENCE}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut socket = connect(self.address, self.password.as_deref());
        send(&mut socket, &["ECHO", &mark]);

        let deadline = Instant::now() + FENCE_DEADLINE;
        let mut lines = self.recording.lock();
        let mut searched = 0;
        while !lines.lines[searched..].iter().any(|line| line.contains(&mark)) {
            searched = lines.lines.len();
            assert!(searched < MAX_LINES, "the monitor stops recording after {MAX_LINES} commands");
            assert!(!lines.ended, "the monitor's connection has ended: was the server killed?");
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "the server did not show our fence within {FENCE_DEADLINE:?}: is it paused?"
            );
            (lines, _) = self.recording.grown.wait_timeout(lines, left).expect("the reader does not panic");
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Recording {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().expect("the reader does not panic")
    }

    fn record(&self, replies: impl BufRead) {
        // An error is the end, as is the end of the stream: the server went away or the monitor was dropped.
        for line in replies.lines().map_while(Result::ok) {
            let mut lines = self.lock();
            if lines.lines.len() < MAX_LINES {
                lines.lines.push(line);
            }
            drop(lines);
            self.grown.notify_all();
        }
        self.lock().ended = true;
        self.grown.notify_all();
    }
}

/// One command as a server saw it. Compares with, and prints as, its words separated by spaces: `GET user:42`.
///
/// A word with a space or an unprintable byte in it is shown in quotes and escaped as `MONITOR` does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    client: String,
    words: Vec<String>,
}

impl Command {
    /// `+1339518083.107412 [0 127.0.0.1:60866] "set" "key" "a \"value\""`
    fn parse(line: &str) -> Self {
        let parts = line.split_once('[').and_then(|(_, rest)| rest.split_once("] "));
        let (source, words) = parts.unwrap_or_else(|| panic!("not a line of MONITOR: {line}"));
        let (_database, client) = source.split_once(' ').unwrap_or_default();
        let mut words = split_words(words);
        if let Some(name) = words.first_mut() {
            name.make_ascii_uppercase();
        }
        Self { client: client.to_owned(), words }
    }

    /// The command's name in capitals, such as `GET`.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What follows the name. Bytes that are not printable ASCII are escaped as `MONITOR` does it (`\x00`).
    pub fn args(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Who sent it: address and port, `unix:` and a path, or `lua`.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Whether a script ran it, rather than a client.
    pub fn in_script(&self) -> bool {
        self.client == "lua"
    }

    fn is_set_up(&self) -> bool {
        SET_UP.contains(&self.name()) || self.args().first().is_some_and(|word| word.starts_with(FENCE))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            if word.is_empty() || word.contains([' ', '\\']) {
                write!(f, "\"{word}\"")?;
            } else {
                f.write_str(word)?;
            }
        }
        Ok(())
    }
}

impl PartialEq<str> for Command {
    fn eq(&self, other: &str) -> bool {
        let printed = self.to_string();
        printed == other
    }
}

impl PartialEq<&str> for Command {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<String> for Command {
    fn eq(&self, other: &String) -> bool {
        self == other.as_str()
    }
}

/// Splits `"a" "b \"c\""` into its words, which keep their escapes but for quotes.
fn split_words(line: &str) -> Vec<String> {
    escaped_words(line).unwrap_or_else(|| {
        // Valkey 8.1 escapes neither quotes nor backslashes: `"a" "b "c""`.
        let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
        inner.split("\" \"").map(str::to_owned).collect()
    })
}

/// `None` where something else than the next word follows a word.
fn escaped_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = line.chars();
    while chars.next()? == '"' {
        let mut word = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    '"' => word.push('"'),
                    escaped => word.extend(['\\', escaped]),
                },
                c => word.push(c),
            }
        }
        words.push(word);
        match chars.next() {
            None => return Some(words),
            Some(' ') => {}
            Some(_) => return None,
        }
    }
    None
}

/// A bare connection: what the support sends must not pass through the client that the tests are about.
fn connect(address: SocketAddr, password: Option<&str>) -> TcpStream {
    let mut socket = TcpStream::connect_timeout(&address, FENCE_DEADLINE)
        .unwrap_or_else(|error| panic!("cannot connect to the server at {address}: {error}"));
    socket.set_read_timeout(Some(FENCE_DEADLINE)).expect("a socket takes a time limit");
    if let Some(password) = password {
        send(&mut socket, &["AUTH", password]);
        expect_ok(&mut BufReader::new(&socket));
    }
    socket
}

fn send(socket: &mut TcpStream, words: &[&str]) {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    socket.write_all(request.as_bytes()).expect("the server reads our commands");
}

fn expect_ok(replies: &mut impl BufRead) {
    let mut line = String::new();
    replies.read_line(&mut line).expect("the server answers");
    assert_eq!(line, "+OK\r\n", "the server refused to be monitored");
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn a_line_is_taken_apart() {
        let line = r#"+1339518083.107412 [0 127.0.0.1:60866] "set" "a [b] \"c\"" "\x00\xff" """#;
        let command = Command::parse(line);
        assert_eq!(command.name(), "SET");
        assert_eq!(command.args(), [r#"a [b] "c""#, r"\x00\xff", ""]);
        assert_eq!(command.client(), "127.0.0.1:60866");
        assert!(!command.in_script());
        assert_eq!(command, r#"SET "a [b] "c"" "\x00\xff" """#);
        assert!(Command::parse(r#"+1.2 [3 lua] "get" "k""#).in_script());
    }

    #[test]
    fn so_is_one_without_escapes() {
        let line = r#"+1.2 [0 127.0.0.1:60866] "set" "k" "a"b\"" "IFEQ" "\" "" "PX""#;
        assert_eq!(Command::parse(line).args(), ["k", r#"a"b\""#, "IFEQ", r"\", "", "PX"]);
    }
}
