//! A command and its answer, bounded by an instant, and what that says of the connection.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::runtime::Handle;

use super::RedisStore;
use super::connect::{Connection, Health};
use super::error::translate;
use super::lane::Lane;
use crate::error::{Error, ErrorKind};
use crate::home::timeout_on;
use crate::store::Epoch;

impl RedisStore {
    /// Sends one command and waits for its answer, at most until `until` all in all.
    pub(super) async fn run(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let (home, lane) = self.lane()?;
        lane.run(&home, doing, command, until).await
    }
}

impl Lane {
    /// [`RedisStore::run`] on this lane, whose runtime is `home`.
    pub(super) async fn run(
        &self,
        home: &Handle,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        // What the server says against a command comes as a value, and means no harm to the connection.
        let exchange =
            async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        Ok(self.exchange(home, doing, exchange, until).await?.and_then(Value::extract_error))
    }

    /// [`run`](Self::run) for the lane's only reader, who needs no timer of its own.
    pub(super) async fn run_alone(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let exchange =
            async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        let mut used = None;
        let answer = self.alarm.bound(until, pin!(self.ask(exchange, &mut used))).await;
        Ok(settled(doing, used.as_deref(), answer)?.and_then(Value::extract_error))
    }

    /// Sends two commands at once and waits for both answers; says over which connection.
    pub(super) async fn run_both(
        &self,
        home: &Handle,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<([RedisResult<Value>; 2], Epoch), Error> {
        let (answers, epoch) = self.run_all(home, doing, pipeline, until).await?;
        match <[RedisResult<Value>; 2]>::try_from(answers) {
            Ok(answers) => Ok((answers, epoch)),
            Err(_) => Err(missing(doing)),
        }
    }

    /// Sends all commands of a pipeline at once and waits for all answers, one for each; says over which connection. An error
    /// is the connection's; what the server says against a command is that command's answer.
    pub(super) async fn run_all(
        &self,
        home: &Handle,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<(Vec<RedisResult<Value>>, Epoch), Error> {
        let (mut epoch, commands) = (Epoch(0), pipeline.len());
        if commands == 0 {
            // The driver does not take it.
            return Ok((Vec::new(), epoch));
        }
        let exchange = async |connection: &mut Connection| {
            epoch = connection.epoch;
            connection.driver.send_packed_commands(pipeline, 0, commands).await
        };
        match self.exchange(home, doing, exchange, until).await? {
            Ok(answers) if answers.len() == commands => {
                Ok((answers.into_iter().map(Value::extract_error).collect(), epoch))
            }
            Ok(_) => Err(missing(doing)),
            Err(error) => Err(translate(doing, error)),
        }
    }

    async fn exchange<T>(
        &self,
        home: &Handle,
        doing: &str,
        exchange: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        until: Instant,
    ) -> Result<RedisResult<T>, Error> {
        let mut used = None;
        let answer = timeout_on(home, until, pin!(self.ask(exchange, &mut used))).await;
        settled(doing, used.as_deref(), answer)
    }

    /// Asks, without a limit, and says whose health the answer is a sign of.
    async fn ask<T>(
        &self,
        exchange: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        used: &mut Option<Arc<Health>>,
    ) -> Result<RedisResult<T>, Error> {
        let mut connection = match self.now() {
            Some(connection) => connection?,
            // Rare, and larger than all else that is done here.
            None => Box::pin(self.later()).await?,
        };
        let (health, _waiting) = connection.use_it();
        *used = Some(health);
        Ok(exchange(&mut connection).await)
    }
}

/// Tells the connection how the exchange went. No answer at all is a timeout.
fn settled<T>(
    doing: &str,
    used: Option<&Health>,
    answer: Option<Result<RedisResult<T>, Error>>,
) -> Result<RedisResult<T>, Error> {
    match (answer, used) {
        (Some(Ok(Err(error))), Some(health)) if error.is_unrecoverable_error() => {
            health.close();
            Ok(Err(error))
        }
        (Some(answer), used) => {
            if let Some(health) = used {
                health.answered();
            }
            answer
        }
        (None, used) => {
            if let Some(health) = used {
                health.timed_out();
            }
            Err(unanswered(doing))
        }
    }
}

fn missing(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing"))
}

/// The error of who waited long enough.
pub(super) fn unanswered(doing: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("cannot {doing}: no answer in time"))
}
