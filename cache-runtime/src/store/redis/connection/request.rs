//! A command and its answer, bounded by an instant, and what that says of the connection.

use std::pin::pin;
use std::time::Instant;

use redis::{Cmd, Pipeline, RedisResult, Value};

use super::connect::{Connection, Use};
use super::frames::is_strange;
use super::runtime_connection::Lane;
use crate::error::{Error, ErrorKind};
use crate::runtime::lag;
use crate::store::redis::RedisStore;
use crate::store::redis::error::translate;
use crate::store::vocabulary::Epoch;
use crate::util::process;

impl RedisStore {
    /// Sends one command and waits for its answer, at most until `until` all in all.
    pub(crate) async fn run(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        self.lane()?.run(doing, command, until).await
    }
}

impl Lane {
    /// [`RedisStore::run`] on this lane.
    pub(crate) async fn run(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        // What the server says against a command comes as a value, and means no harm to the connection.
        let exchange =
            async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        Ok(self.exchange(doing, exchange, until).await?.and_then(Value::extract_error))
    }

    /// [`run`](Self::run) for the lane's only reader, who needs no timer of its own.
    pub(crate) async fn run_alone(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let exchange =
            async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        process::current();
        let mut used = None;
        let answer = self.alarm.bound(until, pin!(self.ask(doing, exchange, &mut used))).await?;
        Ok(settled(doing, used.as_ref(), answer)?.and_then(Value::extract_error))
    }

    /// Sends two commands at once and waits for both answers; says over which connection.
    pub(crate) async fn run_both(
        &self,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<([RedisResult<Value>; 2], Epoch), Error> {
        let (answers, epoch) = self.run_all(doing, pipeline, until).await?;
        match <[RedisResult<Value>; 2]>::try_from(answers) {
            Ok(answers) => Ok((answers, epoch)),
            Err(_) => Err(missing(doing)),
        }
    }

    /// Sends all commands of a pipeline at once and waits for all answers, one for each; says over which connection. An error
    /// is the connection's; what the server says against a command is that command's answer.
    pub(crate) async fn run_all(
        &self,
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
        match self.exchange(doing, exchange, until).await? {
            Ok(answers) if answers.len() == commands => {
                Ok((answers.into_iter().map(Value::extract_error).collect(), epoch))
            }
            Ok(_) => Err(missing(doing)),
            Err(error) => Err(translate(doing, error)),
        }
    }

    async fn exchange<T: Answer>(
        &self,
        doing: &str,
        exchange: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        until: Instant,
    ) -> Result<RedisResult<T>, Error> {
        process::current();
        let (mut used, asked) = (None, Instant::now());
        let answer = {
            let mut asking = pin!(self.ask(doing, exchange, &mut used));
            let mut bound = until;
            loop {
                let answer = self.alarm.bound(bound, asking.as_mut()).await?;
                if answer.is_some() {
                    break answer;
                }
                // Where the runtime was behind, it may not have come to send it, or to read what is there.
                bound = until + lag::since(asked);
                if bound <= Instant::now() {
                    break answer;
                }
            }
        };
        settled(doing, used.as_ref(), answer)
    }

    /// Asks, without a limit, and says whose health the answer is a sign of.
    async fn ask<T>(
        &self,
        doing: &str,
        exchange: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        used: &mut Option<Use>,
    ) -> Result<RedisResult<T>, Error> {
        if self.is_of_another_process() {
            return Err(Error::new(
                ErrorKind::Connection,
                "this process was forked, and has no connection yet",
            ));
        }
        let mut connection = match self.now() {
            Some(connection) => connection?,
            // Rare, and larger than all else that is done here.
            None => Box::pin(self.later()).await?,
        };
        connection.server().unreadable.check(doing)?;
        *used = Some(connection.use_it());
        Ok(exchange(&mut connection).await)
    }
}

/// What a peer has answered to one command, or to several.
trait Answer {
    /// Tells what it says of the connection.
    fn tell(&self, used: &Use);
}

impl Answer for Value {
    fn tell(&self, used: &Use) {
        used.heard(self);
    }
}

impl Answer for Vec<Value> {
    fn tell(&self, used: &Use) {
        self.iter().for_each(|answer| used.heard(answer));
    }
}

/// Tells the connection how the exchange went. No answer at all is a timeout.
fn settled<T: Answer>(
    doing: &str,
    used: Option<&Use>,
    answer: Option<Result<RedisResult<T>, Error>>,
) -> Result<RedisResult<T>, Error> {
    match (answer, used) {
        (Some(Ok(Err(error))), Some(used)) if error.is_unrecoverable_error() => {
            if error.kind() == redis::ErrorKind::Parse || is_strange(&error) {
                used.was_unreadable(doing);
            }
            used.closed();
            Ok(Err(error))
        }
        (Some(answer), used) => {
            if let Some(used) = used {
                used.answered();
                if let Ok(Ok(answer)) = &answer {
                    answer.tell(used);
                }
            }
            answer
        }
        (None, used) => {
            if let Some(used) = used {
                used.timed_out();
            }
            Err(unanswered(doing))
        }
    }
}

fn missing(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing"))
}

/// The error of who waited long enough.
pub(crate) fn unanswered(doing: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("cannot {doing}: no answer in time"))
}
