//! What happened when: spans of callers and of the database, and commands as Redis ran them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use redis_cached_test_support::RedisServer;

/// What a lane shows of a span, and how it is coloured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Call,
    Query,
    Write,
}

#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) lane: usize,
    pub(crate) kind: Kind,
    /// Seconds since 1970, as Redis counts.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) text: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) at: f64,
    pub(crate) text: &'static str,
}

/// Clones are the same recording.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<Span>>>);

impl Recording {
    /// Runs the work, and notes the span with the text that is made of what it gave.
    pub(crate) async fn span<T>(
        &self,
        lane: usize,
        kind: Kind,
        work: impl Future<Output = T>,
        text: impl FnOnce(&T) -> String,
    ) -> T {
        let from = now();
        let result = work.await;
        let span = Span { lane, kind, from, to: now(), text: text(&result) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        result
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// Hears of each command that a server runs, with the time.
pub(crate) struct Listener {
    lines: Arc<Mutex<Vec<String>>>,
    socket: TcpStream,
}

impl Listener {
    pub(crate) fn new(server: &RedisServer) -> std::io::Result<Self> {
        let mut socket = TcpStream::connect(("127.0.0.1", server.port()))?;
        socket.write_all(b"MONITOR\r\n")?;
        let mut replies = BufReader::new(socket.try_clone()?);
        replies.read_line(&mut String::new())?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in replies.lines().map_while(Result::ok) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(Self { lines, socket })
    }

    /// What calls asked, in words. Setting a connection up is no part of a call.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut marks: Vec<Mark> = Vec::new();
        for line in lines.iter() {
            let Some((at, rest)) = line.trim_start_matches('+').split_once(' ') else { continue };
            let Ok(at) = at.parse() else { continue };
            let (is_script, command) = (rest.contains("lua]"), rest.to_uppercase());
            let is = |name: &str| command.contains(&format!("] \"{name}\""));
            let text = match () {
                // A store is a script that compares the lease, and writes if that is still its own.
                () if is_script && is("SET") => {
                    if let Some(store) = marks.last_mut() {
                        store.text = "stored";
                    }
                    continue;
                }
                () if is_script => continue,
                () if is("EVALSHA") || is("EVAL") => "not stored",
                () if is("GET") || is("MGET") => "GET",
                () if is("SET") && command.contains("\"NX\"") => "lease",
                () if is("SET") => "SET",
                () if is("UNLINK") => "UNLINK",
                () => continue,
            };
            marks.push(Mark { at, text });
        }
        marks
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}
