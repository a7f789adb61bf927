//! Histories: processes read through the cache while others write, invalidate and break things, everything is recorded, and
//! afterwards a checker looks for a read that returned what had been invalidated before it began. Values are read alone and in
//! batches, some within a bypass, and stored by warm-ups, and invalidated by their keys or, where they have tags, by these alone. Rows
//! come and go: some versions are not stored. So it is on one server, in a cluster and behind sentinels.
//!
//! `HISTORY_SEED` repeats a run's choices (not its schedule), `HISTORY_SECONDS` makes the runs with faults longer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod checker;
mod database;
mod faults;
mod random;
mod run;
mod tls;
mod topologies;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis_cached_test_support::{RedisServer, servers};

use self::checker::Violation;
use self::random::Random;
use self::run::{Options, Outcome, Run};

fn seed() -> u64 {
    let given = std::env::var("HISTORY_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed =
        given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into());
    println!("HISTORY_SEED={seed}");
    seed
}

fn time_with_faults() -> Duration {
    let given = std::env::var("HISTORY_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    Duration::from_secs(given.unwrap_or(5))
}

/// Mostly reads, in processes that keep nothing.
fn options(seed: u64) -> Options<'static> {
    Options {
        seed,
        tasks: 50,
        time: Duration::from_secs(3),
        writes: 2,
        writers: "honest",
        local: None,
        ca: None,
    }
}

/// Shows one violation and how many there are: a broken protocol makes hundreds. A run in which nothing was promised, or nothing was cached
/// any more when the faults were over, would show nothing.
fn assert_sound(outcome: &Outcome, faults: &[&str]) {
    let violations = outcome.history.violations();
    if let Some(first) = violations.first() {
        panic!("{} violations, first {first:?}\n{outcome}\n{faults:?}", violations.len());
    }
    assert!(outcome.all_recovered() && !outcome.history.promises.is_empty(), "{outcome}\n{faults:?}");
}

#[test]
fn no_read_is_older_than_an_invalidation_that_had_returned() {
    for program in servers() {
        println!("{program}");
        let seed = seed();
        let server = RedisServer::builder().program(program).start();
        let run =
            Run::start(&server.url(), Options { tasks: 100, time: time_with_faults(), ..options(seed) });
        let faults = faults::inject(&server, &mut Random::new(seed), run.until());
        let outcome = run.end();
        println!("{outcome}; {} faults", faults.len());
        assert_sound(&outcome, &faults);
    }
}

#[test]
fn without_faults_most_reads_are_hits_and_every_invalidation_is_taken() {
    let server = RedisServer::start();
    let outcome = Run::start(&server.url(), options(seed())).end();
    println!("{outcome}");
    assert_sound(&outcome, &[]);
    let reads = outcome.history.reads.len() as u64;
    assert!(outcome.hits * 2 > reads, "{outcome}");
    assert!(outcome.computes * 3 < reads, "{outcome}");
    assert!(outcome.database_reads <= outcome.computes + outcome.warming, "{outcome}");
    assert!(outcome.warmed > 0, "{outcome}");
}

/// Where much is written, many invalidations come while values are computed. This is the run that finds a batch stored without
/// comparing, and a tag read too late.
#[test]
fn no_read_is_older_where_much_is_written() {
    let server = RedisServer::start();
    let outcome =
        Run::start(&server.url(), Options { writes: 15, time: Duration::from_secs(4), ..options(seed()) })
            .end();
    println!("{outcome}");
    assert_sound(&outcome, &[]);
    assert!(outcome.batched > 0, "{outcome}");
    assert!(outcome.history.promises.len() * 50 > outcome.history.reads.len(), "{outcome}");
}

/// The whole apparatus, with writers that only claim to invalidate.
#[test]
fn writers_that_forget_to_invalidate_are_found_out() {
    let server = RedisServer::start();
    let options =
        Options { tasks: 20, time: Duration::from_secs(1), writers: "forgetful", ..options(seed()) };
    let outcome = Run::start(&server.url(), options).end();
    println!("{outcome}");
    let violations = outcome.history.violations();
    assert!(violations.iter().any(|violation| matches!(violation, Violation::Older(..))), "{outcome}");
}

/// How many of the processes keep values.
const KEEPING: u64 = 2;

/// Whatever breaks: nothing is served for longer than the bound after another process has changed it. There is no slack in it, since a
/// call begins before its age is looked at. Own changes are seen at once.
#[test]
fn processes_that_keep_values_serve_nothing_older_than_the_bound() {
    for program in servers() {
        println!("{program}");
        let seed = seed();
        let server = RedisServer::builder().program(program).start();
        let staleness = Duration::from_millis(300);
        let local = Some((KEEPING, staleness));
        let time = time_with_faults();
        let run = Run::start(&server.url(), Options { time, local, ..options(seed) });
        let faults = faults::inject(&server, &mut Random::new(seed), run.until());
        let mut outcome = run.end();
        println!("{outcome}; {} faults", faults.len());
        outcome.history.keeping = Some((KEEPING, staleness));
        assert_sound(&outcome, &faults);
    }
}

/// While Redis answers, the bound is how long a message takes: under a millisecond, and for a process that waits for its turn on a
/// busy machine as long as that takes. What this is to find stays until the key changes again.
#[test]
fn processes_that_keep_values_hear_of_changes_without_delay() {
    let server = RedisServer::start();
    let local = Some((KEEPING, Duration::from_secs(600)));
    let time = Duration::from_secs(4);
    let mut outcome = Run::start(&server.url(), Options { tasks: 25, time, local, ..options(seed()) }).end();
    println!("{outcome}");
    outcome.history.keeping = Some((KEEPING, Duration::from_millis(500)));
    assert_sound(&outcome, &[]);
    assert!(outcome.local_hits * 10 > outcome.history.reads.len() as u64, "{outcome}");
}
