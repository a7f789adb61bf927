//! A recorded run: the database, the processes, and what they report.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::checker::{History, Promise, Read};
use crate::database::Database;

const PROCESSES: u64 = 4;
/// How long the processes may take to recover, to finish what is under way and to report, on a machine that does other things as well.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
pub(crate) struct Options<'a> {
    pub(crate) seed: u64,
    /// In each process.
    pub(crate) tasks: u64,
    /// Until the processes have to recover from what was done to them.
    pub(crate) time: Duration,
    /// Of a hundred things that a task does.
    pub(crate) writes: u64,
    /// `honest` or `forgetful`.
    pub(crate) writers: &'static str,
    /// The staleness bound of the processes that keep values, the first of all; the others keep none.
    pub(crate) local: Option<(u64, Duration)>,
    /// The file with the CA that is trusted.
    pub(crate) ca: Option<&'a Path>,
}

pub(crate) struct Run {
    database: Database,
    workers: Vec<Worker>,
    until: Instant,
}

/// A process, and what reads its report. Killed when the test is over.
struct Worker {
    child: Child,
    report: Option<JoinHandle<String>>,
}

/// What came of a run.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) history: History,
    /// Invalidations and writes that the cache did not take.
    pub(crate) refused: u64,
    pub(crate) hits: u64,
    pub(crate) computes: u64,
    /// Of the hits.
    pub(crate) local_hits: u64,
    /// Of the reads.
    pub(crate) batched: u64,
    pub(crate) database_reads: u64,
    /// How often a warm-up read the database, and how many values it stored.
    pub(crate) warming: u64,
    pub(crate) warmed: u64,
    /// How long the slowest read took, in milliseconds.
    pub(crate) slowest: u64,
    /// How many processes the cache has served again after the end of all faults.
    recovered: u64,
}

impl Run {
    pub(crate) fn start(url: &str, options: Options<'_>) -> Self {
        let database = Database::start();
        let workers =
            (0..PROCESSES).map(|process| Worker::start(url, &database, &options, process)).collect();
        Self { database, workers, until: Instant::now() + options.time }
    }

    /// When the processes are left alone, and end as soon as the cache works for them.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    pub(crate) fn end(self) -> Outcome {
        let mut outcome = Outcome::default();
        std::thread::sleep(self.until.saturating_duration_since(Instant::now()));
        let until = Instant::now() + GRACE;
        let mut workers = self.workers;
        workers.iter_mut().for_each(|worker| drop(worker.child.stdin.take()));
        for (process, worker) in (0..).zip(workers) {
            for line in worker.report(until).lines() {
                outcome.add(process, line);
            }
        }
        outcome.history.times = self.database.times();
        outcome.history.commits = self.database.commits();
        outcome.database_reads = self.database.reads();
        outcome
    }
}

impl Worker {
    fn start(url: &str, database: &Database, options: &Options<'_>, process: u64) -> Self {
        let numbers = [options.seed, options.tasks, options.writes, process, PROCESSES];
        let keeps = options.local.filter(|(processes, _)| process < *processes);
        let staleness = keeps.map_or(Duration::ZERO, |(_, staleness)| staleness);
        let mut worker = Command::new(env!("CARGO_BIN_EXE_history-worker"));
        if let Some(ca) = options.ca {
            worker.env("SSL_CERT_FILE", ca).env_remove("SSL_CERT_DIR");
        }
        let mut child = worker
            .args([url, &database.port().to_string()])
            .args(numbers.map(|number| number.to_string()))
            .arg(options.writers)
            .arg(millis(staleness).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let report = std::thread::spawn(move || {
            let mut report = String::new();
            output.read_to_string(&mut report).unwrap();
            report
        });
        Self { child, report: Some(report) }
    }

    fn report(mut self, until: Instant) -> String {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "a process hangs");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "a process failed: {status}");
        self.report.take().unwrap().join().unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    /// Whether the cache has served all of the processes after the end of all faults, by copies of their own where they keep any.
    pub(crate) fn all_recovered(&self) -> bool {
        self.recovered == PROCESSES
    }

    fn add(&mut self, process: u64, line: &str) {
        let (what, numbers) = line.split_once(' ').unwrap_or((line, ""));
        let numbers: Vec<u64> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        match (what, numbers.as_slice()) {
            ("read" | "batched", &[key, version, begin, end]) => {
                self.batched += u64::from(what == "batched");
                self.history.reads.push(Read { key, version, begin, end, process });
            }
            ("promise", &[key, version, end]) => {
                self.history.promises.push(Promise { key, version, end, process });
            }
            ("refused", []) => self.refused += 1,
            ("warming", []) => self.warming += 1,
            ("warmed", []) => self.warmed += 1,
            ("recovered", []) => self.recovered += 1,
            ("slowest", &[millis]) => self.slowest = self.slowest.max(millis),
            ("stats", [hits, computes, local]) => {
                self.hits += hits;
                self.computes += computes;
                self.local_hits += local;
            }
            _ => panic!("a process reports `{line}`"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let History { reads, promises, commits, .. } = &self.history;
        write!(
            f,
            "{} of {PROCESSES} processes recovered, {} reads ({} in batches), {} hits ({} local), {} computations, {} reads of the database, {} values warmed up, {} commits, {} promises, {} refused, the slowest read took {} ms",
            self.recovered,
            reads.len(),
            self.batched,
            self.hits,
            self.local_hits,
            self.computes,
            self.database_reads,
            self.warmed,
            commits.len(),
            promises.len(),
            self.refused,
            self.slowest
        )
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}
