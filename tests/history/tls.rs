//! The same over TLS, with certificates that expire on top of all other faults.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use redis_cached_test_support::{Authority, Direction, Proxy, RedisServer, servers_with_tls};

use super::{KEEPING, assert_sound, options, seed, time_with_faults};
use crate::faults::{inject_each, one, sleep_below};
use crate::random::Random;
use crate::run::{Options, Run};

const MINUTE: Duration = Duration::from_secs(60);
/// A call may wait for the cache for its deadline, 0.1 s here, and for others who compute for four leases, 1.6 s. What is over that is a
/// busy machine's.
const SLOWEST: u64 = 10_000;

/// A CA's certificate in a file, which is how the processes come to trust it. Removed with the test.
struct File(PathBuf);

impl File {
    fn of(authority: &Authority) -> Self {
        let path = std::env::temp_dir().join(format!("redis-cached-history-{}.pem", std::process::id()));
        std::fs::write(&path, authority.pem()).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What may befall a server, a network, or a certificate.
fn fault(server: &RedisServer, proxy: &Proxy, authority: &Authority, random: &mut Random) -> &'static str {
    match random.below(8) {
        0 => {
            proxy.cut_after(Direction::Replies, usize::try_from(random.below(4_000)).unwrap());
            "replies cut"
        }
        1 => {
            proxy.cut_after(Direction::Requests, usize::try_from(random.below(4_000)).unwrap());
            "requests cut"
        }
        2 => {
            let now = SystemTime::now();
            let expired = authority.issue_within(&["127.0.0.1"], now - 2 * MINUTE, now - MINUTE);
            server.restart_with(&expired);
            sleep_below(random, 50, 300);
            server.restart_with(&authority.issue());
            "certificate expired"
        }
        _ => one(server, random),
    }
}

#[test]
fn no_read_is_older_over_tls() {
    let authority = Authority::new();
    let ca = File::of(&authority);
    for program in servers_with_tls() {
        println!("{program}");
        let seed = seed();
        let server = RedisServer::builder().program(program).tls(&authority.issue()).start();
        let proxy = Proxy::start_tls(&server);
        let staleness = Duration::from_millis(300);
        let run = Run::start(
            proxy.url(),
            Options {
                time: time_with_faults(),
                local: Some((KEEPING, staleness)),
                ca: Some(&ca.0),
                ..options(seed)
            },
        );
        let fault = |random: &mut Random| fault(&server, &proxy, &authority, random);
        let faults = inject_each(fault, &mut Random::new(seed), run.until());
        let mut outcome = run.end();
        println!("{outcome}; {} faults", faults.len());
        outcome.history.keeping = Some((KEEPING, staleness));
        assert_sound(&outcome, &faults);
        assert!(outcome.slowest < SLOWEST, "{outcome}\n{faults:?}");
    }
}
