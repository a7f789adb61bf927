//! Idle connections, which load balancers, firewalls and address translation drop without telling either end.
//!
//! A connection on which nothing has arrived for an interval is sent a `PING`. If it does not answer it is replaced at once, not after
//! three callers have timed out. The interval is learned: it begins at a fraction of a second, doubles while unused connections survive
//! it, and is cut for a long time when one did not.

use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::breaker::EndReason;
use super::live::Connection;
use super::server::Server;
use crate::error::Error;
use crate::runtime::executor;
use crate::runtime::executor::{Either, either};
use crate::runtime::lag;
use crate::util::clock::later;
use crate::util::locks::lock;

/// How often to check whether anything has arrived, at first. Some networks drop connections within a second.
const FIRST: Duration = Duration::from_millis(250);
const SHORTEST: Duration = Duration::from_millis(125);
/// In a network that drops nothing. Many drop connections after a minute or a few.
const LONGEST: Duration = Duration::from_secs(16);
/// Only a connection that has been unused this long tries a longer interval: occasional calls come more often than that.
const UNUSED: Duration = Duration::from_secs(5);
/// How long a network is assumed to drop connections. The cause may have been a server that stopped for a moment.
const RELEARN: Duration = Duration::from_secs(600);

/// What is known about the network to a server.
#[derive(Debug, Default)]
pub(crate) struct Idleness(Mutex<IdleBounds>);

#[derive(Debug)]
struct IdleBounds {
    /// How often to check whether anything has arrived. A connection is idle for twice as long at most.
    interval: Duration,
    /// The longest interval to use, and when that was learned.
    most: Option<(Duration, Instant)>,
    /// An interval after which a connection was silent: dropped by the network, or its peer frozen.
    suspect: Option<Duration>,
}

impl Default for IdleBounds {
    fn default() -> Self {
        Self { interval: FIRST, most: None, suspect: None }
    }
}

impl Idleness {
    /// How long a connection may be unused and is surely there.
    pub(super) fn interval(&self) -> Duration {
        lock(&self.0).interval
    }

    /// A connection that was idle for an interval has answered.
    fn survived(&self) {
        let mut known = lock(&self.0);
        known.most = known.most.filter(|(_, learned)| learned.elapsed() < RELEARN);
        let most = known.most.map_or(LONGEST, |(most, _)| most);
        known.interval = (known.interval * 2).min(most);
    }

    /// A connection that was idle has not answered.
    fn was_silent(&self) {
        let mut known = lock(&self.0);
        known.suspect = Some(known.interval);
    }

    /// What became of the next connection after an idle one has not answered: if it `answers`, the network had dropped the idle one.
    pub(crate) fn tried_again(&self, answers: bool) {
        let mut known = lock(&self.0);
        if let Some(interval) = known.suspect.take()
            && answers
        {
            // Half of this interval was survived, and a connection is idle for twice an interval at most.
            let most = (interval / 4).max(SHORTEST);
            known.most = Some((most, Instant::now()));
            known.interval = most;
        }
    }
}

/// Keeps a connection from staying idle, until it has ended.
pub(crate) async fn keep(connection: &Connection, server: &Server) -> EndReason {
    let mut signs = connection.signs();
    let mut used = Instant::now();
    loop {
        let (interval, looked) = (server.idleness.interval(), Instant::now());
        let is_doubted = match executor::timeout(interval, connection.doubted()).await {
            Ok(Some(Some(end))) => return end,
            // A request has timed out.
            Ok(Some(None)) => true,
            Ok(None) => false,
            // Without timers nothing can be done.
            Err(_) => return connection.ended().await,
        };
        let has_traffic = signs != connection.signs();
        if has_traffic {
            used = Instant::now();
        }
        // If the runtime stood still, the traffic may be old.
        let is_late = looked.elapsed() > 2 * interval;
        if is_doubted || is_late || !has_traffic {
            match ask(connection, server.config.deadline).await {
                Peer::Answers if !has_traffic && !is_late && used.elapsed() > UNUSED => {
                    server.idleness.survived();
                }
                Peer::IsSilent if !is_doubted => server.idleness.was_silent(),
                Peer::Answers | Peer::IsSilent => {}
            }
        }
        signs = connection.signs();
    }
}

enum Peer {
    Answers,
    /// The connection is given up.
    IsSilent,
}

/// Whether the peer answers `PING`. Says nothing about other commands: some peers answer `PING` and nothing else.
async fn ask(connection: &Connection, deadline: Duration) -> Peer {
    let used = connection.use_it();
    let ping = redis::cmd("PING");
    let mut driver = connection.driver.clone();
    let ping = pin!(driver.send_packed_command(&ping));
    let answer = pin!(patiently(deadline, ping));
    match either(pin!(connection.ended()), answer).await {
        Either::Second(Ok(Some(Ok(answer)))) => used.heard(&answer),
        Either::Second(Ok(Some(Err(_)))) => used.closed(),
        Either::Second(Ok(None)) if used.was_silent() => {
            // Closed and not silent, so that callers wait for the next connection: it may well be answered.
            used.closed();
            return Peer::IsSilent;
        }
        Either::First(_) | Either::Second(_) => {}
    }
    Peer::Answers
}

/// Bounds a request. The time in which the runtime was behind does not count.
async fn patiently<F: Future>(limit: Duration, mut asking: Pin<&mut F>) -> Result<Option<F::Output>, Error> {
    let asked = Instant::now();
    let until = later(asked, limit);
    let mut bound = until;
    loop {
        let answer = executor::timeout_at(bound, asking.as_mut()).await?;
        // A runtime that is behind may not have sent the request yet, or not have read the answer.
        bound = until + lag::since(asked);
        if answer.is_some() || bound <= Instant::now() {
            return Ok(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_how_long_a_network_remembers() {
        let idleness = Idleness::default();
        for _ in 0..3 {
            idleness.survived();
        }
        assert_eq!(idleness.interval(), FIRST * 8);
        idleness.was_silent();
        idleness.tried_again(true);
        assert_eq!(idleness.interval(), FIRST * 2);
        for _ in 0..20 {
            idleness.survived();
        }
        assert_eq!(idleness.interval(), FIRST * 2, "what was learned is kept");
    }

    #[test]
    fn a_server_that_stopped_is_no_network_that_forgets() {
        let idleness = Idleness::default();
        idleness.was_silent();
        idleness.tried_again(false);
        idleness.tried_again(true);
        for _ in 0..20 {
            idleness.survived();
        }
        assert_eq!(idleness.interval(), LONGEST);
    }
}
