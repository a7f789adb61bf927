//! Requests: commands and their answers, bounded by an instant, and what the outcome says about the connection.

use std::pin::pin;
use std::time::Instant;

use redis::{Arg, Cmd, Pipeline, RedisResult, Value};
use tokio::task::coop::consume_budget;

use super::live::{Connection, Use};
use super::read_requests::ReadRequests;
use super::runtime_connection::RuntimeConnection;
use super::sending::{RareFuture, is_unreadable, send_all, send_reads};
use super::unreadable::Unreadable;
use crate::error::{Error, ErrorKind};
use crate::runtime::lag;
use crate::store::redis::error::translate;
use crate::store::request_times::{CommandKind, WatchedRequest};
use crate::store::vocabulary::Epoch;
use crate::util::process;

/// The answer to each command, and the connection's epoch.
type CommandAnswers = (Vec<RedisResult<Value>>, Epoch);

impl RuntimeConnection {
    /// Sends one command and waits for its answer, until `until` at most.
    pub(crate) async fn run(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        if self.is_asking {
            return Box::pin(self.run_asking(doing, command, until)).await;
        }
        // A server error comes as a value: it leaves the connection usable.
        let send = async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        let check = |unreadable: &Unreadable| unreadable.check(doing);
        let operation = operation_of(command);
        let keys = || if operation == CommandKind::Mget { command.args_iter().count() - 1 } else { 1 };
        let watched = self.request_times.begin(operation, keys);
        Ok(self.request(watched, doing, check, send, until).await?.and_then(Value::extract_error))
    }

    /// [`run`](Self::run) for a lone read: without the extra time that a busy runtime is granted.
    pub(crate) async fn run_alone(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let send = async |connection: &mut Connection| connection.driver.send_packed_command(command).await;
        let check = |unreadable: &Unreadable| unreadable.check(doing);
        process::current();
        let operation = operation_of(command);
        let (mut used, watched) = (None, self.request_times.begin(operation, || 1));
        let answer = self.timeout.bound(until, pin!(self.ask(check, send, &mut used))).await?;
        let answer = settled(doing, used.as_ref(), answer);
        watched.end(failure_of(&answer));
        Ok(answer?.and_then(Value::extract_error))
    }

    /// Sends the commands of a pipeline at once and waits for all answers. Also gives the connection's epoch. Fails if the
    /// connection does; a server error is the answer to its command.
    pub(crate) async fn run_all(
        &self,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<CommandAnswers, Error> {
        if self.is_asking {
            return self.run_all_asking(doing, pipeline.cmd_iter().cloned().collect(), until).await;
        }
        self.run_pipeline(doing, pipeline, until).await
    }

    /// One command behind `ASKING`, which holds for the next command only: both in one write, so that nothing comes between them.
    async fn run_asking(
        &self,
        doing: &str,
        command: &Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let (mut answers, _) = self.run_all_asking(doing, vec![command.clone()], until).await?;
        answers.pop().ok_or_else(|| missing(doing))
    }

    fn run_all_asking<'a>(
        &'a self,
        doing: &'a str,
        commands: Vec<Cmd>,
        until: Instant,
    ) -> RareFuture<'a, Result<CommandAnswers, Error>> {
        let mut pairs = Pipeline::with_capacity(2 * commands.len());
        for command in commands {
            pairs.cmd("ASKING").add_command(command);
        }
        Box::pin(async move {
            let (answers, epoch) = self.run_pipeline(doing, &pairs, until).await?;
            Ok((answers.into_iter().skip(1).step_by(2).collect(), epoch))
        })
    }

    /// [`run_all`](Self::run_all) for reads: the answers come in one piece and are parsed here, which costs less where they are many.
    pub(crate) async fn run_reads(
        &self,
        doing: &str,
        reads: &ReadRequests,
        until: Instant,
    ) -> Result<CommandAnswers, Error> {
        if self.is_asking {
            return self.run_all_asking(doing, reads.commands().collect(), until).await;
        }
        let mut epoch = Epoch::default();
        if reads.len() == 0 {
            return Ok((Vec::new(), epoch));
        }
        let send = async |connection: &mut Connection| {
            epoch = connection.epoch;
            send_reads(connection, doing, reads).await
        };
        let check = |unreadable: &Unreadable| unreadable.check_each(doing, reads.commands());
        let watched = self.request_times.begin(reads.operation(), || reads.len());
        let answers = self.request(watched, doing, check, send, until).await?;
        Ok((each(doing, answers, reads.len())?, epoch))
    }

    async fn run_pipeline(
        &self,
        doing: &str,
        pipeline: &Pipeline,
        until: Instant,
    ) -> Result<CommandAnswers, Error> {
        let mut epoch = Epoch::default();
        if pipeline.is_empty() {
            // The driver refuses it.
            return Ok((Vec::new(), epoch));
        }
        let send = async |connection: &mut Connection| {
            epoch = connection.epoch;
            send_all(connection, doing, pipeline).await
        };
        let check = |unreadable: &Unreadable| unreadable.check_each(doing, pipeline.cmd_iter());
        let operation = match (pipeline.cmd_iter().next(), pipeline.len()) {
            (Some(command), 1) => operation_of(command),
            _ => CommandKind::Pipeline,
        };
        let watched = self.request_times.begin(operation, || pipeline.len());
        let answers = self.request(watched, doing, check, send, until).await?;
        Ok((each(doing, answers, pipeline.len())?, epoch))
    }

    async fn request<T: Reply>(
        &self,
        watched: WatchedRequest<'_>,
        doing: &str,
        check: impl FnOnce(&Unreadable) -> Result<(), Error>,
        send: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        until: Instant,
    ) -> Result<RedisResult<T>, Error> {
        process::current();
        let mut used = None;
        let answer = {
            let mut asking = pin!(self.ask(check, send, &mut used));
            let mut bound = until;
            loop {
                let answer = self.timeout.bound(bound, asking.as_mut()).await?;
                if answer.is_some() {
                    break answer;
                }
                // A runtime that is behind may not have sent the request yet, or not have read the answer.
                bound = until + lag::since(watched.asked);
                if bound <= Instant::now() {
                    break answer;
                }
            }
        };
        let answer = settled(doing, used.as_ref(), answer);
        watched.end(failure_of(&answer));
        answer
    }

    /// Sends a request without a time limit, unless `check` says that the server does not answer such; `used` is set to the connection
    /// that it is sent over.
    async fn ask<T>(
        &self,
        check: impl FnOnce(&Unreadable) -> Result<(), Error>,
        send: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
        used: &mut Option<Use>,
    ) -> Result<RedisResult<T>, Error> {
        let connection = match self.now() {
            _ if self.is_of_another_process() => {
                Err(Error::new(ErrorKind::Connection, "this process was forked, and has no connection yet"))
            }
            Some(connection) => connection,
            // Boxed because it is rare, and larger than everything else here.
            None => Box::pin(self.later()).await,
        };
        let readable = connection.and_then(|connection| {
            check(&connection.server().unreadable)?;
            Ok(connection)
        });
        let mut connection = match readable {
            Ok(connection) => connection,
            Err(error) => {
                // Nothing is waited for here. A caller that asks in a loop would never let its runtime connect again.
                consume_budget().await;
                return Err(error);
            }
        };
        *used = Some(connection.use_it());
        Ok(send(&mut connection).await)
    }
}

/// The answer to one command, or the answers to several.
trait Reply {
    /// Reports what the answer says about the server.
    fn tell(&self, used: &Use);

    /// Reports that the answer was not valid.
    fn tell_unreadable(used: &Use, doing: &str);
}

impl Reply for Value {
    fn tell(&self, used: &Use) {
        used.heard(self);
    }

    fn tell_unreadable(used: &Use, doing: &str) {
        used.was_unreadable(doing);
    }
}

impl Reply for Vec<Value> {
    fn tell(&self, used: &Use) {
        self.iter().for_each(|answer| used.heard(answer));
    }

    /// Whoever sent them knows which of them it was.
    fn tell_unreadable(_: &Use, _: &str) {}
}

/// Reports the outcome of a request to the connection. No answer is a timeout.
fn settled<T: Reply>(
    doing: &str,
    used: Option<&Use>,
    answer: Option<Result<RedisResult<T>, Error>>,
) -> Result<RedisResult<T>, Error> {
    match (answer, used) {
        (Some(Ok(Err(error))), Some(used)) if error.is_unrecoverable_error() => {
            if is_unreadable(&error) {
                T::tell_unreadable(used, doing);
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

/// What a command counts as.
fn operation_of(command: &Cmd) -> CommandKind {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => CommandKind::of_command(name),
        _ => CommandKind::Other,
    }
}

/// Why there is no answer. An error that the server answers with is one.
fn failure_of<T>(answer: &Result<RedisResult<T>, Error>) -> Option<ErrorKind> {
    match answer {
        Ok(Err(error)) if error.is_unrecoverable_error() => Some(ErrorKind::Connection),
        Ok(_) => None,
        Err(error) => Some(error.kind()),
    }
}

/// The answer to each of so many commands. A server error is the answer to its command.
fn each(
    doing: &str,
    answers: RedisResult<Vec<Value>>,
    commands: usize,
) -> Result<Vec<RedisResult<Value>>, Error> {
    let answers = answers.map_err(|error| translate(doing, error))?;
    if answers.len() != commands {
        return Err(missing(doing));
    }
    Ok(answers.into_iter().map(Value::extract_error).collect())
}

fn missing(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing"))
}

/// The error of a request that timed out.
pub(crate) fn unanswered(doing: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("cannot {doing}: no answer in time"))
}
