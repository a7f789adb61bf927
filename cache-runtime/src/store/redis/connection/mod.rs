//! One connection: how it is made, used, supervised and replaced.

pub(crate) mod aside;
pub(crate) mod breaker;
pub(crate) mod by_runtime;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod cork;
pub(crate) mod dedicated;
mod dedicated_socket;
pub(crate) mod foreign;
pub(crate) mod frames;
pub(crate) mod idle;
pub(crate) mod live;
pub(crate) mod locate;
pub(crate) mod login;
pub(crate) mod mode;
pub(crate) mod outage;
pub(crate) mod ownership;
pub(crate) mod reconnector;
pub(crate) mod request;
pub(crate) mod runtime_connection;
pub(crate) mod server;
pub(crate) mod shared_timeout;
pub(crate) mod stall;
pub(crate) mod takeover;
pub(crate) mod tracking;
pub(crate) mod unreadable;
pub(crate) mod url;
