//! What the nodes have executed, as `MONITOR` shows it: a lease or a value that was sent twice would be there twice, since no two are alike.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use redis_cached_test_support::RedisCluster;

const TICK: Duration = Duration::from_millis(50);

/// Records until its end.
pub(crate) struct Executed {
    is_over: Arc<AtomicBool>,
    seen: Arc<Mutex<HashMap<String, u32>>>,
    readers: Vec<JoinHandle<()>>,
}

pub(crate) struct Counts {
    pub(crate) once: usize,
    /// Commands, without what tells one client from another.
    pub(crate) twice: Vec<String>,
}

impl Executed {
    pub(crate) fn record(servers: &RedisCluster) -> Self {
        let (is_over, seen) = (Arc::<AtomicBool>::default(), Arc::<Mutex<HashMap<_, _>>>::default());
        let ports: Vec<u16> = servers.nodes().iter().map(|node| node.port()).collect();
        let readers = ports.iter().map(|port| {
            let (port, ports) = (*port, ports.clone());
            let (is_over, seen) = (Arc::clone(&is_over), Arc::clone(&seen));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    // Ends when the node does.
                    let _ = read(port, &ports, &is_over, &seen);
                    std::thread::sleep(TICK);
                }
            })
        });
        let readers = readers.collect();
        Self { is_over, seen, readers }
    }

    pub(crate) fn end(self) -> Counts {
        // What has been executed by now takes a moment to be told.
        std::thread::sleep(10 * TICK);
        self.is_over.store(true, Ordering::Relaxed);
        self.readers.into_iter().for_each(|reader| reader.join().unwrap());
        let seen = self.seen.lock().unwrap();
        let of = |is_twice: bool| seen.iter().filter(move |(_, times)| (**times > 1) == is_twice);
        Counts {
            once: of(false).count(),
            twice: of(true).map(|(command, _)| command.clone()).take(20).collect(),
        }
    }
}

fn read(
    port: u16,
    nodes: &[u16],
    is_over: &AtomicBool,
    seen: &Mutex<HashMap<String, u32>>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TICK))?;
    stream.write_all(b"MONITOR\r\n")?;
    let (mut stream, mut line) = (BufReader::new(stream), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        match stream.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Without the rest of the line, which is still to come.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(error) => return Err(error),
        }
        if let Some(command) =
            String::from_utf8_lossy(&line).trim_end().split_once("] ").and_then(|(client, command)| {
                // A replica is told by its primary what that has executed.
                let is_copied = nodes.iter().any(|node| client.ends_with(&format!(":{node}")));
                (!is_copied && !client.ends_with("lua") && command.starts_with("\"SET\" ")).then_some(command)
            })
        {
            *seen.lock().unwrap().entry(command.to_owned()).or_default() += 1;
        }
        line.clear();
    }
    Ok(())
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leases and values were executed once and {} twice", self.once, self.twice.len())
    }
}
