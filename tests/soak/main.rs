//! A cluster under traffic, while everything happens to it that may: slots move, replicas take over, primaries are killed or frozen, all nodes
//! restart, and what was acknowledged is lost with a primary. Every call is checked when it has returned: nothing old, nothing foreign,
//! nothing late, and no node's fault is another's. What the nodes have executed is checked at the end.
//!
//! `SOAK_SECONDS` says for how long, `SOAK_SEED` repeats a run's choices (not its schedule), and `SOAK_CALLS` is how many calls there have to
//! be in a second: `scripts/soak` sets it, since tests are not optimized and share their machine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod calls;
mod executed;
mod lateness;
mod nodes;
#[path = "../history/random.rs"]
mod random;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redis_cached::Cache;
use redis_cached_test_support::{Breakable, Fault, RedisCluster, summary};

use self::calls::{DEADLINE, Traffic, Writers};
use self::executed::Executed;
use self::nodes::NodeTimes;
use self::random::Random;
use self::watch::Watch;

/// How late a call may be: what a clock of ticks does not tell.
const SLACK: Duration = Duration::from_millis(20);
/// The same on a machine that does other things as well. Less than the deadline: who is held up by a node that is not its own waits so long.
const BUSY: Duration = Duration::from_millis(200);
/// How many calls there are for one that such a machine may make late. Where nodes hold up the calls of others, it is every third that is.
const CALLS_PER_LATE: u64 = 200;
/// So often a fault is one that loses what was acknowledged.
const FAULTS_PER_LOSS: u64 = 8;
/// In a second, if nobody says how many.
const CALLS: u64 = 2_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_old_late_or_done_twice_whatever_befalls_a_cluster() {
    let seed = setting("SOAK_SEED")
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into());
    let time = Duration::from_secs(setting("SOAK_SECONDS").unwrap_or(60));
    let least = setting("SOAK_CALLS");
    println!("SOAK_SEED={seed}");

    let servers = Arc::new(RedisCluster::builder().replicas(1).start());
    let executed = Executed::record(&servers);
    // Without a wait for other callers: what is left is the wait for Redis, whose bound is checked.
    let cache = Cache::builder().url(servers.url()).deadline(DEADLINE).max_wait(Duration::ZERO);
    let cache = cache.connect().await.unwrap();
    let watch = || Arc::new(Watch::new(NodeTimes::of(&servers), if least.is_some() { SLACK } else { BUSY }));
    assert_finds_out_who_forgets(&servers, watch()).await;

    let watch = watch();
    // Calls that wait for a node are fewer.
    let calls = least.map_or(CALLS, |least| least * 11 / 10);
    let traffic = Traffic::start(&servers, &cache, &watch, Writers::Honest, calls, seed);
    let ticking = Arc::clone(&watch);
    let ticker = tokio::spawn(async move { ticking.beat().await });

    let began = Instant::now();
    let done = {
        let (servers, watch, cache) = (Arc::clone(&servers), Arc::clone(&watch), cache.clone());
        let handle = tokio::runtime::Handle::current();
        let until = began + time;
        let inject = move || {
            let mut random = Random::new(seed);
            let mut below = move |bound| random.below(bound);
            let mut done = Vec::new();
            while Instant::now() < until {
                std::thread::sleep(Duration::from_millis(200 + below(600)));
                let loses = done.is_empty() || below(FAULTS_PER_LOSS) == 0;
                let fault = if loses { Fault::choose_loss(&mut below) } else { Fault::choose(&mut below) };
                let from = watch.turn(fault.shards());
                servers.cause(fault, &mut below);
                handle.block_on(calls::served_again(&servers, &cache));
                let to = watch.turn(fault.shards());
                done.push((fault.name(), format!("{from} to {to} ms")));
            }
            done
        };
        tokio::task::spawn_blocking(inject).await.unwrap()
    };
    let seconds = began.elapsed().as_secs_f64();
    traffic.stop().await;
    // One that has to be found.
    for _ in 0..2 {
        servers.owner("twice").cli(&["SET", "twice", "x"]);
    }
    ticker.abort();

    let (report, executed, repeated) = (watch.report(), executed.end(), cache.stats().repeated_invalidations);
    let calls_a_second = report.calls as f64 / seconds;
    println!(
        "{report}; {calls_a_second:.0} calls a second for {seconds:.0} s; {executed}; {repeated} invalidations were repeated; {}",
        summary(done.iter().map(|(name, _)| *name))
    );
    let late = if least.is_some() { 0 } else { report.calls / CALLS_PER_LATE };
    let twice = executed.twice.iter().filter(|command| *command != r#""SET" "twice" "x""#).count();
    // All of them are checked, so that one finding does not hide another.
    let failed: Vec<&str> = [
        (report.wrong == 0, "a value was wrong"),
        (report.late <= late, "calls were late"),
        (executed.twice.len() > twice, "what was sent twice was not found"),
        (twice == 0, "something was executed twice"),
        (repeated > 0, "no invalidation was lost and repeated"),
        (executed.once > 100, "too little was executed"),
        (report.served_while_broken > 100, "too few calls went to nodes that were well"),
        (report.confirmed > 100, "too few changes were taken"),
        (least.is_none_or(|least| calls_a_second >= least as f64), "there were too few calls a second"),
    ]
    .into_iter()
    .filter_map(|(holds, otherwise)| (!holds).then_some(otherwise))
    .collect();
    assert!(failed.is_empty(), "{failed:#?}\n{:#?}\n{:#?}\n{done:?}", report.faults, executed.twice);
}

async fn assert_finds_out_who_forgets(servers: &RedisCluster, watch: Arc<Watch>) {
    let cache = Cache::builder().url(servers.url()).prefix("forgotten:").connect().await.unwrap();
    let traffic = Traffic::start(servers, &cache, &watch, Writers::Forgetful, CALLS, 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    traffic.stop().await;
    let report = watch.report();
    assert!(report.faults.iter().any(|fault| fault.contains("was confirmed before")), "{report}");
}
