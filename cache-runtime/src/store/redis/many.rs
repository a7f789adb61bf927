//! Operations on several keys: one pipeline each, so that a hundred keys are one round trip.
//!
//! A pipeline is not one step. Each of its commands is, for its key, and nothing here needs more. The server answers others
//! between two commands, so what keeps it from them is one command's size: an `MGET` has at most [`KEYS`] keys.

use std::time::{Duration, Instant};

use redis::{Cmd, Pipeline, RedisResult, Value, cmd};

use super::RedisStore;
use super::commands::{Ability, found, get, left, pttl, set, set_ifeq, set_nx_get, strange, swapped};
use super::error::translate;
use super::lane::Lane;
use super::reads::is_about_mget;
use super::script::{ACQUIRE, RELEASE, SWAP, SWAP_MANY, Script};
use crate::decision::whole_millis;
use crate::error::{Error, ErrorKind};
use crate::store::{Epoch, Found, Left, Mark, Set, Swap};

/// The most keys of one `MGET`.
const KEYS: usize = 512;
/// The most values that one script stores.
const SWAPS: usize = 128;

type Answers = Vec<RedisResult<Value>>;

impl RedisStore {
    /// Sends several commands at once.
    async fn run_all(
        &self,
        doing: &str,
        commands: impl IntoIterator<Item = Cmd>,
        until: Instant,
    ) -> Result<Answers, Error> {
        let lane = self.lane()?;
        Ok(lane.run_all(doing, &pipeline(commands), until).await?.0)
    }

    pub(super) async fn found_many(&self, keys: &[&str], until: Instant) -> Result<Vec<Found>, Error> {
        let lane = self.lane()?;
        if !lane.reads.is_one_by_one() {
            let mgets = pipeline(keys.chunks(KEYS).map(mget));
            let (answers, _) = lane.run_all("MGET", &mgets, until).await?;
            match answers.into_iter().collect::<RedisResult<Vec<Value>>>() {
                Ok(answers) => return several(answers, keys.len()),
                Err(error) if is_about_mget(&error) => lane.reads.go_one_by_one(),
                Err(error) => return Err(translate("MGET", error)),
            }
        }
        let gets = pipeline(keys.iter().map(|key| get(key.as_bytes())));
        let (answers, _) = lane.run_all("GET", &gets, until).await?;
        answers.into_iter().map(|answer| found("GET", answer)).collect()
    }

    pub(super) async fn times_left(&self, keys: &[&str], until: Instant) -> Result<Vec<Left>, Error> {
        let answers = self.run_all("PTTL", keys.iter().map(|key| pttl(key)), until).await?;
        let time = |answer: RedisResult<Value>| answer.map(|answer| left(&answer));
        answers.into_iter().map(|answer| time(answer).map_err(|error| translate("PTTL", error))).collect()
    }

    pub(super) async fn acquired_many(
        &self,
        leases: &[(&str, Mark)],
        ttl: Duration,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        self.check_for_stall(leases)?;
        let acquired = self.acquire_each(leases, whole_millis(ttl), until).await;
        self.leases.learn(&acquired);
        acquired
    }

    async fn acquire_each(
        &self,
        leases: &[(&str, Mark)],
        millis: u64,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        let nx_get = &self.abilities.nx_get;
        if !nx_get.is(Ability::NO) {
            let commands = leases.iter().map(|(key, lease)| set_nx_get(key, lease, millis));
            let answers = self.run_all("SET NX GET", commands, until).await?;
            answers.iter().for_each(|answer| nx_get.learn(answer));
            if !nx_get.is(Ability::NO) {
                return Ok(each(answers, |answer| found("SET NX GET", answer)));
            }
        }
        let millis = millis.to_string();
        let mut by = Taught::new(&ACQUIRE);
        let commands = leases.iter().map(|(key, lease)| by.command(key, &[lease, millis.as_bytes()]));
        let answers = self.run_all("SET NX", commands, until).await?;
        Ok(each(answers, |answer| found("SET NX", answer)))
    }

    pub(super) async fn swapped_many(
        &self,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> Result<Vec<Result<bool, Error>>, Error> {
        let ifeq = &self.abilities.ifeq;
        if ifeq.is(Ability::YES) {
            let mut by = Taught::new(&SWAP);
            let commands = swaps.iter().map(|Swap { key, mark, value, ttl }| {
                let millis = ttl.map(whole_millis);
                set_ifeq(key, mark, value, millis).unwrap_or_else(|| {
                    let millis = millis.map(|millis| millis.to_string()).unwrap_or_default();
                    by.command(key, &[&mark[..], value, millis.as_bytes()])
                })
            });
            return Ok(each(self.run_all("store", commands, until).await?, swapped));
        }
        let mut done = Vec::with_capacity(swaps.len());
        for swaps in swaps.chunks(SWAPS) {
            done.extend(self.swapped_by_script(swaps, until).await?);
        }
        // As after a single store: one whose lease is gone shows whether the server knows IFEQ, and does nothing.
        let stored = swaps
            .iter()
            .zip(&done)
            .find(|(swap, done)| matches!(done, Ok(true)) && swap.value.len() > swap.mark.len());
        if ifeq.is_unknown()
            && let Some((Swap { key, mark, ttl, .. }, _)) = stored
            && let Some(command) = set_ifeq(key, mark, *mark, ttl.map(whole_millis))
            && let Ok(answer) = self.run("SET IFEQ", &command, until).await
        {
            ifeq.learn(&answer);
        }
        Ok(done)
    }

    /// One script for all of them: to call one costs the server more than what it does for a key.
    async fn swapped_by_script(
        &self,
        swaps: &[Swap<'_>],
        until: Instant,
    ) -> Result<Vec<Result<bool, Error>>, Error> {
        let keys: Vec<&str> = swaps.iter().map(|swap| swap.key).collect();
        let millis = |ttl: Option<Duration>| ttl.map(|ttl| whole_millis(ttl).to_string()).unwrap_or_default();
        let times: Vec<String> = swaps.iter().map(|swap| millis(swap.ttl)).collect();
        let mut arguments: Vec<&[u8]> = Vec::with_capacity(3 * swaps.len());
        for (swap, time) in swaps.iter().zip(&times) {
            arguments.extend([&swap.mark[..], swap.value, time.as_bytes()]);
        }
        match self.script(&SWAP_MANY, "store", &keys, &arguments, until).await? {
            Ok(Value::Array(done)) if done.len() == swaps.len() => {
                Ok(done.into_iter().map(|done| swapped(Ok(done))).collect())
            }
            Ok(_) => Err(strange("store")),
            Err(error) => Err(translate("store", error)),
        }
    }

    pub(super) async fn released_many(&self, leases: &[(&str, Mark)], until: Instant) -> Result<(), Error> {
        self.check_for_stall(leases)?;
        let mut by = Taught::new(&RELEASE);
        let commands = leases.iter().map(|(key, mark)| by.command(key, &[mark]));
        let answers = self.run_all("release", commands, until).await?;
        answers.into_iter().try_for_each(|answer| swapped(answer).map(drop))
    }

    pub(super) async fn stored_many(&self, sets: &[Set<'_>], until: Instant) -> Result<(), Error> {
        let commands = sets.iter().map(|Set { key, value, ttl }| match value {
            Some(value) => set(key, value, *ttl),
            None => {
                let mut command = cmd("UNLINK");
                command.arg(key);
                command
            }
        });
        let answers = self.run_all("SET", commands, until).await?;
        answers.into_iter().try_for_each(|answer| answer.map(drop).map_err(|error| translate("SET", error)))
    }
}

/// A script of which a pipeline's first call carries the text: whatever the server has forgotten, the calls behind it may use
/// the name.
struct Taught {
    script: &'static Script,
    is_first: bool,
}

impl Taught {
    fn new(script: &'static Script) -> Self {
        Self { script, is_first: true }
    }

    fn command(&mut self, key: &str, arguments: &[&[u8]]) -> Cmd {
        match std::mem::take(&mut self.is_first) {
            true => self.script.by_text(&[key], arguments),
            false => self.script.by_name(&[key], arguments),
        }
    }
}

/// What is at each key, how long it has left, and over which connection that was asked.
pub(super) async fn found_many_with_left(
    lane: &Lane,
    keys: &[&str],
    until: Instant,
) -> Result<(Vec<(Found, Left)>, Epoch), Error> {
    let mut pipeline = Pipeline::with_capacity(2 * keys.len());
    for key in keys {
        // The time first, as for one key.
        pipeline.cmd("PTTL").arg(key).cmd("GET").arg(key);
    }
    let (answers, epoch) = lane.run_all("GET", &pipeline, until).await?;
    let mut answers = answers.into_iter();
    let mut all = Vec::with_capacity(keys.len());
    while let (Some(time), Some(value)) = (answers.next(), answers.next()) {
        let left = left(&time.map_err(|error| translate("PTTL", error))?);
        all.push((found("GET", value)?, left));
    }
    Ok((all, epoch))
}

fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
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

/// The values of several `MGET`s. Of another type than a string is absent here; who then asks for the lease learns of it.
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

fn each<T>(answers: Answers, read: impl Fn(RedisResult<Value>) -> Result<T, Error>) -> Vec<Result<T, Error>> {
    answers.into_iter().map(read).collect()
}
