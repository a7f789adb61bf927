//! Real Redis and Valkey servers for tests, and faults to put between them and the code under test.
//!
//! ```
//! use redis_cached_test::RedisServer;
//!
//! let server = RedisServer::start();
//! let monitor = server.monitor();
//! server.cli(&["SET", "city", "Berlin"]);
//! assert_eq!(monitor.commands(), ["SET city Berlin"]);
//! ```
//!
//! - [`RedisServer`]: a server of one's own, on a free port, that dies with the test; it can be killed, restarted and
//!   frozen.
//! - [`RedisCluster`]: primaries and replicas, with slots to move and failovers to cause.
//! - [`RedisSentinels`]: sentinels, with a primary and a replica.
//! - [`Monitor`]: every command that the server got, to prove what a call costs.
//! - [`Proxy`]: a TCP proxy that delays, cuts, swallows, resets and refuses.
//! - `Authority`: certificates, for servers that speak TLS, with the cargo feature `tls`.
//! - [`servers`]: the server programs to run a matrix over.
//!
//! Everything here panics where it cannot do what it was asked, because a test has nothing better to do with an error.
//! Without a server program tests fail, and are told how to install one; they are never skipped, so that a green run means what it says.
//!
//! A server is started in some 50 ms, a cluster of three in a second, sentinels in two to three. [`RedisServer::shared`] and its like give all tests of a binary one.
//!
//! # Who ends a server
//!
//! Whoever holds it, on drop, by the id of the process that it started. A process that ends without dropping it, by a kill or from a `static`, is outlived by a shell that waits
//! for that, and kills the server then. It runs on Linux and macOS.

#![cfg_attr(docsrs, feature(doc_cfg))]

/// The client in whose types servers answer. Its next major version is a breaking change of this package.
pub use redis;

mod builder;
#[cfg(feature = "tls")]
mod certificates;
mod cluster;
mod dir;
mod identity;
mod monitor;
mod ports;
mod process;
mod programs;
mod proxy;
mod sentinels;
mod server;

pub use builder::Builder;
#[cfg(feature = "tls")]
pub use certificates::Authority;
pub use cluster::{ClusterBuilder, Migration, RedisCluster};
pub use identity::Identity;
pub use monitor::{Command, Monitor};
pub use ports::listen;
pub use programs::{servers, servers_with_tls};
pub use proxy::{Direction, Proxy};
pub use sentinels::{RedisSentinels, SentinelsBuilder};
pub use server::RedisServer;
