//! What other callers notice when Redis is emptied, and with it the local tier.

use std::time::{Duration, Instant};

use redis_cached::redis_cached;
use redis_cached_test_support::RedisServer;

use super::entries::fill;
use super::{decades, median};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Table, time};

/// For how long calls are watched.
const WATCHED: Duration = Duration::from_millis(400);
const ROUNDS: usize = 3;

#[redis_cached(ttl = 3600, key = "bench:growth:other:<id>")]
async fn other(id: u64) -> u64 {
    id
}

pub(super) async fn measure(options: &Options, server: &RedisServer) -> Result<Table, Failure> {
    let sizes: Vec<_> = decades(options.entries).into_iter().filter(|size| *size >= 1000).collect();
    let mut table = Table::new("The slowest other call when all entries are dropped", "entries", &sizes);
    let (mut before, mut emptied, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    // Before all of them: what was given back is used again.
    let empty = resident();
    for entries in sizes {
        let (mut usual, mut dropped) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            fill(entries).await?;
            if round == 0 {
                memory.push(resident().saturating_sub(empty) as f64 / entries as f64);
            }
            usual.push(slowest(|| {}).await?);
            // Beside its clients: without `ASYNC` a server of a million keys answers nobody for that long.
            let flush = || assert_eq!(server.query::<String>(&["FLUSHALL", "ASYNC"]), "OK");
            dropped.push(slowest(flush).await?);
        }
        before.push(median(usual));
        emptied.push(median(dropped));
    }
    table.column("nothing is dropped", before.into_iter().map(time));
    table.column("FLUSHALL ASYNC", emptied.into_iter().map(time));
    table.column("bytes of the process an entry", memory.into_iter().map(|bytes| format!("{bytes:.0}")));
    Ok(table)
}

/// The slowest call of one task after `event`, in seconds.
async fn slowest(event: impl FnOnce() + Send) -> Result<f64, Failure> {
    let watching = tokio::spawn(async {
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < WATCHED {
            let call = Instant::now();
            other(0).await;
            slowest = slowest.max(call.elapsed());
        }
        slowest
    });
    tokio::task::block_in_place(event);
    Ok(watching.await?.as_secs_f64())
}

/// The memory that this process has, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    1024 * kibibytes.unwrap_or(0)
}
