//! The replicas of a cluster's primaries.

use std::sync::Arc;
use std::time::Instant;

use super::cluster::Cluster;
use super::replicas::reads::Replicated;
use super::replicas::{Copied, ReplicaSet};
use crate::error::Error;
use crate::store::Store;
use crate::store::redis::route::Slot;
use crate::store::vocabulary::KeyQuestion;

impl Replicated for Cluster {
    fn replicas(&self, key: &str) -> Option<Arc<ReplicaSet>> {
        self.replicas_of(Slot::of(key.as_bytes()))
    }

    async fn marks(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<Copied>, Error> {
        self.ask(asked, until).await
    }

    fn heard(&self, error: &Error) {
        self.heard(error);
    }
}
