//! What servers say of themselves.

use std::time::Instant;

use redis::{cmd, from_redis_value};

use super::RedisStore;
use super::error::translate;
use super::node::Node;
use super::topology::Topology;
use crate::error::Error;
use crate::runtime::executor::all;
use crate::store::vocabulary::ServerInfo;

impl RedisStore {
    /// `INFO` of the server, or of each primary of a cluster, all at once.
    pub(crate) async fn info(&self, until: Instant) -> Result<Vec<ServerInfo>, Error> {
        match &self.topology {
            Topology::One(node, _) => Ok(vec![node.info(until).await?]),
            Topology::Cluster(cluster) => {
                cluster.refreshed(until).await?;
                let nodes = cluster.primaries()?;
                all(nodes.iter().map(|node| node.info(until))).await.into_iter().collect()
            }
        }
    }
}

impl Node {
    async fn info(&self, until: Instant) -> Result<ServerInfo, Error> {
        let answer = self.connection()?.connection.run("INFO", &cmd("INFO"), until).await?;
        let text = answer.and_then(|answer| Ok(from_redis_value(answer)?));
        let text = text.map_err(|error| translate("INFO", error))?;
        Ok(ServerInfo { address: self.name().to_owned(), text })
    }
}
