//! An outbox: a table of changes, written by the transactions that make them.

use std::marker::PhantomData;
use std::time::Duration;

use redis_cached::{Change, ChangeSource};
use serde::de::DeserializeOwned;
use sqlx::postgres::PgPool;

use crate::change::{in_time, parse};

/// The longest that a change waits to be seen.
const INTERVAL: Duration = Duration::from_millis(100);
/// How many changes are taken at once.
const AT_ONCE: usize = 1_000;

/// The table `cache_changes`, whose rows are deleted once their changes are invalidated.
///
/// The rows that are there are the position. A number of the last one seen would not do: ids are given when rows are written, and transactions commit in another
/// order, so behind the last id that is seen there may be smaller ones that are not. Nothing is locked while Redis is asked, so a follower that hangs keeps no other
/// waiting; two of them invalidate some changes twice.
pub struct Outbox<C> {
    pool: PgPool,
    given: Vec<i64>,
    payload: PhantomData<fn() -> C>,
}

impl<C> Outbox<C> {
    /// Of the database behind `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, given: Vec::new(), payload: PhantomData }
    }
}

const NEXT: &str = "SELECT id, change::text FROM cache_changes ORDER BY id LIMIT $1";
const DONE: &str = "DELETE FROM cache_changes WHERE id = ANY($1)";

impl<C: DeserializeOwned + Send> ChangeSource for Outbox<C> {
    type Payload = C;
    type Error = sqlx::Error;

    async fn next(&mut self) -> Result<Vec<Change<C>>, sqlx::Error> {
        // What comes in thousands does not wait.
        if self.given.len() < AT_ONCE {
            tokio::time::sleep(INTERVAL).await;
        }
        self.given.clear();
        let look =
            sqlx::query_as(NEXT).bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX)).fetch_all(&self.pool);
        let rows: Vec<(i64, String)> = in_time(look).await?;
        self.given = rows.iter().map(|(id, _)| *id).collect();
        Ok(rows.iter().map(|(_, change)| parse(change)).collect())
    }

    async fn acknowledge(&mut self) -> Result<(), sqlx::Error> {
        in_time(sqlx::query(DONE).bind(&self.given).execute(&self.pool)).await?;
        Ok(())
    }
}
