//! Operations on several keys: one pipeline each, so that a hundred keys take one round trip.
//!
//! A pipeline is not atomic. Each of its commands is, for its key, and nothing here needs more. The server answers other clients
//! between two commands, so only the size of one command delays them: an `MGET` has at most [`KEYS`] keys.

use std::time::Instant;

use redis::{Cmd, Pipeline, RedisResult, Value, cmd};

use super::RedisStore;
use super::batching::reads::is_about_mget;
use super::commands::{found, get, left, pttl, set};
use super::connection::abilities::Ability;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::{is_refused, translate};
use crate::error::{Error, ErrorKind};
use crate::store::vocabulary::{Found, Left, Set, Several};

/// The most keys of one `MGET`.
const KEYS: usize = 512;

impl RuntimeConnection {
    /// What is at the keys, and how long the first `timed` of them have left.
    pub(super) async fn read_several(
        &self,
        keys: &[&str],
        timed: usize,
        until: Instant,
    ) -> Result<Several, Error> {
        let times = || keys[..timed].iter().map(|key| pttl(key));
        // A lone key is asked for by `GET`, which tells of another type.
        if keys.len() > 1 && !self.abilities().mget.is(Ability::NO) {
            // The times first: should an entry be replaced in between, the older, shorter time belongs to it, and at worst it is
            // refreshed too early.
            let commands = pipeline(times().chain(keys.chunks(KEYS).map(mget)));
            let (mut answers, epoch) = self.run_all("MGET", &commands, until).await?;
            match answers.split_off(timed).into_iter().collect::<RedisResult<Vec<Value>>>() {
                Ok(values) => {
                    let found = values_of(values, keys.len())?;
                    return Ok(Several { found, left: times_left(answers)?, epoch });
                }
                Err(error) if is_about_mget(&error) => self.abilities().mget.refuse(),
                Err(error) => return Err(translate("MGET", error)),
            }
        }
        let commands = pipeline(times().chain(keys.iter().map(|key| get(key.as_bytes()))));
        let (mut answers, epoch) = self.run_all("GET", &commands, until).await?;
        let values = answers.split_off(timed);
        let found = values.into_iter().map(|value| found("GET", value)).collect::<Result<_, _>>()?;
        Ok(Several { found, left: times_left(answers)?, epoch })
    }
}

impl RedisStore {
    pub(super) async fn stored_many(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error> {
        let connection = self.connection()?;
        let name = if connection.abilities().unlink.is(Ability::NO) { "DEL" } else { "UNLINK" };
        let commands = sets.iter().map(|Set { key, value, ttl }| match value {
            Some(value) => set(key, value, *ttl),
            None => {
                let mut command = cmd(name);
                command.arg(key);
                command
            }
        });
        let mut refused = Vec::new();
        for (Set { key, value, .. }, answer) in
            sets.iter().zip(connection.run_all("SET", &pipeline(commands), until).await?.0)
        {
            match answer {
                Err(error) if value.is_none() && is_refused(&error) => refused.push(*key),
                answer => drop(answer.map_err(|error| translate("SET", error))?),
            }
        }
        if !refused.is_empty() {
            connection.remove(&refused, until).await?.map_err(|error| translate("UNLINK", error))?;
        }
        Ok(())
    }
}

fn times_left(answers: Vec<RedisResult<Value>>) -> Result<Vec<Left>, Error> {
    let time = |answer: RedisResult<Value>| answer.map(|answer| left(&answer));
    answers.into_iter().map(|answer| time(answer).map_err(|error| translate("PTTL", error))).collect()
}

pub(super) fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let commands = commands.into_iter();
    let mut pipeline = Pipeline::with_capacity(commands.size_hint().0);
    commands.for_each(|command| {
        pipeline.add_command(command);
    });
    pipeline
}

fn mget(keys: &[&str]) -> Cmd {
    let bytes = keys.iter().map(|key| key.len()).sum::<usize>();
    let mut command = Cmd::with_capacity(1 + keys.len(), 4 + bytes);
    command.arg("MGET").arg(keys);
    command
}

/// The values of several `MGET`s. `MGET` cannot tell a missing key from one of another type; the lease request will.
fn values_of(answers: Vec<Value>, keys: usize) -> Result<Vec<Found>, Error> {
    let mut all = Vec::with_capacity(keys);
    for answer in answers {
        let Value::Array(values) = answer else { break };
        for value in values {
            all.push(found("MGET", Ok(value))?);
        }
    }
    if all.len() == keys {
        return Ok(all);
    }
    Err(Error::new(ErrorKind::Server, "cannot MGET: there is not one value for each key"))
}
