//! The replicas of a cluster's primaries.

use std::sync::Arc;
use std::time::Instant;

use super::cluster::Cluster;
use super::cluster_operations::Destination;
use super::replicas::reads::{Question, Replicated};
use super::replicas::{Copied, ReplicaSet};
use crate::error::Error;
use crate::store::redis::route::Slot;

impl Replicated for Cluster {
    fn replicas(&self, key: &str) -> Option<Arc<ReplicaSet>> {
        self.replicas_of(Slot::of(key.as_bytes()))
    }

    async fn marks(&self, asked: &[Question<'_>], until: Instant) -> Result<Vec<Copied>, Error> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.connection()?.connection.marks(&part, until).await
        };
        self.each(asked, |question| question.key.as_bytes(), until, ask).await
    }

    fn heard(&self, error: &Error) {
        self.heard(error);
    }
}
