//! Single-flight between processes.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use redis_cached_test_support::{Given, RedisServer};

/// A process that calls a cached function; killed when the test is over.
struct Caller {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a process that ended said.
#[derive(Debug)]
struct Report {
    runs: usize,
    values: Vec<String>,
}

impl Caller {
    fn start(server: &RedisServer, key: &str, callers: usize, millis: u64) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_caller"))
            .args([&server.url(), key, &callers.to_string(), &millis.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }

    fn wait_until_it_computes(&mut self) {
        assert_eq!(self.lines.next().unwrap().unwrap(), "computing");
    }

    fn report(mut self) -> Report {
        let mut report = Report { runs: 0, values: vec![] };
        for line in self.lines.by_ref().map(Result::unwrap) {
            match line.split_once(' ') {
                Some(("runs", runs)) => report.runs = runs.parse().unwrap(),
                Some(("value", value)) => report.values.push(value.into()),
                _ => {}
            }
        }
        report
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn two_processes_that_start_together_compute_once() {
    for program in redis_cached_test_support::servers() {
        let server = RedisServer::builder().program(program).start();
        let mut callers: Vec<_> = (0..2).map(|_| Caller::start(&server, "cold", 1000, 50)).collect();
        callers.iter_mut().for_each(Caller::go);
        let reports: Vec<_> = callers.into_iter().map(Caller::report).collect();
        assert_eq!(reports.iter().map(|report| report.runs).sum::<usize>(), 1, "{reports:?}");
        assert!(reports.iter().all(|report| report.values == reports[0].values), "{reports:?}");
        assert_eq!(reports[0].values.len(), 1);
    }
}

#[test]
fn a_function_that_takes_longer_than_a_lease_is_still_computed_once() {
    let server = RedisServer::start();
    let mut first = Caller::start(&server, "long", 10, 3_500);
    let mut second = Caller::start(&server, "long", 10, 3_500);
    first.go();
    first.wait_until_it_computes();
    second.go();
    assert_eq!((second.report().runs, first.report().runs), (0, 1));
}

#[test]
fn a_holder_that_dies_is_replaced_within_a_lease() {
    let server = RedisServer::start();
    let mut holder = Caller::start(&server, "dead", 1, 60_000);
    let mut heir = Caller::start(&server, "dead", 100, 10);
    holder.go();
    holder.wait_until_it_computes();
    holder.child.kill().unwrap();
    let died = Given::now();
    heir.go();
    let report = heir.report();
    assert_eq!(report.runs, 1, "one more computation, never two at once");
    // The lease is two seconds; the rest is for a busy machine.
    assert!(died.elapsed() < Duration::from_secs(6), "{:?}", died.elapsed());
}
