//! A database of versions, which the processes reach over TCP: one line a question, one line an answer.
//!
//! `tick` gives the next number of the counter that orders all records; `read KEY …` gives the versions of keys, all as of
//! one moment; `commit KEY` makes the next one and gives it. A key's versions only grow.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use crate::checker::Commit;

pub(crate) struct Database {
    state: Arc<Mutex<State>>,
    port: u16,
}

#[derive(Default)]
struct State {
    /// When each number was given.
    times: Vec<Instant>,
    versions: HashMap<u64, u64>,
    commits: Vec<Commit>,
    /// How often versions were read, of one key or of several: what the cache is there to avoid.
    reads: u64,
}

impl Database {
    /// Serves until the process ends; a connection's thread ends with its client.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(client, &state));
            }
        });
        Self { state, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn commits(&self) -> Vec<Commit> {
        lock(&self.state).commits.clone()
    }

    pub(crate) fn times(&self) -> Vec<Instant> {
        lock(&self.state).times.clone()
    }

    pub(crate) fn reads(&self) -> u64 {
        lock(&self.state).reads
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

/// Ends with its client, which may be a process that is killed.
fn serve(mut client: TcpStream, state: &Mutex<State>) {
    let _ = client.set_nodelay(true);
    let Ok(questions) = client.try_clone() else { return };
    for question in BufReader::new(questions).lines().map_while(Result::ok) {
        let answer: Vec<_> = lock(state).answer(&question).iter().map(u64::to_string).collect();
        if client.write_all((answer.join(" ") + "\n").as_bytes()).is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, question: &str) -> Vec<u64> {
        let mut words = question.split_whitespace();
        let what = words.next().unwrap_or_default();
        let keys: Vec<u64> = words.map(|key| key.parse().unwrap()).collect();
        match (what, keys.as_slice()) {
            ("tick", []) => vec![self.tick()],
            ("read", keys) => {
                self.reads += 1;
                keys.iter().map(|key| self.versions.get(key).copied().unwrap_or_default()).collect()
            }
            ("commit", &[key]) => {
                let at = self.tick();
                let version = self.versions.entry(key).or_default();
                *version += 1;
                self.commits.push(Commit { key, version: *version, at });
                vec![*version]
            }
            _ => panic!("the database knows no `{question}`"),
        }
    }

    fn tick(&mut self) -> u64 {
        self.times.push(Instant::now());
        self.times.len() as u64
    }
}
