//! The cached functions under test. Each value carries its key, so that a mix-up would show.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::redis_cached;

use crate::client::Database;

/// A key and its version.
pub(crate) type Row = (u64, u64);

/// Rows come and go: of some versions there is nothing to store.
fn is_there(row: &Row) -> bool {
    row.1 % 8 != 7
}

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

/// One query for all of them.
async fn read_many(database: &Database, keys: &[u64], pace: Pace) -> HashMap<u64, Row> {
    tokio::time::sleep(pace.before).await;
    let versions = database.read_many(keys).await;
    tokio::time::sleep(pace.after).await;
    keys.iter().zip(versions).map(|(key, version)| (*key, (*key, version))).collect()
}

#[redis_cached(ttl = 60, key = "row:<key>", skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn lasting(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// Many of `lasting` at once: the same entries.
#[redis_cached(ttl = 60, key = "row:<keys>", batch = keys, skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn lasting_many(database: &Database, keys: &[u64], pace: Pace) -> HashMap<u64, Row> {
    read_many(database, keys, pace).await
}

/// The tag by which alone `tagged` and `named` are invalidated. Two keys have it in common: who invalidates one drops the other as well.
pub(crate) fn shelf(key: u64) -> u64 {
    key / 2
}

#[redis_cached(ttl = 60, key = "tagged:<key>", tags = ["shelf:<shelf>"], skip(database, shelf, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn tagged(database: &Database, shelf: u64, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `tagged`, and it is the value that names the tag.
#[redis_cached(
    ttl = 60,
    key = "named:<key>",
    tags = |row: &Row| vec![format!("shelf:{}", shelf(row.0))],
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn named(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// Short-lived, and refreshed early and in the background.
#[redis_cached(
    ttl = "60ms",
    stale_while_revalidate = "10s",
    early_refresh = 1.0,
    key = "refreshed:<key>",
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn refreshed(database: Arc<Database>, key: u64, pace: Pace) -> Row {
    read(&database, key, pace).await
}

/// As `lasting`, of the same keys, and kept in the process.
#[redis_cached(ttl = 60, local = "1h", key = "row:<key>", skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn kept(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `lasting_many`, of the same keys, and kept in the process.
#[redis_cached(ttl = 60, local = "1h", key = "row:<keys>", batch = keys, skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn kept_many(database: &Database, keys: &[u64], pace: Pace) -> HashMap<u64, Row> {
    read_many(database, keys, pace).await
}

/// As `tagged`, of the same keys, and kept in the process.
#[redis_cached(
    ttl = 60,
    local = "1h",
    key = "tagged:<key>",
    tags = ["shelf:<shelf>"],
    cache_if = |row: &Row| is_there(row),
    skip(database, shelf, pace)
)]
pub(crate) async fn kept_tagged(database: &Database, shelf: u64, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `named`, of the same keys, and kept in the process.
#[redis_cached(
    ttl = 60,
    local = "1h",
    key = "named:<key>",
    tags = |row: &Row| vec![format!("shelf:{}", shelf(row.0))],
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn kept_named(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `refreshed`, of the same keys, and kept in the process.
#[redis_cached(
    ttl = "60ms",
    local = "1h",
    stale_while_revalidate = "10s",
    early_refresh = 1.0,
    key = "refreshed:<key>",
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn kept_refreshed(database: Arc<Database>, key: u64, pace: Pace) -> Row {
    read(&database, key, pace).await
}

/// As `lasting`, of the same keys, and kept in the process, to be served if Redis says that it is still the entry.
#[redis_cached(ttl = 60, local = revalidate, key = "row:<key>", skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn asked(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `lasting_many`, of the same keys, and kept as `asked`.
#[redis_cached(ttl = 60, local = revalidate, key = "row:<keys>", batch = keys, skip(database, pace), cache_if = |row: &Row| is_there(row))]
pub(crate) async fn asked_many(database: &Database, keys: &[u64], pace: Pace) -> HashMap<u64, Row> {
    read_many(database, keys, pace).await
}

/// As `tagged`, of the same keys, and kept as `asked`.
#[redis_cached(
    ttl = 60,
    local = revalidate,
    key = "tagged:<key>",
    tags = ["shelf:<shelf>"],
    cache_if = |row: &Row| is_there(row),
    skip(database, shelf, pace)
)]
pub(crate) async fn asked_tagged(database: &Database, shelf: u64, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `named`, of the same keys, and kept as `asked`.
#[redis_cached(
    ttl = 60,
    local = revalidate,
    key = "named:<key>",
    tags = |row: &Row| vec![format!("shelf:{}", shelf(row.0))],
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn asked_named(database: &Database, key: u64, pace: Pace) -> Row {
    read(database, key, pace).await
}

/// As `refreshed`, of the same keys, and kept as `asked`.
#[redis_cached(
    ttl = "60ms",
    local = revalidate,
    stale_while_revalidate = "10s",
    early_refresh = 1.0,
    key = "refreshed:<key>",
    cache_if = |row: &Row| is_there(row),
    skip(database, pace)
)]
pub(crate) async fn asked_refreshed(database: Arc<Database>, key: u64, pace: Pace) -> Row {
    read(&database, key, pace).await
}
