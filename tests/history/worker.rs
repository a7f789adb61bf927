//! One process of a recorded run: tasks that read through a cached function, and write and invalidate now and then.
//!
//! `history-worker URL DATABASE SEED MILLISECONDS TASKS WRITES PROCESS PROCESSES WRITERS STALENESS`. Prints what it did when the time is up:
//! `read KEY VERSION BEGIN END` for each read, `batched …` likewise for each key of a batch, `promise KEY VERSION END` for each invalidation or write that the cache took,
//! `refused` for each that it did not take, `warming` for each time that a warm-up read the database, `warmed` for each value that it stored, `slowest MILLISECONDS` for
//! the slowest read of each task, and `stats HITS COMPUTES LOCAL`. With a
//! STALENESS (in milliseconds) over 0 values are kept in this process.

mod client;
mod random;
mod rows;
mod tasks;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis_cached::Cache;

use self::client::Database;
use self::random::Random;
use self::tasks::{Task, Writers};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, database, seed, millis, tasks, writes, process, processes, writers, staleness] =
        arguments.as_slice()
    else {
        return Err(
            "usage: history-worker URL DATABASE SEED MILLISECONDS TASKS WRITES PROCESS PROCESSES WRITERS STALENESS"
                .into(),
        );
    };
    let staleness: u64 = staleness.parse()?;
    let cache = Cache::builder()
        .local_staleness(Duration::from_millis(staleness))
        .url(url)
        // Short, so that a run of seconds sees many of them pass.
        .deadline(Duration::from_millis(100))
        .lease(Duration::from_millis(400))
        .connect_lazy()?;
    cache.set_global()?;
    let database = Arc::new(Database::connect(database.parse()?).await?);
    let until = Instant::now() + Duration::from_millis(millis.parse()?);
    let (process, seed): (u64, u64) = (process.parse()?, seed.parse()?);
    let writes = writes.parse()?;
    let writers = Writers::parse(writers).ok_or("WRITERS is `honest` or `forgetful`")?;
    let owner = Arc::new(tasks::Owner::new(process, processes.parse()?));

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
            tokio::spawn(task.run(until))
        })
        .collect();
    for task in running {
        for line in task.await? {
            println!("{line}");
        }
    }
    let functions = cache.stats().functions;
    let hits: u64 = functions.iter().map(|function| function.hits).sum();
    let computes: u64 = functions.iter().map(|function| function.computes).sum();
    let local: u64 = functions.iter().map(|function| function.local_hits).sum();
    println!("stats {hits} {computes} {local}");
    Ok(())
}
