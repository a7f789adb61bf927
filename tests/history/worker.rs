//! One process of a recorded run: tasks that read through a cached function, and write and invalidate now and then.
//!
//! `history-worker URL DATABASE SEED TASKS WRITES PROCESS PROCESSES WRITERS STALENESS`. Goes on until its standard input ends, and then until the
//! cache has served it again, of which it tells with `recovered`. Prints what it did:
//! `read KEY VERSION BEGIN END` for each read, `batched …` likewise for each key of a batch, `promise KEY VERSION END` for each invalidation or write that the cache took,
//! `refused` for each that it did not take, `warming` for each time that a warm-up read the database, `warmed` for each value that it stored, `slowest MILLISECONDS` for
//! the slowest read of each task, and `stats HITS COMPUTES LOCAL`. With a
//! STALENESS (in milliseconds) over 0 values are kept in this process.

mod client;
mod random;
mod rows;
mod tasks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis_cached::Cache;

use self::client::Database;
use self::random::Random;
use self::tasks::{Task, Writers};

/// Hits after the faults are over, and those of them that are local: about half a second's on a machine with two cores.
const ENOUGH: u64 = 500;
const ENOUGH_LOCAL: u64 = 200;
/// How long they may take. A certificate that was refused may be tried again after 5 s only; the rest is for slow machines.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, database, seed, tasks, writes, process, processes, writers, staleness] =
        arguments.as_slice()
    else {
        return Err(
            "usage: history-worker URL DATABASE SEED TASKS WRITES PROCESS PROCESSES WRITERS STALENESS".into(),
        );
    };
    let staleness: u64 = staleness.parse()?;
    let cache = Cache::builder()
        .local_staleness(Duration::from_millis(staleness))
        .url(url)
        // Short, so that a run of seconds sees many of them pass.
        .deadline(Duration::from_millis(100))
        .lease_ttl(Duration::from_millis(400))
        .connect_lazy()?;
    cache.set_global()?;
    let database = Arc::new(Database::connect(database.parse()?).await?);
    let (process, seed): (u64, u64) = (process.parse()?, seed.parse()?);
    let writes = writes.parse()?;
    let writers = Writers::parse(writers).ok_or("WRITERS is `honest` or `forgetful`")?;
    let owner = Arc::new(tasks::Owner::new(process, processes.parse()?));
    let is_over = Arc::new(AtomicBool::new(false));

    let running: Vec<_> = (0..tasks.parse()?)
        .map(|number| {
            let task = Task {
                database: Arc::clone(&database),
                cache: cache.clone(),
                owner: Arc::clone(&owner),
                random: Random::new(seed ^ (process << 32) ^ number),
                writes,
                writers,
                local: staleness > 0,
                slowest: Duration::ZERO,
                lines: Vec::new(),
            };
            tokio::spawn(task.run(Arc::clone(&is_over)))
        })
        .collect();
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    if recovers(&cache, staleness > 0).await {
        println!("recovered");
    }
    is_over.store(true, Ordering::Relaxed);
    for task in running {
        for line in task.await? {
            println!("{line}");
        }
    }
    let [hits, computes, local] = counts(&cache);
    println!("stats {hits} {computes} {local}");
    Ok(())
}

/// Whether the cache serves as much as shows that it works, from now on and before anybody loses patience.
async fn recovers(cache: &Cache, is_local: bool) -> bool {
    let [hits_before, _, local_before] = counts(cache);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let [hits, _, local] = counts(cache);
        if hits - hits_before >= ENOUGH && (!is_local || local - local_before >= ENOUGH_LOCAL) {
            return true;
        }
    }
    false
}

/// Hits, computations, and those of the hits that were local.
fn counts(cache: &Cache) -> [u64; 3] {
    let functions = cache.stats().functions;
    [
        functions.iter().map(|function| function.hits).sum(),
        functions.iter().map(|function| function.computes).sum(),
        functions.iter().map(|function| function.local_hits).sum(),
    ]
}
