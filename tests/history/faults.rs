//! Faults, one after another, while the processes run.

use std::time::{Duration, Instant};

use redis_cached_test_support::RedisServer;

use crate::random::Random;

/// Breaks and mends `server` until `until`; at the end it works. Gives what it did, for the report of a failure.
pub(crate) fn inject(server: &RedisServer, random: &mut Random, until: Instant) -> Vec<&'static str> {
    inject_each(|random| one(server, random), random, until)
}

/// The same with other faults, one a call.
pub(crate) fn inject_each(
    mut fault: impl FnMut(&mut Random) -> &'static str,
    random: &mut Random,
    until: Instant,
) -> Vec<&'static str> {
    let mut done = Vec::new();
    while Instant::now() < until {
        // Time to fill the cache again: without hits there would be nothing to find.
        sleep_below(random, 100, 500);
        done.push(fault(random));
    }
    done
}

pub(crate) fn one(server: &RedisServer, random: &mut Random) -> &'static str {
    match random.below(6) {
        0 | 1 => {
            server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            "connections killed"
        }
        2 | 3 => {
            server.pause();
            sleep_below(random, 50, 300);
            server.resume();
            "frozen"
        }
        4 => {
            server.flush_all();
            server.cli(&["SCRIPT", "FLUSH"]);
            "flushed"
        }
        _ => {
            server.kill();
            sleep_below(random, 0, 100);
            server.restart();
            "restarted"
        }
    }
}

pub(crate) fn sleep_below(random: &mut Random, least: u64, most: u64) {
    std::thread::sleep(Duration::from_millis(least + random.below(most - least)));
}
