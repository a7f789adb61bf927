//! Servers in cluster mode. One connection reaches a part of their keys, and no two keys of different slots at once; so the cache is off
//! until the library knows how to go about it. That holds for a node that has all slots as well: it refuses batches and tags.

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, ServerError, Value, cmd, from_redis_value, pipe};

use crate::error::{Error, ErrorKind};

/// The error of such a server.
pub(crate) fn refused(server: &str) -> Error {
    Error::new(
        ErrorKind::Server,
        format!(
            "cannot use {server}: it is in cluster mode, which is not supported yet; connect to a server that is not \
             (`cluster-enabled no`), or to a proxy in front of the cluster that answers for all keys"
        ),
    )
}

/// Whether an answer comes from a server in cluster mode, or from a proxy that does not hide that there is one behind it.
pub(crate) fn shows(error: &ServerError) -> bool {
    matches!(error.code(), "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" | "TRYAGAIN")
}

/// What a server says of itself. In RESP2 it says nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Greeting {
    pub(crate) is_in_cluster_mode: bool,
    /// It is a primary, and so takes writes.
    pub(crate) is_primary: bool,
}

/// Asks at once whether the server is there, and what it is. In RESP2 there is no question that every proxy understands.
pub(crate) async fn greets(connection: &mut MultiplexedConnection, in_resp3: bool) -> RedisResult<Greeting> {
    if !in_resp3 {
        cmd("PING").exec_async(connection).await?;
        return Ok(Greeting::default());
    }
    // The driver has said HELLO, and keeps the answer to itself.
    let mut greeting = pipe();
    greeting.cmd("PING").cmd("HELLO").ignore_errors();
    let mut answers: Vec<RedisResult<Value>> = greeting.query_async(connection).await?;
    let hello = answers.pop();
    answers.pop().unwrap_or(Ok(Value::Nil))?;
    let Some(Ok(Value::Map(fields))) = hello else { return Ok(Greeting::default()) };
    let text = |value| from_redis_value::<String>(value).unwrap_or_default();
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (text(name), text(value))).collect();
    let says = |name: &str, value: &str| fields.iter().any(|(n, v)| n == name && v == value);
    Ok(Greeting { is_in_cluster_mode: says("mode", "cluster"), is_primary: says("role", "master") })
}
