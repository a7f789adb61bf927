//! What each server answers to a command, and what servers say of themselves.

use std::time::Instant;

use redis::{Cmd, Value};

use super::RedisStore;
use super::error::translate;
use super::node::Node;
use super::replies::strange;
use super::topology::Topology;
use crate::error::Error;
use crate::runtime::executor::all;
use crate::store::vocabulary::{ReplyValue, ServerInfo, ServerReply};

impl RedisStore {
    /// `INFO` of the server, or of each primary of a cluster, all at once. Fails if one of them does not answer.
    pub(crate) async fn info(&self, until: Instant) -> Result<Vec<ServerInfo>, Error> {
        if let Topology::Cluster(cluster) = &self.topology {
            cluster.refreshed(until).await?;
        }
        let replies = self.ask_servers(&[b"INFO"], until).await?;
        let text = |ServerReply { address, reply, .. }| match reply? {
            ReplyValue::Text(text) => {
                Ok(ServerInfo { address, text: String::from_utf8_lossy(&text).into_owned() })
            }
            _ => Err(strange("INFO")),
        };
        replies.into_iter().map(text).collect()
    }

    /// What the server answers to a command, or each primary of a cluster that is known, all at once; the arguments are sent to each as they are. Fails only if nobody
    /// can be asked.
    pub(crate) async fn ask_servers(
        &self,
        command: &[&[u8]],
        until: Instant,
    ) -> Result<Vec<ServerReply>, Error> {
        match &self.topology {
            Topology::One(node, _) => Ok(vec![node.reply(command, until).await]),
            Topology::Cluster(cluster) => {
                let mut nodes = cluster.primaries()?;
                if nodes.is_empty() {
                    cluster.refreshed(until).await?;
                    nodes = cluster.primaries()?;
                }
                Ok(all(nodes.iter().map(|node| node.reply(command, until))).await)
            }
        }
    }
}

impl Node {
    async fn reply(&self, command: &[&[u8]], until: Instant) -> ServerReply {
        let asked = Instant::now();
        let reply = self.answer(command, until).await;
        ServerReply { address: self.name().to_owned(), took: asked.elapsed(), reply }
    }

    async fn answer(&self, command: &[&[u8]], until: Instant) -> Result<ReplyValue, Error> {
        let doing =
            command.first().map_or_else(String::new, |name| String::from_utf8_lossy(name).into_owned());
        let mut request = Cmd::with_capacity(command.len(), command.iter().map(|part| part.len()).sum());
        request.arg(command);
        let answer = self.connection()?.connection.run(&doing, &request, until).await?;
        answer.map(plain).map_err(|error| translate(&doing, error))
    }
}

/// Without the driver's types.
fn plain(value: Value) -> ReplyValue {
    let list = |values: Vec<Value>| ReplyValue::List(values.into_iter().map(plain).collect());
    match value {
        Value::Nil => ReplyValue::Nil,
        Value::Int(number) => ReplyValue::Integer(number),
        Value::Boolean(is) => ReplyValue::Integer(is.into()),
        Value::BulkString(bytes) => ReplyValue::Text(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => ReplyValue::Text(text.into_bytes()),
        Value::Okay => ReplyValue::Text(b"OK".to_vec()),
        Value::Double(number) => ReplyValue::Text(number.to_string().into_bytes()),
        Value::Array(values) | Value::Set(values) => list(values),
        Value::Map(pairs) => list(pairs.into_iter().flat_map(<[Value; 2]>::from).collect()),
        Value::Attribute { data, .. } => plain(*data),
        Value::ServerError(error) => ReplyValue::Text(error.to_string().into_bytes()),
        _ => ReplyValue::Nil,
    }
}
