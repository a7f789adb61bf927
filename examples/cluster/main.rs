//! A cache on a cluster to which things happen: slots move, a primary hands over, another is killed.
//!
//! `cargo run --example cluster [-- --seconds 25]` starts three primaries and three replicas of its own, for which `redis-server` must be
//! installed. It draws in the terminal what readers get meanwhile; where the output is no terminal, it prints a line each second.

mod articles;
mod figures;
mod incidents;
mod random;
mod screen;
mod summary;
mod traffic;

use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::RedisCluster;

use crate::articles::Articles;
use crate::figures::Calls;
use crate::incidents::Incidents;
use crate::screen::Screen;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(250);
/// A replica needs about four seconds to take over, and each incident has a part of the time.
const SECONDS: std::ops::RangeInclusive<u64> = 12..=300;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether all calls got what they should.
async fn run() -> Result<bool, Failure> {
    let time = Duration::from_secs(seconds()?);
    println!("Starting three primaries and three replicas …");
    let start = || RedisCluster::builder().replicas(1).start();
    let cluster = Arc::new(tokio::task::spawn_blocking(start).await?);
    Cache::connect(cluster.url()).await?.set_global()?;

    let articles = Arc::new(Articles::new());
    let calls = Arc::new(Calls::new());
    let (tell, told) = mpsc::channel();
    let incidents = Incidents::begin(&cluster, articles.keys(), Arc::clone(&calls), time, tell);
    let traffic = traffic::begin(&articles, &calls);

    let mut screen = Screen::new(time);
    while calls.elapsed() < time || !incidents.is_finished() {
        tokio::time::sleep(FRAME).await;
        screen.draw(&calls, told.try_iter());
    }
    screen.end();
    drop(traffic);

    let report = incidents.join()?;
    Ok(summary::print(&calls, &articles, &report))
}

fn seconds() -> Result<u64, Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let seconds = match &words[..] {
        [] => Some(25),
        [option, number] if option == "--seconds" => number.parse().ok(),
        _ => None,
    };
    let usage = || format!("usage: cluster [--seconds {}…{}]", SECONDS.start(), SECONDS.end());
    Ok(seconds.filter(|seconds| SECONDS.contains(seconds)).ok_or_else(usage)?)
}
