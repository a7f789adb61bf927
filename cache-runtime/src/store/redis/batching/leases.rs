//! Leases that are requested at the same time travel together: one pipeline of `SET … NX GET`, one timeout, one message each way.
//!
//! A lone request is sent at once.
//!
//! Cancellation: a caller may be dropped before its lease is granted. It releases what it asked for, but its request may be sent
//! after that, and be granted to nobody. So whoever sends a batch releases what was granted to callers that had left.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Arg, Cmd, Pipeline, RedisResult, Value};
use smallvec::SmallVec;

use super::batched_connection::BatchedConnection;
use super::batcher::{Batcher, Requests, ask};
use super::flush::Flush;
use super::reads::{MAX_BYTES, size};
use crate::error::{Error, ErrorKind};
use crate::store::redis::abilities::{Abilities, Ability};
use crate::store::redis::commands::{pipeline, set_nx_get};
use crate::store::redis::connection::request::unanswered;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::error::translate;
use crate::store::redis::lua::{ACQUIRE, MOST_KEYS};
use crate::store::redis::replies::{found, strange};
use crate::store::redis::route::Route;
use crate::store::vocabulary::{CasToken, Found, KeyResults};
use crate::util::clock::after;

/// The most leases of a batch.
const MAX_LEASES: usize = 256;

/// How long a release may take. Nobody waits for it.
const RELEASE_TIME: Duration = Duration::from_secs(1);

/// What a batch does, for errors.
const DOING: &str = "SET NX GET";

/// The leases of a batch.
pub(crate) struct LeaseBatch {
    requests: Pipeline,
    /// About how many bytes the answers have.
    bytes: usize,
}

/// A request for a lease.
pub(crate) struct LeaseRequest<'a> {
    key: &'a str,
    /// Made before it is batched, which happens under a lock.
    command: Cmd,
    /// About how many bytes are there.
    size: usize,
}

impl Requests for LeaseBatch {
    type Host = BatchedConnection;
    type Request<'a> = LeaseRequest<'a>;
    /// Each is taken by its caller.
    type Answers = Vec<Option<RedisResult<Value>>>;
    type Answer = Option<RedisResult<Value>>;

    const DOING: &'static str = DOING;

    fn batcher(host: &BatchedConnection) -> &Batcher<Self> {
        &host.leases
    }

    fn route(request: &LeaseRequest<'_>) -> Route {
        Route::of_key(request.key)
    }

    fn first(request: LeaseRequest<'_>) -> Self {
        let mut requests = Pipeline::new();
        requests.add_command(request.command);
        Self { requests, bytes: request.size }
    }

    fn add<'a>(&mut self, request: Self::Request<'a>) -> Result<usize, Self::Request<'a>> {
        let bytes = self.bytes + request.size;
        if self.requests.len() >= MAX_LEASES || bytes > MAX_BYTES {
            return Err(request);
        }
        self.bytes = bytes;
        self.requests.add_command(request.command);
        Ok(self.requests.len() - 1)
    }

    async fn send(self, flush: Flush<Self>) {
        let (connection, Self { requests: pipeline, .. }) = (&flush.host.connection, self);
        // Boxed because the future of a task is moved half a dozen times.
        let answers = Box::pin(connection.run_all(DOING, &pipeline, flush.deadline())).await;
        if let Ok((answers, _)) = &answers {
            flush.host.learn_sizes(answers);
        }
        for caller in flush.finish(answers.map(|(answers, _)| answers.into_iter().map(Some).collect())) {
            // Without an answer it may have been granted as well.
            if matches!(flush.answer(caller), None | Some(Err(_) | Ok(None | Some(Ok(Value::Nil)))))
                && let Some(lease) = pipeline.cmd_iter().nth(caller).and_then(lease)
                && connection.release(&[lease], after(RELEASE_TIME)).await.is_err()
            {
                // The server is away. The leases expire by themselves.
                break;
            }
        }
    }

    fn answer(answers: &mut Self::Answers, index: usize) -> Self::Answer {
        answers.get_mut(index).and_then(Option::take)
    }
}

/// The lease that `SET key mark …` requests.
fn lease(acquire: &Cmd) -> Option<(&str, CasToken)> {
    let mut arguments = acquire.args_iter().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(Arg::Simple(key)), Some(Arg::Simple(mark))) => {
            Some((std::str::from_utf8(key).ok()?, CasToken::try_from(mark).ok()?))
        }
        _ => None,
    }
}

impl BatchedConnection {
    /// Learns the size of values from answers that are none to who expected to find nothing.
    fn learn_sizes(&self, answers: &[RedisResult<Value>]) {
        let sizes = answers.iter().flatten().map(size).filter(|size| *size > size_of::<CasToken>());
        let sizes: SmallVec<[usize; 16]> = sizes.collect();
        if !sizes.is_empty() {
            self.reads.learn(sizes.into_iter());
        }
    }

    /// Puts a lease where no value is, and says what was found: about `size` bytes, if it is a guess that there is nothing.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        key: &str,
        lease: &CasToken,
        millis: u64,
        size: usize,
        until: Instant,
    ) -> Result<Found, Error> {
        let abilities = self.connection.abilities();
        let nx_get = &abilities.nx_get;
        let entered = self.leases.enter();
        if !nx_get.is(Ability::NO) && abilities.compares() == Some(true) {
            let command = set_nx_get(key, lease, Some(millis));
            let answer = match entered.is_alone {
                // A box, so that a caller that is not alone need not have room for it.
                true => Box::pin(self.connection.run(DOING, &command, until)).await?,
                false => ask::<LeaseBatch>(self, LeaseRequest { key, command, size }, until)
                    .await?
                    .ok_or_else(|| unanswered(DOING))?,
            };
            nx_get.learn(&answer);
            if !nx_get.is(Ability::NO) {
                return found(DOING, answer);
            }
        }
        // Once for a connection, or with an old server.
        let mut acquired = Box::pin(self.connection.acquire_each(&[(key, *lease)], millis, until)).await?;
        acquired.pop().unwrap_or_else(|| Err(strange(DOING)))
    }
}

impl RuntimeConnection {
    /// [`acquire`](BatchedConnection::acquire) for several keys, atomic for each; an answer for each.
    pub(crate) async fn acquire_each(
        &self,
        leases: &[(&str, CasToken)],
        millis: u64,
        until: Instant,
    ) -> KeyResults<Found> {
        let abilities = self.abilities();
        let nx_get = &abilities.nx_get;
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        // The script first while it is not known whether there is another way: a lease for a value that cannot be stored would make
        // others wait for nothing.
        if (nx_get.is(Ability::NO) || abilities.compares().is_none())
            && let Some(acquired) = self.acquire_by_script(&abilities, leases, millis, until).await?
        {
            return Ok(acquired);
        }
        if let Some((key, _)) = leases.first() {
            self.find_a_way(&abilities, key, until).await?;
        }
        if !nx_get.is(Ability::NO) {
            let commands = leases.iter().map(|(key, lease)| set_nx_get(key, lease, Some(millis)));
            let (answers, _) = self.run_all(DOING, &pipeline(commands), until).await?;
            answers.iter().for_each(|answer| nx_get.learn(answer));
            if !nx_get.is(Ability::NO) {
                return Ok(answers.into_iter().map(|answer| found(DOING, answer)).collect());
            }
        }
        let acquired = self.acquire_by_script(&abilities, leases, millis, until).await?;
        acquired.ok_or_else(|| {
            Error::new(ErrorKind::Server, "cannot lease: the server has no SET NX GET, and no EVAL")
        })
    }

    /// `None` if the server runs no scripts, or not all of their commands.
    async fn acquire_by_script(
        &self,
        abilities: &Abilities,
        leases: &[(&str, CasToken)],
        millis: u64,
        until: Instant,
    ) -> Result<Option<Vec<Result<Found, Error>>>, Error> {
        let millis = millis.to_string();
        if self.is_cluster_node {
            let calls = leases.iter().map(|(key, lease)| (*key, vec![millis.as_bytes(), &lease[..]]));
            let answers =
                self.script_each(abilities, &ACQUIRE, "SET NX", &calls.collect::<Vec<_>>(), until).await?;
            let is_refused = abilities.of(&ACQUIRE).is(Ability::NO);
            return Ok((!is_refused).then(|| answers.into_iter().map(only_found).collect()));
        }
        let mut acquired = Vec::with_capacity(leases.len());
        for leases in leases.chunks(MOST_KEYS) {
            if abilities.of(&ACQUIRE).is(Ability::NO) {
                break;
            }
            let keys: Vec<&str> = leases.iter().map(|(key, _)| *key).collect();
            let mut arguments = vec![millis.as_bytes()];
            arguments.extend(leases.iter().map(|(_, lease)| &lease[..]));
            match self.script(abilities, &ACQUIRE, "SET NX", &keys, &arguments, until).await? {
                _ if abilities.of(&ACQUIRE).is(Ability::NO) => break,
                Ok(Value::Array(there)) if there.len() == leases.len() => {
                    acquired.extend(there.into_iter().map(|there| found("SET NX", Ok(there))));
                }
                Ok(_) => return Err(strange("SET NX")),
                Err(error) => return Err(translate("SET NX", error)),
            }
        }
        match acquired.len() {
            0 => Ok(None),
            all if all == leases.len() => Ok(Some(acquired)),
            // The right was revoked in between. The leases that were granted expire.
            _ => Err(strange("SET NX")),
        }
    }
}

/// Of a script's call for one key.
fn only_found(answer: RedisResult<Value>) -> Result<Found, Error> {
    match answer {
        Ok(Value::Array(mut there)) if there.len() == 1 => found("SET NX", Ok(there.swap_remove(0))),
        Ok(_) => Err(strange("SET NX")),
        Err(error) => Err(translate("SET NX", error)),
    }
}
