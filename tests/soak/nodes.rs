//! Time as each node gives it: a node that gets no processor answers late, and that says nothing of who waits for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached_test_support::RedisCluster;

const TICK: Duration = Duration::from_millis(5);
/// How long a node may be silent until it is asked over another connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// In microseconds, of each node. One that answers at once adds all of the time that passes, one that is late two ticks at most for each answer.
pub(crate) struct NodeTimes {
    given: Arc<Vec<AtomicU64>>,
    is_over: Arc<AtomicBool>,
}

impl NodeTimes {
    pub(crate) fn of(servers: &RedisCluster) -> Self {
        let ports: Vec<u16> = servers.nodes().iter().map(|node| node.port()).collect();
        let given = Arc::new(ports.iter().map(|_| AtomicU64::new(0)).collect::<Vec<_>>());
        let is_over = Arc::<AtomicBool>::default();
        for (index, port) in ports.into_iter().enumerate() {
            let (given, is_over) = (Arc::clone(&given), Arc::clone(&is_over));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    // Ends when the node does.
                    let _ = ask(port, &given[index], &is_over);
                    std::thread::sleep(TICK);
                }
            });
        }
        Self { given, is_over }
    }

    /// Of each node so far.
    pub(crate) fn so_far(&self) -> Vec<u64> {
        self.given.iter().map(|given| given.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for NodeTimes {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn ask(port: u16, given: &AtomicU64, is_over: &AtomicBool) -> std::io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut answers, mut answer) = (BufReader::new(stream.try_clone()?), String::new());
    while !is_over.load(Ordering::Relaxed) {
        let began = Instant::now();
        stream.write_all(b"PING\r\n")?;
        answer.clear();
        if answers.read_line(&mut answer)? == 0 {
            return Ok(());
        }
        std::thread::sleep(TICK);
        let time = began.elapsed().min(2 * TICK);
        given.fetch_add(u64::try_from(time.as_micros()).unwrap_or(0), Ordering::Relaxed);
    }
    Ok(())
}
