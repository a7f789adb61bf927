//! The driver's own client of a cluster, by hand as in `bare`.

use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;

use super::bare::by_hand;
use super::{Memoized, User};
use redis_cached_benches::Failure;

pub(crate) struct BareCluster(ClusterConnection);

impl BareCluster {
    /// `nodes` are URLs of single servers.
    pub(crate) async fn connect(nodes: Vec<String>) -> Result<Self, Failure> {
        Ok(Self(ClusterClient::new(nodes)?.get_async_connection().await?))
    }
}

impl Memoized for BareCluster {
    const NAME: &'static str = "redis-rs, cluster_async";

    async fn user(&self, id: u64) -> Result<User, String> {
        by_hand(self.0.clone(), id).await
    }
}
