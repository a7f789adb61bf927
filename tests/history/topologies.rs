//! The same over a cluster and behind sentinels, where another server takes over.
//!
//! Redis may lose what it has acknowledged when that happens, and what the library does then is tested elsewhere. So nothing may be
//! acknowledged here by a primary that is about to be lost and that its replica has not got.

use std::time::Duration;

use redis_cached_test_support::{Breakable, Fault, RedisCluster, RedisSentinels, RedisServer, servers};

use super::{KEEPING, assert_sound, options, seed, time_with_faults};
use crate::faults::{inject_each, one, sleep_below};
use crate::random::Random;
use crate::run::{Options, Run};

#[test]
fn no_read_is_older_in_a_cluster() {
    for program in servers() {
        println!("{program}");
        let seed = seed();
        let servers = RedisCluster::builder().replicas(1).node(|node| node.program(&program)).start();
        let run = Run::start(&servers.url(), Options { time: time_with_faults(), ..options(seed) });
        let fault = |random: &mut Random| {
            let mut below = |bound| random.below(bound);
            let fault = Fault::choose(&mut below);
            servers.cause(fault, &mut below);
            fault.name()
        };
        let faults = inject_each(fault, &mut Random::new(seed), run.until());
        let outcome = run.end();
        println!("{outcome}; {faults:?}");
        assert_sound(&outcome, &faults);
    }
}

/// What may befall sentinels and servers. Those that were replaced come back, and say that they are primaries.
fn fault(servers: &RedisSentinels, random: &mut Random) -> &'static str {
    let is_primary = |server: &&RedisServer| server.info("role").is_some_and(|role| role == "master");
    let mut both = [servers.first(), servers.second()];
    both.sort_by_key(|server| !is_primary(server));
    let [primary, replica] = both;
    match random.below(6) {
        0 | 1 => {
            primary.settle(replica);
            primary.kill();
            servers.wait_for_primary(replica);
            primary.restart();
            servers.wait_for_replica(primary);
            "primary killed"
        }
        2 => {
            primary.settle(replica);
            primary.pause();
            servers.wait_for_primary(replica);
            sleep_below(random, 0, 500);
            primary.resume();
            servers.wait_for_replica(primary);
            "primary frozen until replaced"
        }
        3 => {
            let sentinel = &servers.sentinels()[usize::try_from(random.below(3)).unwrap()];
            sentinel.kill();
            sleep_below(random, 100, 500);
            sentinel.restart();
            "sentinel restarted"
        }
        // A primary that is back before it is missed is an empty one. Else it would take its replica's data with it.
        _ => one(primary, random),
    }
}

#[test]
fn no_read_is_older_behind_sentinels() {
    for program in servers() {
        println!("{program}");
        let seed = seed();
        let servers = RedisSentinels::builder().program(&program).start();
        let staleness = Duration::from_millis(300);
        let local = Some((KEEPING, staleness));
        let run = Run::start(&servers.url(), Options { time: time_with_faults(), local, ..options(seed) });
        let faults = inject_each(|random| fault(&servers, random), &mut Random::new(seed), run.until());
        let mut outcome = run.end();
        println!("{outcome}; {faults:?}");
        outcome.history.keeping = Some((KEEPING, staleness));
        assert_sound(&outcome, &faults);
    }
}
