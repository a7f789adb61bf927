//! `LISTEN`: what triggers tell with `NOTIFY`.

use std::marker::PhantomData;
use std::time::Duration;

use redis_cached::{Change, ChangeSource};
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgListener, PgPool};

use crate::change::{in_time, parse};

/// How often a silent server is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How many changes are taken at once.
const AT_ONCE: usize = 1_000;

/// A channel that is listened to. Postgres keeps nothing for whoever does not listen, so each connection begins with [`Change::Unknown`].
pub struct Notifications<C> {
    pool: PgPool,
    channel: &'static str,
    listener: Option<PgListener>,
    payload: PhantomData<fn() -> C>,
}

impl<C> Notifications<C> {
    /// The channel of this name, in the database behind `pool`, of which it keeps one connection.
    pub fn new(pool: PgPool, channel: &'static str) -> Self {
        Self { pool, channel, listener: None, payload: PhantomData }
    }

    async fn connect(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = in_time(PgListener::connect_with(&self.pool)).await?;
        // A new connection is made here, where it is known that something may have been missed.
        listener.eager_reconnect(false);
        in_time(listener.listen(self.channel)).await?;
        Ok(listener)
    }
}

impl<C: DeserializeOwned + Send> ChangeSource for Notifications<C> {
    type Payload = C;
    type Error = sqlx::Error;

    async fn next(&mut self) -> Result<Vec<Change<C>>, sqlx::Error> {
        // Taken out: whatever ends this early, an error or a lost connection, is followed by a new connection.
        let Some(mut listener) = self.listener.take() else {
            // Only now that it listens: what changes from here on is told.
            self.listener = Some(self.connect().await?);
            return Ok(vec![Change::Unknown]);
        };
        let mut changes = Vec::new();
        let mut patience = HEARTBEAT;
        while changes.len() < AT_ONCE {
            match tokio::time::timeout(patience, listener.try_recv()).await {
                Ok(Ok(Some(told))) => changes.push(parse(told.payload())),
                // The connection has ended. What is in `changes` is part of what may have been missed.
                Ok(Ok(None)) => return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into())),
                Ok(Err(error)) => return Err(error),
                Err(_) => break,
            }
            // The others that are there already.
            patience = Duration::ZERO;
        }
        if changes.is_empty() {
            in_time(sqlx::query("SELECT 1").execute(&mut listener)).await?;
        }
        self.listener = Some(listener);
        Ok(changes)
    }

    async fn acknowledge(&mut self) -> Result<(), sqlx::Error> {
        Ok(())
    }
}
