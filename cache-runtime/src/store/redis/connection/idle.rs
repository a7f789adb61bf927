//! Connections without traffic, which load balancers, firewalls and address translation forget, without a word to either end.
//!
//! A connection on which nothing has arrived for a while is asked with a `PING`; one that does not answer is replaced at once, and not
//! after three callers. How long it may be left alone is found out: from a fraction of a second on, doubled as long as a connection that
//! nobody uses survives it, and cut down for good where one did not.

use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::EndReason;
use super::connect::Connection;
use super::server::Server;
use crate::error::Error;
use crate::runtime::executor;
use crate::runtime::executor::{Either, either};
use crate::runtime::lag;
use crate::util::clock::later;

/// How often to look whether anything has arrived, at first. There are networks that forget within a second.
const FIRST: Duration = Duration::from_millis(250);
const SHORTEST: Duration = Duration::from_millis(125);
/// In a network that forgets nothing. Many forget after a minute, or some.
const LONGEST: Duration = Duration::from_secs(16);
/// A connection that nobody has used for so long is one to find out more with: calls that come now and then come more often.
const UNUSED: Duration = Duration::from_secs(5);
/// How long a network is taken for one that forgets. What looked like it may have been a server that stopped for a moment.
const RELEARN: Duration = Duration::from_secs(600);

/// What is known of the network to a server.
#[derive(Debug, Default)]
pub(crate) struct Idleness(Mutex<IdleBounds>);

#[derive(Debug)]
struct IdleBounds {
    /// How often to look whether anything has arrived. So nothing arrives for twice as long at most.
    interval: Duration,
    /// The interval that is not to be passed, and when that was learned.
    most: Option<(Duration, Instant)>,
    /// An interval after which a connection was silent, be it forgotten or its peer frozen.
    suspect: Option<Duration>,
}

impl Default for IdleBounds {
    fn default() -> Self {
        Self { interval: FIRST, most: None, suspect: None }
    }
}

impl Idleness {
    fn lock(&self) -> MutexGuard<'_, IdleBounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interval(&self) -> Duration {
        self.lock().interval
    }

    /// A connection that was idle for an interval has answered.
    fn survived(&self) {
        let mut known = self.lock();
        known.most = known.most.filter(|(_, learned)| learned.elapsed() < RELEARN);
        let most = known.most.map_or(LONGEST, |(most, _)| most);
        known.interval = (known.interval * 2).min(most);
    }

    /// A connection that was idle has not answered.
    fn was_silent(&self) {
        let mut known = self.lock();
        known.suspect = Some(known.interval);
    }

    /// How another connection fared right after one that was idle has not answered: if it `answers`, the server was there.
    pub(crate) fn tried_again(&self, answers: bool) {
        let mut known = self.lock();
        if let Some(interval) = known.suspect.take()
            && answers
        {
            // The interval before this one was survived, half as long. Nothing arrives for twice an interval at most.
            let most = (interval / 4).max(SHORTEST);
            known.most = Some((most, Instant::now()));
            known.interval = most;
        }
    }
}

/// Sees to it that a connection does not stay idle, until it has ended.
pub(crate) async fn keep(connection: &Connection, server: &Server) -> EndReason {
    let mut signs = connection.signs();
    let mut used = Instant::now();
    loop {
        let (interval, looked) = (server.idleness.interval(), Instant::now());
        let is_doubted = match executor::timeout(interval, connection.doubted()).await {
            Ok(Some(Some(end))) => return end,
            // A caller has waited in vain.
            Ok(Some(None)) => true,
            Ok(None) => false,
            // Without timers nothing is kept up.
            Err(_) => return connection.ended().await,
        };
        let has_traffic = signs != connection.signs();
        if has_traffic {
            used = Instant::now();
        }
        // Where the runtime stood still the traffic may be that of long ago.
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
    /// And the connection is given up.
    IsSilent,
}

/// Whether anybody is there. No word of what callers ask: there are peers that answer this and nothing else.
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
            // Not as a server that is silent, for which nobody is to wait: the next connection may well be answered.
            used.closed();
            return Peer::IsSilent;
        }
        Either::First(_) | Either::Second(_) => {}
    }
    Peer::Answers
}

/// Bounds what is asked, later where that is not the peer's fault.
async fn patiently<F: Future>(limit: Duration, mut asking: Pin<&mut F>) -> Result<Option<F::Output>, Error> {
    let asked = Instant::now();
    let until = later(asked, limit);
    let mut bound = until;
    loop {
        let answer = executor::timeout_at(bound, asking.as_mut()).await?;
        // Where the runtime was behind, it may not have come to send it, or to read what is there.
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
