//! What both sources have in common.

use std::io;
use std::time::Duration;

use redis_cached::Change;
use serde::de::DeserializeOwned;

/// The longest that the database may take: a connection may have died without a word.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bounds what is asked of the database.
pub(crate) async fn in_time<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(late)
}

/// What nobody can read has changed something all the same: an older trigger wrote it, or `TRUNCATE`.
pub(crate) fn parse<C: DeserializeOwned>(text: &str) -> Change<C> {
    serde_json::from_str(text).map_or(Change::Unknown, Change::Known)
}
