//! redis-cached against its peers and against the bare driver, in one run.
//!
//! ```text
//! cargo run --release -p redis-cached-benches -- [SCENARIO…] [--rounds N] [--smoke] [--pin] [--workers N] [--plots DIR]
//! ```
//!
//! One module a scenario:
//!
//! - `hit`: the value is in Redis. The contenders take turns, a fraction of a second each, for several rounds; what is
//!   printed is the ratio to the bare driver *within a round*, as the median of all rounds with the least and the greatest.
//!   Ratios, because two runs on one machine differ by more than two contenders do.
//! - `sliding`: the same for this library alone, with `sliding` and with a stale window, as ratios to itself without.
//! - `tls`: the same by TLS, for this library alone, as a ratio to itself without.
//! - `cluster`: the same in a cluster of three primaries, as a ratio to one server.
//! - `blocking`: the same as `hit` for blocking functions, on threads.
//! - `miss`: nobody has asked for the key before.
//! - `batch`: the values of a hundred keys are in Redis, and are wanted at once.
//! - `tags`: a hundred thousand entries are invalidated by one name.
//! - `users`: a value of megabytes is in Redis, or in this process.
//! - `local`: the value is in this process.
//! - `burst`: thousands of keys that are not there at once.
//! - `stampede`: many callers at once of one key that is not there.
//! - `frozen`: Redis keeps its connections and answers nothing.
//! - `growth`: hits by entries, bytes and tasks, as tables, and as plots with `--plots DIR`.
//!
//! Each scenario runs in a process of its own, so that what a contender leaves behind, such as attempts to connect, disturbs
//! nobody. It starts a server of its own; `hit`, `sliding`, `blocking`, `batch`, `local` and `stampede` use the one at `REDIS_URL` where that is set.

mod batch;
mod blocking;
mod burst;
mod cluster;
mod contenders;
mod frozen;
mod growth;
mod hit;
mod local;
mod miss;
mod sliding;
mod stampede;
mod tags;
mod tls;
mod users;

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::LazyLock;

use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::scenario::Scenario;
use redis_cached_test_support::RedisServer;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    match options.here() {
        Some(scenario) => measure_here(scenario, &options),
        None => options.scenarios.iter().try_for_each(|scenario| options.again(*scenario)),
    }
}

/// Runs a scenario in this process.
fn measure_here(scenario: Scenario, options: &Options) -> Result<(), Failure> {
    let workers = options.workers();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let report = runtime.block_on(measure(scenario, options))?;
    println!("{report}\n");
    Ok(())
}

async fn measure(scenario: Scenario, options: &Options) -> Result<Box<dyn Display>, Failure> {
    // Kept until the end: the server lives as long as this does.
    let server = LazyLock::new(RedisServer::start);
    let url = || std::env::var("REDIS_URL").unwrap_or_else(|_| server.url());
    Ok(match scenario {
        Scenario::Hit => Box::new(hit::run(options, &url()).await?),
        Scenario::Sliding => Box::new(sliding::run(options, &url()).await?),
        Scenario::Blocking => Box::new(blocking::run(options, &url()).await?),
        Scenario::Batch => Box::new(batch::run(options, &url()).await?),
        Scenario::Local => Box::new(local::run(options, &url()).await?),
        Scenario::Stampede => Box::new(stampede::run(options, &url()).await?),
        Scenario::Tls => Box::new(tls::run(options).await?),
        Scenario::Cluster => Box::new(cluster::run(options).await?),
        // In any case our own: nobody else's is to be emptied, filled or stopped.
        Scenario::Burst => Box::new(burst::run(options, &server).await?),
        Scenario::Miss => Box::new(miss::run(options, &server).await?),
        Scenario::Tags => Box::new(tags::run(options, &server).await?),
        Scenario::Users => Box::new(users::run(options, &server).await?),
        Scenario::Frozen => Box::new(frozen::run(options, &server).await?),
        Scenario::Growth => Box::new(growth::run(options, &server).await?),
    })
}
