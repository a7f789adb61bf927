//! What a fleet and its servers say at one moment.

use std::time::Instant;

use redis_cached::{Cache, Report, ServerStats};

use crate::failure::Failure;

#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) at: Instant,
    pub(super) fleet: Report,
    /// `None` if the user may not ask for it.
    pub(super) server: Option<ServerStats>,
}

impl Snapshot {
    /// Two round trips, with a cluster three.
    pub(super) async fn take(cache: &Cache) -> Result<Self, Failure> {
        let mut fleet = cache.fleet().await?;
        // This process counts as one of the fleet, and calls nothing.
        fleet.processes = fleet.processes.saturating_sub(1);
        Ok(Self { at: Instant::now(), fleet, server: cache.server_stats().await.ok() })
    }
}
