//! How many commands Redis carried out, as it says itself: those that scripts run count too.

use redis::{Client, Connection, InfoDict};

use crate::Failure;

pub(crate) struct Commands {
    /// None for `memory://`.
    connection: Option<Connection>,
    last: u64,
}

impl Commands {
    pub(crate) fn of(url: &str) -> Result<Self, Failure> {
        let connection =
            if url.starts_with("memory") { None } else { Some(Client::open(url)?.get_connection()?) };
        let mut commands = Self { connection, last: 0 };
        commands.since_last()?;
        Ok(commands)
    }

    /// Those since this was asked last, without the question itself; `-` where there is no Redis. Other clients' count too.
    pub(crate) fn since_last(&mut self) -> Result<String, Failure> {
        let Some(connection) = &mut self.connection else { return Ok("-".into()) };
        let info: InfoDict = redis::cmd("INFO").arg("stats").query(connection)?;
        let now: u64 = info.get("total_commands_processed").unwrap_or_default();
        let since = now.saturating_sub(self.last + 1);
        self.last = now;
        Ok(since.to_string())
    }
}
