//! What the tests of redis-cached need beside [`redis_cached_test`]: faults that are of use to these tests alone.
//!
//! - [`Fault`], [`Breakable`]: whatever may befall a cluster.
//! - [`Middleman`]: changes what is asked, so that a server seems to be another one.
//! - [`Peer`]: a peer that follows a script, for what no server can be made to do.
//! - [`Postgres`]: a database of the test's own, for the examples that have one.
//! - [`Given`]: time as the machine gives it to a process, for bounds on what a call may take.
//!
//! Everything here panics where it cannot do what it was asked, because a test has nothing better to do with an error.

mod cluster_faults;
mod given;
mod middleman;
mod peer;
mod postgres;

pub use cluster_faults::{Breakable, Fault, MOVING, shard_of, summary};
pub use given::Given;
pub use middleman::Middleman;
pub use peer::{Act, Event, Peer};
pub use postgres::Postgres;
pub use redis_cached_test::{
    Authority, Builder, ClusterBuilder, Command, Direction, Identity, Migration, Monitor, Proxy,
    RedisCluster, RedisSentinels, RedisServer, SentinelsBuilder, servers, servers_with_tls,
};
