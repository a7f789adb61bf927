//! The command line.

use std::process::{Command, ExitCode};
use std::thread::available_parallelism;
use std::time::Duration;

use crate::Failure;

const USAGE: &str = "usage: redis-cached-benches [--rounds N] [--smoke] [--pin] [--workers N]
  --rounds N    how often each contender has its turn at each number of tasks (default 31)
  --smoke       shows within seconds that everything runs; the figures mean nothing
  --pin         client and server on one CPU, which repeats within a few percent (needs taskset)
  --workers N   threads of the runtime (default: as many as there are CPUs)";

pub(crate) struct Options {
    pub(crate) rounds: usize,
    /// How long a contender runs before the next has its turn.
    pub(crate) slice: Duration,
    pub(crate) pin: bool,
    workers: Option<usize>,
}

impl Options {
    pub(crate) fn from_args() -> Result<Self, Failure> {
        let mut options = Self { rounds: 31, slice: Duration::from_millis(100), pin: false, workers: None };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--smoke" => (options.rounds, options.slice) = (2, Duration::from_millis(40)),
                "--pin" => options.pin = true,
                "--rounds" => options.rounds = number(args.next())?,
                "--workers" => options.workers = Some(number(args.next())?),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }

    /// Runs this program again on one CPU. The server it starts stays there as well, because children inherit it.
    pub(crate) fn run_pinned(&self) -> Result<ExitCode, Failure> {
        let args = std::env::args().skip(1).filter(|arg| arg != "--pin");
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(std::env::current_exe()?).args(args);
        let status = command.status().map_err(|error| format!("taskset: {error}"))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn number(arg: Option<String>) -> Result<usize, Failure> {
    arg.and_then(|arg| arg.parse().ok()).filter(|number| *number > 0).ok_or_else(|| USAGE.into())
}
