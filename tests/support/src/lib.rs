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
//! - [`Monitor`]: every command that the server got, to prove what a call costs.
//! - [`Proxy`]: a TCP proxy that delays, cuts, swallows, resets and refuses.
//! - [`Authority`]: certificates, for servers that speak TLS.
//! - [`Middleman`]: changes what is asked, so that a server seems to be another one.
//! - [`servers`]: the server programs to run a matrix over.
//!
//! Everything here panics where it cannot do what it was asked, because a test has nothing better to do with an error.
//! Without a server program the tests fail; they are never skipped, so that a green run means what it says.

mod builder;
mod certificates;
mod dir;
mod middleman;
mod monitor;
mod process;
mod proxy;
mod server;

pub use builder::Builder;
pub use certificates::{Authority, Identity};
pub use middleman::Middleman;
pub use monitor::{Command, Monitor};
pub use proxy::{Direction, Proxy};
pub use server::RedisServer;

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
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}
