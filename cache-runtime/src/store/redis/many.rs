//! Operations on several keys: one pipeline each, so that a hundred keys take one round trip.
//!
//! A pipeline is not atomic. Each of its commands is, for its key, and nothing here needs more. The server answers other clients
//! between two commands, so only the size of one command delays them: an `MGET` has at most [`KEYS`] keys.

use std::time::{Duration, Instant};

use redis::{Cmd, Pipeline, RedisResult, Value, cmd};

use super::RedisStore;
use super::batching::reads::is_about_mget;
use super::commands::{found, get, left, pttl, set};
use super::connection::abilities::Ability;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::{is_refused, translate};
use crate::error::{Error, ErrorKind};
use crate::store::vocabulary::{CasToken, Epoch, Found, Left, Set, Swap};
use crate::util::clock::whole_millis;

/// The most keys of one `MGET`.
const KEYS: usize = 512;

type Answers = Vec<RedisResult<Value>>;

impl RedisStore {
    /// Sends several commands at once.
    async fn run_all(
        &self,
        doing: &str,
        commands: impl IntoIterator<Item = Cmd>,
        until: Instant,
    ) -> Result<Answers, Error> {
        let connection = self.connection()?;
        Ok(connection.run_all(doing, &pipeline(commands), until).await?.0)
    }

    pub(super) async fn found_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Found>, Error> {
        let connection = self.connection()?;
        let abilities = connection.abilities();
        if !abilities.mget.is(Ability::NO) {
            let mgets = pipeline(keys.chunks(KEYS).map(mget));
            let (answers, _) = connection.run_all("MGET", &mgets, until).await?;
            match answers.into_iter().collect::<RedisResult<Vec<Value>>>() {
                Ok(answers) => return several(answers, keys.len()),
                Err(error) if is_about_mget(&error) => abilities.mget.refuse(),
                Err(error) => return Err(translate("MGET", error)),
            }
        }
        let gets = pipeline(keys.iter().map(|key| get(key.as_bytes())));
        let (answers, _) = connection.run_all("GET", &gets, until).await?;
        answers.into_iter().map(|answer| found("GET", answer)).collect()
    }

    pub(super) async fn times_left(&self, keys: &[&str], until: Instant) -> Result<Vec<Left>, Error> {
        let answers = self.run_all("PTTL", keys.iter().map(|key| pttl(key)), until).await?;
        let time = |answer: RedisResult<Value>| answer.map(|answer| left(&answer));
        answers.into_iter().map(|answer| time(answer).map_err(|error| translate("PTTL", error))).collect()
    }

    pub(super) async fn acquired_many(
        &self,
        leases: &[(&str, CasToken)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        self.check_for_stall(leases)?;
        let acquired = self.connection()?.acquire_each(leases, whole_millis(ttl), until).await;
        self.leases.learn(&acquired);
        acquired
    }

    pub(super) async fn swapped_many(
        &self,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> Result<Vec<Result<bool, Error>>, Error> {
        self.connection()?.swap_each(swaps, until).await
    }

    pub(super) async fn released_many(
        &self,
        leases: &[(&str, CasToken)],
        until: Instant,
    ) -> Result<(), Error> {
        self.check_for_stall(leases)?;
        self.connection()?.release(leases, until).await
    }

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

/// The value of each key, its remaining time to live, and the epoch of the connection.
pub(super) async fn found_many_with_left(
    connection: &RuntimeConnection,
    keys: &[&str],
    until: Instant,
) -> Result<(Vec<(Found, Left)>, Epoch), Error> {
    let mut pipeline = Pipeline::with_capacity(2 * keys.len());
    for key in keys {
        // The TTL first, as for one key.
        pipeline.cmd("PTTL").arg(key).cmd("GET").arg(key);
    }
    let (answers, epoch) = connection.run_all("GET", &pipeline, until).await?;
    let mut answers = answers.into_iter();
    let mut all = Vec::with_capacity(keys.len());
    while let (Some(time), Some(value)) = (answers.next(), answers.next()) {
        let left = left(&time.map_err(|error| translate("PTTL", error))?);
        all.push((found("GET", value)?, left));
    }
    Ok((all, epoch))
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
fn several(answers: Vec<Value>, keys: usize) -> Result<Vec<Found>, Error> {
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
