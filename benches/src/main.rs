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
//! nobody. It starts a server of its own; `hit`, `blocking`, `batch`, `local` and `stampede` use the one at `REDIS_URL` where that is set.

mod batch;
mod blocking;
mod burst;
mod cluster;
mod commands;
mod contenders;
mod frozen;
mod growth;
mod harness;
mod hit;
mod local;
mod miss;
mod options;
mod stampede;
mod table;
mod tags;
mod tls;
mod users;

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::LazyLock;

use redis_cached_test_support::RedisServer;

use crate::options::Options;

type Failure = Box<dyn std::error::Error>;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scenario {
    Hit,
    Tls,
    Cluster,
    Blocking,
    Miss,
    Batch,
    Tags,
    Users,
    Local,
    Burst,
    Stampede,
    Frozen,
    Growth,
}

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
        Some(scenario) => scenario.run(&options),
        None => options.scenarios.iter().try_for_each(|scenario| options.again(*scenario)),
    }
}

impl Scenario {
    /// In the order in which they run.
    const ALL: [Self; 13] = [
        Self::Hit,
        Self::Tls,
        Self::Cluster,
        Self::Blocking,
        Self::Miss,
        Self::Batch,
        Self::Tags,
        Self::Users,
        Self::Local,
        Self::Burst,
        Self::Stampede,
        Self::Frozen,
        Self::Growth,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Tls => "tls",
            Self::Cluster => "cluster",
            Self::Blocking => "blocking",
            Self::Miss => "miss",
            Self::Batch => "batch",
            Self::Tags => "tags",
            Self::Users => "users",
            Self::Local => "local",
            Self::Burst => "burst",
            Self::Stampede => "stampede",
            Self::Frozen => "frozen",
            Self::Growth => "growth",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    fn run(self, options: &Options) -> Result<(), Failure> {
        let workers = options.workers();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
        let report = runtime.block_on(self.measure(options))?;
        println!("{report}\n");
        Ok(())
    }

    async fn measure(self, options: &Options) -> Result<Box<dyn Display>, Failure> {
        // Kept until the end: the server lives as long as this does.
        let server = LazyLock::new(RedisServer::start);
        let url = || std::env::var("REDIS_URL").unwrap_or_else(|_| server.url());
        Ok(match self {
            Self::Hit => Box::new(hit::run(options, &url()).await?),
            Self::Blocking => Box::new(blocking::run(options, &url()).await?),
            Self::Batch => Box::new(batch::run(options, &url()).await?),
            Self::Local => Box::new(local::run(options, &url()).await?),
            Self::Stampede => Box::new(stampede::run(options, &url()).await?),
            Self::Tls => Box::new(tls::run(options).await?),
            Self::Cluster => Box::new(cluster::run(options).await?),
            // In any case our own: nobody else's is to be emptied, filled or stopped.
            Self::Burst => Box::new(burst::run(options, &server).await?),
            Self::Miss => Box::new(miss::run(options, &server).await?),
            Self::Tags => Box::new(tags::run(options, &server).await?),
            Self::Users => Box::new(users::run(options, &server).await?),
            Self::Frozen => Box::new(frozen::run(options, &server).await?),
            Self::Growth => Box::new(growth::run(options, &server).await?),
        })
    }
}
