//! Instructions of a hit within this process, and of a call while Redis is away, under callgrind.
//!
//! Runs itself under it, for some calls and for twice as many: the difference is what those calls take, without start and
//! end of the process.

use std::process::{Command, ExitCode};
use std::time::Duration;

use redis_cached::Cache;
use redis_cached_guard::said::collected;
use redis_cached_guard::{KEYS, Outcomes, Verdict, call_local_users, call_numbers, call_users, outcomes};
use redis_cached_test_support::RedisServer;
use tokio::runtime::{Builder, Runtime};

/// Compilers and C libraries differ by so much, and a mistake costs more.
const SLACK: f64 = 0.15;

/// The key is built, looked up in `memory://`, the header checked and the value decoded.
const MEMORY_HIT: (&str, u64) = ("memory-hit", 4 * KEYS);
/// The key is built and looked up in the local tier. More calls, because connecting takes now more, now less.
const LOCAL_HIT: (&str, u64) = ("local-hit", 64 * KEYS);
/// The key is built, and the function called: it is known that nobody is there to be asked.
const AWAY: (&str, u64) = ("away", 16 * KEYS);

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match &args[..] {
        [] => guard(),
        [work, calls, url] => {
            run(work, calls.parse().expect("a number of calls"), url);
            ExitCode::SUCCESS
        }
        _ => panic!("usage: instructions"),
    }
}

fn guard() -> ExitCode {
    println!("Instructions of a call");
    let mut good = true;
    for (work, calls) in [MEMORY_HIT, LOCAL_HIT, AWAY] {
        let counted = instructions(work, 2 * calls) - instructions(work, calls);
        let verdict = Verdict::on(&format!("instructions/{work}"), counted as f64 / calls as f64, SLACK);
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
fn run(work: &str, calls: u64, url: &str) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    if work == MEMORY_HIT.0 {
        Cache::memory().set_global().expect("it is the first");
        runtime.block_on(call_users(KEYS));
        runtime.block_on(call_users(calls));
        assert_eq!(outcomes(), Outcomes { hits: calls, local_hits: 0, misses: KEYS });
    } else if work == AWAY.0 {
        let cache = Cache::builder().url(url).connect_lazy().expect("a good URL");
        cache.set_global().expect("it is the first");
        runtime.block_on(call_numbers(KEYS + calls));
        assert_eq!(outcomes(), Outcomes { hits: 0, local_hits: 0, misses: KEYS + calls });
    } else {
        connect(&runtime, url);
        // Found in Redis, or computed and found next, by as many calls as there are; then here.
        for _ in 0..2 {
            runtime.block_on(call_local_users(KEYS));
            runtime.block_on(Cache::global().flush()).expect("stored");
        }
        let before = outcomes().local_hits;
        runtime.block_on(call_local_users(calls));
        assert_eq!(outcomes().local_hits - before, calls, "hits in this process");
    }
}

/// The runtime does nothing while calls are hits in this process: Redis is not asked whether it is there.
fn connect(runtime: &Runtime, url: &str) {
    let cache = Cache::builder().url(url).local_staleness(Duration::from_secs(600));
    // Under callgrind everything takes fifty times as long.
    let cache = cache.deadline(Duration::from_secs(30)).connect_timeout(Duration::from_secs(30));
    runtime.block_on(cache.connect()).expect("the server is there").set_global().expect("it is the first");
}

/// What the whole process takes.
fn instructions(work: &str, calls: u64) -> u64 {
    // Of its own each time, so that each finds it empty.
    let server = RedisServer::start();
    if work == AWAY.0 {
        server.kill();
    }
    let this = std::env::current_exe().expect("this program has a path");
    let mut callgrind = Command::new("valgrind");
    callgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(this);
    let output = callgrind.args([work, &calls.to_string(), &server.url()]).output();
    let output = output.unwrap_or_else(|error| panic!("valgrind cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    collected(&said).unwrap_or_else(|| panic!("callgrind counted nothing:\n{said}"))
}
