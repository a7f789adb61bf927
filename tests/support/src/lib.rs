//! Real servers for the tests of redis-cached, and faults to put between them and the code under test.
//!
//! ```no_run
//! use redis_cached_test_support::RedisServer;
//!
//! let server = RedisServer::start();
//! let monitor = server.monitor();
//! server.cli(&["SET", "city", "Berlin"]);
//! assert_eq!(monitor.commands(), ["SET city Berlin"]);
//! ```
//!
//! - [`RedisServer`]: a server of one's own, on a free port, that dies with the test; it can be killed, restarted and
//!   frozen.
//! - [`RedisCluster`]: primaries and replicas, with slots to move and failovers to cause; [`Fault`]: whatever else may befall them.
//! - [`RedisSentinels`]: sentinels, with a primary and a replica.
//! - [`Monitor`]: every command that the server got, to prove what a call costs.
//! - [`Proxy`]: a TCP proxy that delays, cuts, swallows, resets and refuses.
//! - [`Authority`]: certificates, for servers that speak TLS.
//! - [`Middleman`]: changes what is asked, so that a server seems to be another one.
//! - [`Peer`]: a peer that follows a script, for what no server can be made to do.
//! - [`Given`]: time as the machine gives it to a process, for bounds on what a call may take.
//! - [`servers`]: the server programs to run a matrix over.
//!
//! Everything here panics where it cannot do what it was asked, because a test has nothing better to do with an error.
//! Without a server program the tests fail; they are never skipped, so that a green run means what it says.

use std::sync::OnceLock;

mod builder;
mod certificates;
mod cluster;
mod dir;
mod given;
mod middleman;
mod monitor;
mod peer;
mod ports;
mod process;
mod proxy;
mod sentinels;
mod server;

pub use builder::Builder;
pub use certificates::{Authority, Identity};
pub use cluster::{ClusterBuilder, Fault, MOVING, Migration, RedisCluster, shard_of, summary};
pub use given::Given;
pub use middleman::Middleman;
pub use monitor::{Command, Monitor};
pub use peer::{Act, Event, Peer};
pub use proxy::{Direction, Proxy};
pub use sentinels::{RedisSentinels, SentinelsBuilder};
pub use server::RedisServer;

/// What a package manager installs.
const SYSTEMS_OWN: &str = "redis-server";

/// The server programs that a matrix of tests runs over: the default one, then those in `REDIS_SERVERS`, which are
/// paths separated by colons.
///
/// The default is the environment's `REDIS_SERVER`, else `redis-server`.
pub fn servers() -> Vec<String> {
    let more = std::env::var("REDIS_SERVERS").unwrap_or_default();
    let more = more.split(':').filter(|path| !path.is_empty()).map(str::to_owned);
    std::iter::once(default_program()).chain(more).collect()
}

fn default_program() -> String {
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| SYSTEMS_OWN.to_owned())
}

/// Those of [`servers`] that were built with TLS. Where none was, the system's own, so that the tests of TLS run all the same. Who is
/// left out is printed.
///
/// # Panics
/// Where no server speaks TLS.
pub fn servers_with_tls() -> Vec<String> {
    let (mut with, without): (Vec<_>, Vec<_>) =
        servers().into_iter().partition(|program| speaks_tls(program));
    if with.is_empty() && speaks_tls(SYSTEMS_OWN) {
        with.push(SYSTEMS_OWN.to_owned());
    }
    assert!(
        !with.is_empty(),
        "{} were built without TLS, and the tests of TLS need it: REDIS_SERVER names another program",
        without.join(", ")
    );
    for program in without {
        println!("{program} was built without TLS; {} is used", with[0]);
    }
    with
}

/// The server for tests of TLS that need one.
fn default_program_with_tls() -> String {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| servers_with_tls().swap_remove(0)).clone()
}

/// A build without TLS does not know the option. One that has it ends at once, too: it lacks a certificate.
fn speaks_tls(program: &str) -> bool {
    let output = std::process::Command::new(program).args(["--port", "0", "--tls-port", "1"]).output();
    // A program that is not there says so when it is started.
    output.map_or(true, |output| {
        let said = [output.stdout, output.stderr].concat();
        !String::from_utf8_lossy(&said).contains("Bad directive")
    })
}
