//! The cached functions under test. Each value carries its key, so that a mix-up would show.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::redis_cached;

use crate::client::Database;

/// A key and its version.
pub(crate) type Row = (u64, u64);

/// How long the body takes before it reads and after it has read, at most. The longer it holds what it has read, the more
/// invalidations come meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) before: Duration,
    pub(crate) after: Duration,
}

async fn read(database: &Database, key: u64, pace: Pace) -> Row {
    tokio::time::sleep(pace.before).await;
    let version = database.read(key).await;
    tokio::time::sleep(pace.after).await;
    (key, version)
}

#[redis_cached(ttl = 60, key = "row:<key>", skip(database, pace))]
pub(crate) async fn lasting(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// Short-lived, and refreshed early and in the background.
#[redis_cached(
    ttl = "60ms",
    stale_while_revalidate = "10s",
    early_refresh = 1.0,
    key = "refreshed:<key>",
    skip(database, pace)
)]
pub(crate) async fn refreshed(database: Arc<Database>, key: u64, pace: Pace) -> Row {
    read(&database, key, pace).await
}

/// As `lasting`, of the same keys, and kept in the process.
#[redis_cached(ttl = 60, local = "1h", key = "row:<key>", skip(database, pace))]
pub(crate) async fn kept(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `refreshed`, of the same keys, and kept in the process.
#[redis_cached(
    ttl = "60ms",
    local = "1h",
    stale_while_revalidate = "10s",
    early_refresh = 1.0,
    key = "refreshed:<key>",
    skip(database, pace)
)]
pub(crate) async fn kept_refreshed(database: Arc<Database>, key: u64, pace: Pace) -> Row {
    read(&database, key, pace).await
}
