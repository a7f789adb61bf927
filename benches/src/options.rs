//! The command line.

use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::Failure;
use crate::scenario::Scenario;

const USAGE: &str = "usage: redis-cached-benches [SCENARIO…] [--rounds N] [--smoke] [--pin] [--workers N] [--plots DIR]
  SCENARIO      hit, sliding, tls, cluster, blocking, miss, batch, tags, users, local, burst, stampede, frozen or growth (default: all)
  --rounds N    how often each contender has its turn, at each number of callers (default 31)
  --smoke       shows within a minute that everything runs; the figures mean nothing
  --pin         client and server on one CPU, which repeats within a few percent (needs taskset)
  --workers N   threads of the runtime (default: as many as there are CPUs)
  --plots DIR   where `growth` draws its plots (default: nowhere)";

pub struct Options {
    pub scenarios: Vec<Scenario>,
    pub rounds: usize,
    /// How long a contender runs in `hit` and its like before the next has its turn.
    pub slice: Duration,
    /// How many entries one tag has.
    pub tagged: u64,
    /// How many users are one value.
    pub users: u64,
    /// How many calls in a row a contender makes to a frozen server.
    pub frozen_calls: usize,
    /// How often a contender's server freezes.
    pub freezes: usize,
    /// The most entries of the local tier in `growth`.
    pub entries: u64,
    /// Where plots are drawn.
    pub plots: Option<String>,
    pin: bool,
    workers: Option<usize>,
    /// The arguments that hold for each scenario.
    common: Vec<String>,
}

impl Options {
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self {
            scenarios: Vec::new(),
            rounds: 31,
            slice: Duration::from_millis(100),
            tagged: 100_000,
            users: 100_000,
            frozen_calls: 40,
            freezes: 5,
            entries: 1_000_000,
            plots: None,
            pin: false,
            workers: None,
            common: Vec::new(),
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--smoke" => {
                    (options.rounds, options.slice) = (2, Duration::from_millis(40));
                    (options.tagged, options.users) = (2000, 2000);
                    (options.frozen_calls, options.freezes) = (6, 1);
                    options.entries = 1000;
                    options.common.push(arg);
                }
                "--pin" => options.pin = true,
                "--plots" => {
                    let folder = args.next().ok_or(USAGE)?;
                    options.common.extend([arg, folder.clone()]);
                    options.plots = Some(folder);
                }
                "--rounds" => options.rounds = options.number(arg, args.next())?,
                "--workers" => options.workers = Some(options.number(arg, args.next())?),
                name => options.scenarios.push(Scenario::named(name).ok_or(USAGE)?),
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = Scenario::ALL.to_vec();
        }
        Ok(options)
    }

    pub fn workers(&self) -> usize {
        self.workers.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }

    /// The scenario that this very process is to run, if any: it has one for each, see [`Self::again`].
    pub fn here(&self) -> Option<Scenario> {
        match self.scenarios[..] {
            [scenario] if !self.pin => Some(scenario),
            _ => None,
        }
    }

    /// Runs this program again for one scenario. With `--pin` on one CPU, and so does the server that it starts, because
    /// children inherit that.
    pub fn again(&self, scenario: Scenario) -> Result<(), Failure> {
        let program = std::env::current_exe()?;
        let mut command = if self.pin { Command::new("taskset") } else { Command::new(&program) };
        if self.pin {
            command.args(["-c", "0"]).arg(&program);
        }
        command.arg(scenario.name()).args(&self.common);
        let status =
            command.status().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        if status.success() { Ok(()) } else { Err(format!("{}: {status}", scenario.name()).into()) }
    }

    fn number(&mut self, arg: String, value: Option<String>) -> Result<usize, Failure> {
        let value = value.ok_or(USAGE)?;
        let number = value.parse().ok().filter(|number| *number > 0).ok_or(USAGE)?;
        self.common.extend([arg, value]);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use crate::scenario::Scenario;

    fn parse(line: &str) -> Result<Options, crate::Failure> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn scenarios_are_chosen_by_name_and_none_means_all() {
        assert_eq!(parse("").expect("valid").scenarios, Scenario::ALL);
        let options = parse("frozen --rounds 3 hit").expect("valid");
        assert_eq!(options.scenarios, [Scenario::Frozen, Scenario::Hit]);
        assert!(parse("thaw").is_err());
    }

    #[test]
    fn what_one_scenario_is_run_again_with_runs_here() {
        let options = parse("--pin hit frozen --rounds 3 --smoke --workers 1").expect("valid");
        assert_eq!(options.here(), None);
        let again = parse(&format!("frozen {}", options.common.join(" "))).expect("valid");
        assert_eq!(again.here(), Some(Scenario::Frozen));
        assert_eq!((again.rounds, again.workers()), (options.rounds, 1));
    }

    #[test]
    fn a_number_is_asked_for_where_one_belongs() {
        for line in ["--rounds", "--rounds 0", "--workers many"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
