//! The worker's way to the database.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// Enough that tasks seldom wait for each other, few enough for a thread each on the other side.
const CONNECTIONS: usize = 8;

pub(crate) struct Database {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Connection(BufReader<TcpStream>);

impl Database {
    pub(crate) async fn connect(port: u16) -> io::Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            stream.set_nodelay(true)?;
            connections.push(Mutex::new(Connection(BufReader::new(stream))));
        }
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    /// The next number of the counter that orders all records.
    pub(crate) async fn tick(&self) -> u64 {
        self.ask("tick\n".into()).await[0]
    }

    pub(crate) async fn read(&self, key: u64) -> u64 {
        self.read_many(&[key]).await[0]
    }

    /// All at one moment.
    pub(crate) async fn read_many(&self, keys: &[u64]) -> Vec<u64> {
        let keys: Vec<_> = keys.iter().map(|key| format!(" {key}")).collect();
        self.ask(format!("read{}\n", keys.concat())).await
    }

    pub(crate) async fn commit(&self, key: u64) -> u64 {
        self.ask(format!("commit {key}\n")).await[0]
    }

    /// Not to be cancelled: the answer would be taken for the next question's.
    async fn ask(&self, question: String) -> Vec<u64> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let mut connection = self.connections[turn].lock().await;
        connection.ask(&question).await.expect("the database outlives the workers")
    }
}

impl Connection {
    async fn ask(&mut self, question: &str) -> io::Result<Vec<u64>> {
        self.0.write_all(question.as_bytes()).await?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).await?;
        answer.split_whitespace().map(|number| number.parse().map_err(io::Error::other)).collect()
    }
}
