//! The task that connects, looks after the connection, and connects again when it has ended.
//!
//! No peer can make it busy: after a connection that ended soon it backs off as after a failed attempt, whatever the peer has
//! answered.

use std::convert::Infallible;
use std::future::pending;
use std::mem::replace;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::breaker::EndReason;
use super::connect::{Failure, Proof, connect};
use super::idle;
use super::live::Connection;
use super::login::authenticate;
use super::outage::OutageReport;
use super::request::unanswered;
use super::runtime_connection::ConnectionState;
use super::server::Server;
use super::takeover::Acquaintance;
use super::tracking::Tracking;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::runtime::executor::{Either, either};
use crate::store::redis::error::translate;
use crate::util::clock::after;

/// The pause before the second attempt; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// A server that is back is found within a second.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// Where the server refuses: that rarely changes, and the server may count the attempts.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// The longest that an attempt in the background takes, even if `connect_timeout` is longer: that the packets of one attempt
/// were dropped says nothing about the next.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(1);

/// After an attempt to log in again that failed.
const LOG_IN_AGAIN: Duration = Duration::from_secs(5);

/// A connection that has lasted this long ends the outage.
const LIVED: Duration = Duration::from_secs(1);
/// The same after a connection to the wrong server, which only a write reveals, unless the server says that it is the primary.
const PLACED: Duration = Duration::from_secs(10);

/// Keeps a runtime connected.
pub(crate) struct Reconnector {
    server: Arc<Server>,
    tracking: Option<Tracking>,
    publish: watch::Sender<ConnectionState>,
}

/// The attempts so far.
struct AttemptHistory {
    outage: OutageReport,
    /// Failed attempts and short-lived connections in a row.
    failures: u32,
    /// Connections to the wrong server in a row.
    misplaced: u32,
    /// Whether it has been logged that tracking is unavailable.
    is_unwatched: bool,
    /// The server of the last connection.
    acquaintance: Acquaintance,
}

impl Reconnector {
    pub(crate) fn new(
        server: &Arc<Server>,
        tracking: Option<Tracking>,
        publish: watch::Sender<ConnectionState>,
    ) -> Self {
        Self { server: Arc::clone(server), tracking, publish }
    }

    pub(crate) async fn run(self, first: Option<Connection>) {
        let outage = OutageReport::of(&self.server.outage, &self.server.config.endpoint.name);
        let mut history = AttemptHistory {
            outage,
            failures: 0,
            misplaced: 0,
            is_unwatched: false,
            acquaintance: Acquaintance::of(&self.server),
        };
        let (mut next, mut proof) = (first, Proof::Greeting);
        loop {
            let connection = match next.take() {
                Some(connection) => connection,
                None => self.connected(proof, &mut history).await,
            };
            if self.tracking.is_none() {
                // Before anybody uses it.
                history.acquaintance.renew(&connection).await;
            }
            self.publish.send_replace(ConnectionState::Up(connection.clone()));
            let made = Instant::now();
            let what =
                either(pin!(self.kept(&connection)), pin!(self.seen_to(&connection, &mut history))).await;
            match what {
                Either::First(end) => {
                    connection.abandon();
                    proof = self.lost(end, made.elapsed(), &mut history);
                }
                Either::Second(other) => next = Some(other),
            }
        }
    }

    /// Keeps the connection alive and logged in until it has ended.
    async fn kept(&self, connection: &Connection) -> EndReason {
        let kept = async {
            match &self.tracking {
                None => idle::keep(connection, &self.server).await,
                Some(tracking) => tracking.keep(connection, self.server.config.deadline).await,
            }
        };
        let besides =
            async { either(pin!(connection.ends_elsewhere()), pin!(self.logged_in(connection))).await };
        match either(pin!(kept), pin!(besides)).await {
            Either::First(end) => end,
            Either::Second(Either::First(never) | Either::Second(never)) => match never {},
        }
    }

    /// Authenticates again before the credentials expire.
    async fn logged_in(&self, connection: &Connection) -> Infallible {
        let (mut next, mut has_failed) = (connection.log_in_at, false);
        loop {
            let Some(at) = next else { pending().await };
            sleep(at.saturating_duration_since(Instant::now())).await;
            match self.log_in_again(connection).await {
                Ok(later) => (next, has_failed) = (later, false),
                Err(error) => {
                    if !replace(&mut has_failed, true) {
                        log::warn!("{error}; the connection is kept for as long as the server has it");
                    }
                    next = Some(after(LOG_IN_AGAIN));
                }
            }
        }
    }

    async fn log_in_again(&self, connection: &Connection) -> Result<Option<Instant>, Error> {
        let Some(credentials) = self.server.credentials().await? else { return Ok(None) };
        let doing = format!("log in to {} again", self.server.config.endpoint.name);
        let mut driver = connection.driver.clone();
        let answer =
            executor::timeout(self.server.config.connect_timeout, authenticate(&mut driver, &credentials))
                .await?;
        answer.ok_or_else(|| unanswered(&doing))?.map_err(|error| translate(&doing, error))?;
        Ok(credentials.log_in_at())
    }

    /// Notes when the connection has lasted. Gives a replacement if it turns out to be to the wrong server; until then it serves
    /// what it can.
    async fn seen_to(&self, connection: &Connection, history: &mut AttemptHistory) -> Connection {
        let trial = if history.misplaced > 0 && !connection.is_primary { PLACED } else { LIVED };
        if let Ok(None) = executor::timeout(trial, connection.misplaced()).await {
            (history.failures, history.misplaced) = (0, 0);
            history.outage.end();
            connection.misplaced().await;
        }
        if self.tracking.is_none() {
            let name = &self.server.config.endpoint.name;
            history.outage.begin(
                &format_args!("{name} takes no writes, or none of ours"),
                "values are computed and not stored until it does, or its name leads to another server",
            );
        }
        loop {
            history.misplaced = history.misplaced.saturating_add(1);
            sleep(pause(history.misplaced, REFUSED_PAUSE)).await;
            match (self.attempt_once(Proof::Greeting).await, &self.tracking) {
                (Err(failure), _) => log::debug!("{}", failure.error),
                (Ok(other), None) => {
                    self.server.moved();
                    return other;
                }
                (Ok(other), Some(_)) => {
                    // It follows the others, at their pace.
                    history.misplaced = 0;
                    return other;
                }
            }
        }
    }

    /// Reports the end of a connection, and decides what the next one has to prove.
    fn lost(&self, end: EndReason, age: Duration, history: &mut AttemptHistory) -> Proof {
        if self.tracking.is_none() {
            history.acquaintance.lose();
        }
        let server = &self.server.config.endpoint.name;
        let lost = |how| Error::new(ErrorKind::Connection, format!("the connection to {server} {how}"));
        history.failures = if age < LIVED { history.failures.saturating_add(1) } else { 0 };
        let (lost, is_over, proof) = match end {
            // A peer that fell silent would make callers wait again. They do not wait until it has answered.
            EndReason::Silent => (lost("fell silent"), true, Proof::Answer),
            EndReason::Closed => (lost("was closed"), history.failures > 1, Proof::Greeting),
        };
        if is_over {
            self.begin_outage(&lost, history);
            self.publish.send_replace(ConnectionState::Down(lost));
        } else {
            // Servers close idle connections and restart within a moment: no outage.
            log::debug!("{lost}; connecting again");
            self.publish.send_replace(ConnectionState::Connecting);
        }
        proof
    }

    fn begin_outage(&self, error: &Error, history: &mut AttemptHistory) {
        let consequence = match self.tracking {
            None => "the cache is off until it is back",
            Some(_) => "no values are kept in this process until it is back",
        };
        history.outage.begin(error, consequence);
    }

    /// Tries until it succeeds.
    async fn connected(&self, proof: Proof, history: &mut AttemptHistory) -> Connection {
        // After the first short-lived connection, at once.
        let mut rest = history.failures.checked_sub(2).map(|times| pause(times + 1, LONGEST_PAUSE));
        loop {
            if let Some(rest) = rest {
                sleep(rest).await;
            }
            let attempt = self.attempt(proof).await;
            self.server.idleness.tried_again(attempt.is_ok());
            let Failure { error, is_about_watching } = match attempt {
                Ok(connection) => {
                    history.is_unwatched = false;
                    return connection;
                }
                Err(failure) => failure,
            };
            history.failures = history.failures.saturating_add(1);
            rest = Some(match error.kind() {
                // Somebody has to change the configuration.
                _ if is_about_watching || self.server.check_mode().is_err() => REFUSED_PAUSE,
                ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Server => {
                    pause(history.failures, LONGEST_PAUSE)
                }
                // Here as well, but it may be over soon: while certificates or passwords are replaced, for example.
                _ => pause(history.failures, REFUSED_PAUSE),
            });
            if !is_about_watching {
                self.begin_outage(&error, history);
            } else {
                // The server answers.
                history.outage.end();
                if !replace(&mut history.is_unwatched, true) {
                    log::warn!("{error}; values are not kept in this process, every hit asks Redis");
                }
            }
            self.publish.send_replace(ConnectionState::Down(error));
        }
    }

    /// One attempt. Callers wait for it no longer than for an answer.
    async fn attempt(&self, proof: Proof) -> Result<Connection, Failure> {
        let mut attempt = pin!(self.attempt_once(proof));
        match executor::timeout(self.server.config.deadline, attempt.as_mut()).await? {
            Some(result) => result,
            None => {
                let slow = format!("{} does not answer", self.server.config.endpoint.name);
                self.publish.send_replace(ConnectionState::Down(Error::new(ErrorKind::Timeout, slow)));
                attempt.await
            }
        }
    }

    async fn attempt_once(&self, proof: Proof) -> Result<Connection, Failure> {
        let limit = self.server.config.connect_timeout.min(LONGEST_ATTEMPT);
        match &self.tracking {
            None => connect(&self.server, limit, proof, None).await,
            Some(tracking) => tracking.connect(&self.server, limit, proof).await,
        }
    }
}

/// The pause after this many failed attempts.
fn pause(times: u32, longest: Duration) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << (times.max(1) - 1).min(16)).min(longest)
}

/// Sleeps; for ever where there are no timers, because attempts without a pause must not happen.
async fn sleep(duration: Duration) {
    if executor::sleep(duration).await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let pauses = [1, 2, 3, 6, 7, 1000].map(|times| pause(times, LONGEST_PAUSE).as_millis());
        assert_eq!(pauses, [20, 40, 80, 640, 640, 640]);
        assert_eq!(pause(u32::MAX, REFUSED_PAUSE), REFUSED_PAUSE);
    }
}
