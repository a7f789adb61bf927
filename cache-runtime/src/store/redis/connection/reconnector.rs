//! The task that keeps a lane up: connects, sees to the connection while it is there, and connects again.
//!
//! No peer can make it busy: what follows a connection that ended soon after it was made waits longer and longer, as after attempts
//! that failed, whatever the connection has answered.

use std::convert::Infallible;
use std::future::pending;
use std::mem::replace;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::breaker::End;
use super::connect::{Connection, Failure, Proof, connect};
use super::idle;
use super::login::authenticate;
use super::outage::Part;
use super::request::unanswered;
use super::runtime_connection::State;
use super::server::Server;
use super::tracking::Watch;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::runtime::executor::{Either, either};
use crate::store::redis::error::translate;
use crate::util::clock::after;

/// How long to wait before the second attempt; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// So a server that is back is found again within a second.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// Where a server is there, and refuses: what changes that is rare, and it may count the attempts.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// The longest that an attempt in the background takes, whatever `connect` may: an attempt whose packets are swallowed says
/// nothing of the next one.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(1);

/// After an attempt to log in again that failed.
const LOG_IN_AGAIN: Duration = Duration::from_secs(5);

/// A connection that has been there for so long is no part of an outage.
const LIVED: Duration = Duration::from_secs(1);
/// The same after one that turned out to be to the wrong server, which takes a write to be found out, unless the server says that it is the
/// primary.
const PLACED: Duration = Duration::from_secs(10);

/// What keeps a lane up.
pub(crate) struct Keeper {
    server: Arc<Server>,
    watch: Option<Watch>,
    publish: watch::Sender<State>,
}

/// How it has gone so far.
struct Course {
    outage: Part,
    /// Attempts that failed, and connections that did not live, in a row.
    failures: u32,
    /// Connections to the wrong server in a row.
    misplaced: u32,
    /// Whether it has been logged that nobody tells of changes.
    is_unwatched: bool,
}

impl Keeper {
    pub(crate) fn new(server: &Arc<Server>, watch: Option<Watch>, publish: watch::Sender<State>) -> Self {
        Self { server: Arc::clone(server), watch, publish }
    }

    pub(crate) async fn keep_up(self, first: Option<Connection>) {
        let outage = Part::of(&self.server.outage, &self.server.config.endpoint.name);
        let mut course = Course { outage, failures: 0, misplaced: 0, is_unwatched: false };
        let (mut next, mut proof) = (first, Proof::Greeting);
        loop {
            let connection = match next.take() {
                Some(connection) => connection,
                None => self.connected(proof, &mut course).await,
            };
            self.publish.send_replace(State::Up(connection.clone()));
            let made = Instant::now();
            let what =
                either(pin!(self.kept(&connection)), pin!(self.seen_to(&connection, &mut course))).await;
            match what {
                Either::First(end) => {
                    connection.abandon();
                    proof = self.lost(end, made.elapsed(), &mut course);
                }
                Either::Second(other) => next = Some(other),
            }
        }
    }

    /// Keeps a connection from being forgotten, until it has ended.
    async fn kept(&self, connection: &Connection) -> End {
        let kept = async {
            match &self.watch {
                None => idle::keep(connection, &self.server).await,
                Some(watch) => watch.keep(connection, self.server.config.deadline).await,
            }
        };
        match either(pin!(kept), pin!(self.logged_in(connection))).await {
            Either::First(end) => end,
            Either::Second(never) => match never {},
        }
    }

    /// Says again who the client is before what it said is over.
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

    /// Notes that a connection has lived; gives one that is to take its place where it turns out to be to the wrong server. Until then it
    /// serves what it can.
    async fn seen_to(&self, connection: &Connection, course: &mut Course) -> Connection {
        let trial = if course.misplaced > 0 && !connection.is_primary { PLACED } else { LIVED };
        if let Ok(None) = executor::timeout(trial, connection.misplaced()).await {
            (course.failures, course.misplaced) = (0, 0);
            course.outage.end();
            connection.misplaced().await;
        }
        if self.watch.is_none() {
            let name = &self.server.config.endpoint.name;
            course.outage.begin(
                &format_args!("{name} takes no writes, or none of ours"),
                "values are computed and not stored until it does, or its name leads to another server",
            );
        }
        loop {
            course.misplaced = course.misplaced.saturating_add(1);
            sleep(pause(course.misplaced, REFUSED_PAUSE)).await;
            match (self.attempt_once(Proof::Greeting).await, &self.watch) {
                (Err(failure), _) => log::debug!("{}", failure.error),
                (Ok(other), None) => {
                    self.server.moved();
                    return other;
                }
                (Ok(other), Some(_)) => {
                    // At the pace of those that it follows.
                    course.misplaced = 0;
                    return other;
                }
            }
        }
    }

    /// Tells of a connection's end, and says what the next one has to show.
    fn lost(&self, end: End, age: Duration, course: &mut Course) -> Proof {
        let server = &self.server.config.endpoint.name;
        let lost = |how| Error::new(ErrorKind::Connection, format!("the connection to {server} {how}"));
        course.failures = if age < LIVED { course.failures.saturating_add(1) } else { 0 };
        let (lost, is_over, proof) = match end {
            // A peer that fell silent will keep its callers waiting again: they wait no more until it has answered.
            End::Silent => (lost("fell silent"), true, Proof::Answer),
            End::Closed => (lost("was closed"), course.failures > 1, Proof::Greeting),
        };
        if is_over {
            self.begin_outage(&lost, course);
            self.publish.send_replace(State::Down(lost));
        } else {
            // Servers close what is idle, and restart within a moment: that is no outage.
            log::debug!("{lost}; connecting again");
            self.publish.send_replace(State::Connecting);
        }
        proof
    }

    fn begin_outage(&self, error: &Error, course: &mut Course) {
        let consequence = match self.watch {
            None => "the cache is off until it is back",
            Some(_) => "no values are kept in this process until it is back",
        };
        course.outage.begin(error, consequence);
    }

    /// Tries until it succeeds.
    async fn connected(&self, proof: Proof, course: &mut Course) -> Connection {
        // The first that did not live is followed at once.
        let mut rest = course.failures.checked_sub(2).map(|times| pause(times + 1, LONGEST_PAUSE));
        loop {
            if let Some(rest) = rest {
                sleep(rest).await;
            }
            let attempt = self.attempt(proof).await;
            self.server.idleness.tried_again(attempt.is_ok());
            let Failure { error, is_about_watching } = match attempt {
                Ok(connection) => {
                    course.is_unwatched = false;
                    return connection;
                }
                Err(failure) => failure,
            };
            course.failures = course.failures.saturating_add(1);
            rest = Some(match error.kind() {
                // People have to see to it.
                _ if is_about_watching || self.server.check_mode().is_err() => REFUSED_PAUSE,
                ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Server => {
                    pause(course.failures, LONGEST_PAUSE)
                }
                // Here as well, but it may be over soon: while certificates or passwords are replaced, for example.
                _ => pause(course.failures, REFUSED_PAUSE),
            });
            if !is_about_watching {
                self.begin_outage(&error, course);
            } else {
                // The server is there.
                course.outage.end();
                if !replace(&mut course.is_unwatched, true) {
                    log::warn!("{error}; values are not kept in this process, every hit asks Redis");
                }
            }
            self.publish.send_replace(State::Down(error));
        }
    }

    /// One attempt, in which callers wait no longer than they would for an answer.
    async fn attempt(&self, proof: Proof) -> Result<Connection, Failure> {
        let mut attempt = pin!(self.attempt_once(proof));
        match executor::timeout(self.server.config.deadline, attempt.as_mut()).await? {
            Some(result) => result,
            None => {
                let slow = format!("{} does not answer", self.server.config.endpoint.name);
                self.publish.send_replace(State::Down(Error::new(ErrorKind::Timeout, slow)));
                attempt.await
            }
        }
    }

    async fn attempt_once(&self, proof: Proof) -> Result<Connection, Failure> {
        let limit = self.server.config.connect_timeout.min(LONGEST_ATTEMPT);
        match &self.watch {
            None => connect(&self.server, limit, proof, None).await,
            Some(watch) => watch.connect(&self.server, limit, proof).await,
        }
    }
}

/// Before the attempt that follows so many that were in vain.
fn pause(times: u32, longest: Duration) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << (times.max(1) - 1).min(16)).min(longest)
}

/// Where there are no timers, for ever: without a pause there must be no attempt.
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
