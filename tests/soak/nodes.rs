//! Time as each node gives it: a node that gets no processor answers late, and that says nothing of who waits for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis_cached_test_support::RedisCluster;

use crate::lateness::{Absence, BEAT, Metronome};
use crate::watch::Mask;

/// How long a node may be silent until it is asked over another connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// How late each node is with its answers.
pub(crate) struct NodeTimes {
    nodes: Arc<Vec<Metronome>>,
    is_over: Arc<AtomicBool>,
}

impl NodeTimes {
    pub(crate) fn of(servers: &RedisCluster) -> Self {
        let ports: Vec<u16> = servers.nodes().iter().map(|node| node.port()).collect();
        let nodes = Arc::new(ports.iter().map(|_| Metronome::start()).collect::<Vec<_>>());
        let is_over = Arc::<AtomicBool>::default();
        for (index, port) in ports.into_iter().enumerate() {
            let (nodes, is_over) = (Arc::clone(&nodes), Arc::clone(&is_over));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    // Ends when the node does.
                    let _ = ask(port, &nodes[index], &is_over);
                    std::thread::sleep(BEAT);
                }
            });
        }
        Self { nodes, is_over }
    }

    /// Of the nodes of these shards.
    pub(crate) fn absences(&self, shards: Mask, begun: Instant) -> Vec<Absence> {
        // The primaries come first, then the replicas in the same order.
        let of_shards = self.nodes.iter().enumerate().filter(|(node, _)| shards & (1 << (node % 3)) != 0);
        of_shards.flat_map(|(_, node)| node.absences(begun)).collect()
    }
}

impl Drop for NodeTimes {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn ask(port: u16, node: &Metronome, is_over: &AtomicBool) -> std::io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut answers, mut answer) = (BufReader::new(stream.try_clone()?), String::new());
    while !is_over.load(Ordering::Relaxed) {
        stream.write_all(b"PING\r\n")?;
        answer.clear();
        if answers.read_line(&mut answer)? == 0 {
            return Ok(());
        }
        node.beat();
        std::thread::sleep(BEAT);
    }
    Ok(())
}
