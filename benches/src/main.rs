//! redis-cached against its peers and against the bare driver, in one run.
//!
//! ```text
//! cargo run --release -p redis-cached-benches -- [--rounds N] [--smoke] [--pin] [--workers N]
//! ```
//!
//! Starts a server of its own, or uses the one at `REDIS_URL`. The contenders take turns, a fraction of a second each, for
//! several rounds; what is printed is the ratio to the bare driver *within a round*, as the median of all rounds with the
//! least and the greatest. Ratios, because two runs on one machine differ by more than two contenders do.
//!
//! One module a scenario: `hit` is what there is to be measured so far.

mod harness;
mod hit;
mod options;
mod table;

use std::process::ExitCode;

use redis_cached_test_support::RedisServer;

use crate::options::Options;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let options = Options::from_args()?;
    if options.pin {
        return options.run_pinned();
    }
    // Kept until the end: the server lives as long as this does.
    let server = if std::env::var_os("REDIS_URL").is_none() { Some(RedisServer::start()) } else { None };
    let url = match &server {
        Some(server) => server.url(),
        None => std::env::var("REDIS_URL")?,
    };

    let workers = options.workers();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    println!("{} rounds of {:?} for each contender, {workers} workers", options.rounds, options.slice);
    runtime.block_on(async {
        let report = hit::run(&options, &url).await?;
        println!("\n{report}");
        Ok(ExitCode::SUCCESS)
    })
}
