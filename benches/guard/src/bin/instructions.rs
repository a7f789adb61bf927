//! Instructions of a hit within this process, under callgrind.
//!
//! Runs itself under it, for some calls and for twice as many: the difference is what those calls take, without start and
//! end of the process.

use std::process::{Command, ExitCode};

use redis_cached::Cache;
use redis_cached_guard::{Verdict, call_users, hits_and_misses};
use tokio::runtime::Builder;

const CALLS: u64 = 4096;
/// Compilers and C libraries differ by so much, and a mistake costs more.
const SLACK: f64 = 0.15;

/// The key is built, looked up in `memory://`, the header checked and the value decoded.
const MEMORY_HIT: &str = "memory-hit";

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => guard(),
        [work, calls] => {
            run(work, calls.parse().expect("a number of calls"));
            ExitCode::SUCCESS
        }
        _ => panic!("usage: instructions"),
    }
}

fn guard() -> ExitCode {
    println!("Instructions of a call");
    let mut good = true;
    for work in [MEMORY_HIT] {
        let counted = instructions(work, 2 * CALLS) - instructions(work, CALLS);
        let verdict = Verdict::on(&format!("instructions/{work}"), counted as f64 / CALLS as f64, SLACK);
        println!("{verdict}");
        good &= verdict.is_good();
    }
    if !cfg!(target_arch = "x86_64") {
        println!("The bounds are for x86-64: not held to them here.");
        good = true;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The work itself, in the process that is watched.
fn run(work: &str, calls: u64) {
    assert_eq!(work, MEMORY_HIT);
    Cache::memory().set_global().expect("it is the first");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(call_users(redis_cached_guard::KEYS));
    runtime.block_on(call_users(calls));
    assert_eq!(hits_and_misses(), (calls, redis_cached_guard::KEYS), "hits and misses");
}

/// What the whole process takes.
fn instructions(work: &str, calls: u64) -> u64 {
    let this = std::env::current_exe().expect("this program has a path");
    let mut callgrind = Command::new("valgrind");
    callgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(this);
    let output = callgrind.args([work, &calls.to_string()]).output();
    let output = output.unwrap_or_else(|error| panic!("valgrind cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    collected(&said).unwrap_or_else(|| panic!("callgrind counted nothing:\n{said}"))
}

fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("==7== Events    : Ir"), None);
    }
}
