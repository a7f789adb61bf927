//! How many commands the servers carried out, as they say themselves: those that scripts run count too.

use redis::{Client, Connection, InfoDict};

use crate::Failure;

pub(crate) struct Commands {
    /// One to each server; none for `memory://`.
    connections: Vec<Connection>,
    last: u64,
}

impl Commands {
    pub(crate) fn of(url: &str) -> Result<Self, Failure> {
        let connections = servers(url)
            .into_iter()
            .map(|url| Ok(Client::open(url)?.get_connection()?))
            .collect::<Result<_, Failure>>()?;
        let mut commands = Self { connections, last: 0 };
        commands.since_last()?;
        Ok(commands)
    }

    /// Those since this was asked last, without the question itself; `-` where there is no server to ask. Other clients' count too, and in
    /// a cluster what its nodes ask each other.
    pub(crate) fn since_last(&mut self) -> Result<String, Failure> {
        if self.connections.is_empty() {
            return Ok("-".into());
        }
        let mut now = 0;
        for connection in &mut self.connections {
            let info: InfoDict = redis::cmd("INFO").arg("stats").query(connection)?;
            now += info.get("total_commands_processed").unwrap_or(0u64);
        }
        let since = now.saturating_sub(self.last + self.connections.len() as u64);
        self.last = now;
        Ok(since.to_string())
    }
}

/// The URL of each server. For a cluster those that its URL names; for `memory://`, sentinels and TLS none.
fn servers(url: &str) -> Vec<String> {
    let is_ours = |scheme: &str| ["redis", "redis+cluster", "unix"].contains(&scheme);
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| is_ours(scheme)) else {
        return Vec::new();
    };
    let (login, hosts) = rest.rsplit_once('@').map_or(("", rest), |(login, hosts)| (login, hosts));
    let at = if login.is_empty() { "" } else { "@" };
    let scheme = scheme.trim_end_matches("+cluster");
    hosts.split(',').map(|host| format!("{scheme}://{login}{at}{host}")).collect()
}
