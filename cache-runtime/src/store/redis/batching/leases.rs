//! Leases that are asked for together travel together: for misses what `reads` is for hits.
//!
//! Who asks alone sends one `SET … NX GET` at once. Others share a batch: one pipeline, one timer, one message each way, carried by a
//! task of its own.
//!
//! Cancellation: a caller may go away before its lease is granted. It gives back what it asked for, but its request may not have left
//! by then, and be granted afterwards, to nobody. So the task gives back what it finds granted to who is gone.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use redis::{Arg, Cmd, Pipeline, RedisResult, Value};

use super::reads::{EARLIER, LATER, lock};
use super::turns::Turns;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor::timeout_at;
use crate::runtime::lag::Lap;
use crate::store::redis::commands::{found, strange};
use crate::store::redis::connection::abilities::{Abilities, Ability};
use crate::store::redis::connection::request::unanswered;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::error::translate;
use crate::store::redis::many::pipeline;
use crate::store::redis::scripts::{ACQUIRE, MOST_KEYS};
use crate::store::vocabulary::{CasToken, Found};
use crate::util::clock::after;

/// The most leases of one pipeline.
const MOST: usize = 256;

/// How long giving back may take. Nobody waits for it.
const GIVING_BACK: Duration = Duration::from_secs(1);

/// What a batch is about, in errors.
const DOING: &str = "SET NX GET";

/// Who asks for leases on one connection.
#[derive(Default)]
pub(crate) struct Leases {
    callers: AtomicUsize,
    /// The batch that takes callers in, until its task closes it.
    open: Mutex<Option<Arc<Batch>>>,
    turns: Turns,
}

/// One caller that asks.
pub(crate) struct Asking<'a>(&'a Leases);

impl Leases {
    /// Counts a caller until what it gives is dropped; says whether it is the only one.
    pub(crate) fn enter(&self) -> (Asking<'_>, bool) {
        let is_alone = self.callers.fetch_add(1, Ordering::Relaxed) == 0;
        (Asking(self), is_alone)
    }

    /// A place in the open batch, or in a new one; and whether it is new.
    fn join(&self, command: Cmd, until: Instant, waker: &Waker) -> (Joined, bool) {
        let mut open = lock(&self.open);
        let command = match open.as_ref().filter(|batch| until <= batch.until + EARLIER) {
            Some(batch) => match batch.join(command, waker) {
                Ok(joined) => return (joined, false),
                Err(command) => command,
            },
            None => command,
        };
        let limit = until.saturating_duration_since(Instant::now());
        let batch = Arc::new(Batch { until, limit, gathered: Mutex::default() });
        // What was open is full, or too short of time. Its task will send it.
        *open = Some(Arc::clone(&batch));
        (batch.add(command, waker), true)
    }

    fn close(&self, batch: &Arc<Batch>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, batch)) {
            *open = None;
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.callers.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Batch {
    /// When the answer must be there, if it leaves at once.
    until: Instant,
    /// How long the answer may take.
    limit: Duration,
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    commands: Vec<Cmd>,
    /// One for each caller; `None` of who is gone.
    wakers: Vec<Option<Waker>>,
    /// One for each caller, taken by it.
    answers: Option<Result<Vec<Option<RedisResult<Value>>>, Error>>,
}

impl Batch {
    /// Gives the command back if there is no room for it.
    fn join(self: &Arc<Self>, command: Cmd, waker: &Waker) -> Result<Joined, Cmd> {
        if lock(&self.gathered).commands.len() >= MOST { Err(command) } else { Ok(self.add(command, waker)) }
    }

    fn add(self: &Arc<Self>, command: Cmd, waker: &Waker) -> Joined {
        let mut gathered = lock(&self.gathered);
        gathered.commands.push(command);
        gathered.wakers.push(Some(waker.clone()));
        Joined { batch: Arc::clone(self), place: gathered.wakers.len() - 1, is_new: true }
    }

    /// Gives every caller its answer, unless they have one; says who is gone.
    fn finish(&self, answers: Result<Vec<RedisResult<Value>>, Error>) -> Vec<usize> {
        let wakers = {
            let mut gathered = lock(&self.gathered);
            if gathered.answers.is_some() {
                return Vec::new();
            }
            gathered.answers = Some(answers.map(|answers| answers.into_iter().map(Some).collect()));
            std::mem::take(&mut gathered.wakers)
        };
        let gone = (0..wakers.len()).filter(|place| wakers[*place].is_none()).collect();
        wakers.into_iter().flatten().for_each(Waker::wake);
        gone
    }
}

/// A caller's place in a batch, and its answer.
struct Joined {
    batch: Arc<Batch>,
    place: usize,
    /// Whether this is the poll in which it joined.
    is_new: bool,
}

impl Future for Joined {
    type Output = Result<RedisResult<Value>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.is_new) {
            // This poll's waker is there. Should the answer be as well, it has been woken.
            return Poll::Pending;
        }
        let mut gathered = lock(&self.batch.gathered);
        match &mut gathered.answers {
            Some(Ok(answers)) => {
                let answer = answers.get_mut(self.place).and_then(Option::take);
                Poll::Ready(answer.ok_or_else(|| unanswered(DOING)))
            }
            Some(Err(error)) => Poll::Ready(Err(error.clone())),
            None => {
                gathered.wakers[self.place] = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(waker) = lock(&self.batch.gathered).wakers.get_mut(self.place) {
            *waker = None;
        }
    }
}

/// The task of a batch. However it ends, the callers hear of it.
struct Carrier {
    connection: Arc<RuntimeConnection>,
    batch: Arc<Batch>,
    lap: Lap,
}

impl Carrier {
    async fn carry(self) {
        // To the end of the line: all that is ready to run, and all whose answers have arrived, may join.
        tokio::task::yield_now().await;
        self.lap.end();
        let turn = self.connection.leases.turns.wait(self.batch.until, self.batch.limit).await;
        self.connection.leases.close(&self.batch);
        let mut pipeline = Pipeline::new();
        for command in std::mem::take(&mut lock(&self.batch.gathered).commands) {
            pipeline.add_command(command);
        }
        let Some(turn) = turn else {
            // Nothing was asked for.
            self.batch.finish(Err(unanswered(DOING)));
            return;
        };
        // A box, because a task's future is moved half a dozen times from its beginning to its end.
        let answers = Box::pin(self.connection.run_all(DOING, &pipeline, turn.until)).await;
        turn.learn(&answers);
        let granted = |place: &usize| {
            // Without an answer it may have been granted as well.
            answers.as_ref().map_or(true, |(answers, _)| matches!(answers.get(*place), Some(Ok(Value::Nil))))
        };
        let granted: Vec<bool> = (0..pipeline.len()).map(|place| granted(&place)).collect();
        for place in self.batch.finish(answers.map(|(answers, _)| answers)) {
            if granted[place]
                && let Some(lease) = pipeline.cmd_iter().nth(place).and_then(lease)
                && self.connection.release(&[lease], after(GIVING_BACK)).await.is_err()
            {
                // The server is away. The leases run out by themselves.
                break;
            }
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.connection.leases.close(&self.batch);
        let ended = "the runtime of the cache's connection has ended";
        self.batch.finish(Err(Error::new(ErrorKind::Runtime, ended)));
    }
}

/// What `SET key mark …` asks for.
fn lease(acquire: &Cmd) -> Option<(&str, CasToken)> {
    let mut arguments = acquire.args_iter().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(Arg::Simple(key)), Some(Arg::Simple(mark))) => {
            Some((std::str::from_utf8(key).ok()?, CasToken::try_from(mark).ok()?))
        }
        _ => None,
    }
}

/// Sets what is not there, and gives what is.
pub(crate) fn set_nx_get(key: &str, value: &[u8], millis: Option<u64>) -> Cmd {
    let mut command = Cmd::with_capacity(7, key.len() + 64);
    command.arg("SET").arg(key).arg(value).arg("NX").arg("GET");
    if let Some(millis) = millis {
        command.arg("PX").arg(millis);
    }
    command
}

impl RuntimeConnection {
    /// Puts a lease where nothing is, and says what is there.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        key: &str,
        lease: &CasToken,
        millis: u64,
        until: Instant,
    ) -> Result<Found, Error> {
        let abilities = self.abilities();
        let nx_get = &abilities.nx_get;
        let (_asking, is_alone) = self.leases.enter();
        if !nx_get.is(Ability::NO) && abilities.compares() == Some(true) {
            let command = set_nx_get(key, lease, Some(millis));
            let answer = match is_alone {
                true => self.run(DOING, &command, until).await?,
                false => self.acquire_together(command, until).await?,
            };
            nx_get.learn(&answer);
            if !nx_get.is(Ability::NO) {
                return found(DOING, answer);
            }
        }
        // Once a connection, or on a server of long ago.
        let mut acquired = Box::pin(self.acquire_each(&[(key, *lease)], millis, until)).await?;
        acquired.pop().unwrap_or_else(|| Err(strange(DOING)))
    }

    /// [`acquire`](Self::acquire) for several keys, a step each; an answer for each.
    pub(crate) async fn acquire_each(
        &self,
        leases: &[(&str, CasToken)],
        millis: u64,
        until: Instant,
    ) -> Result<Vec<Result<Found, Error>>, Error> {
        let abilities = self.abilities();
        let nx_get = &abilities.nx_get;
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        // A script's way first where it is not known whether there is another: a lease in front of what then cannot be stored would
        // keep others waiting for nothing.
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

    /// `None` where the server runs no scripts, or not all of their commands.
    async fn acquire_by_script(
        &self,
        abilities: &Abilities,
        leases: &[(&str, CasToken)],
        millis: u64,
        until: Instant,
    ) -> Result<Option<Vec<Result<Found, Error>>>, Error> {
        let millis = millis.to_string();
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
            // The right was taken away in between. Those that were granted run out.
            _ => Err(strange("SET NX")),
        }
    }

    /// Asks together with others.
    async fn acquire_together(
        self: &Arc<Self>,
        command: Cmd,
        until: Instant,
    ) -> Result<RedisResult<Value>, Error> {
        let mut command = Some(command);
        let (joined, is_opener) = poll_fn(|cx| {
            let command = command.take().unwrap_or_default();
            Poll::Ready(self.leases.join(command, until, cx.waker()))
        })
        .await;
        if is_opener {
            // Outside of the locks: a runtime that ends drops the task at once.
            self.runtime.spawn(
                Carrier { connection: Arc::clone(self), batch: Arc::clone(&joined.batch), lap: Lap::begin() }
                    .carry(),
            );
        }
        if joined.batch.until <= until + LATER {
            joined.await
        } else {
            timeout_at(until, pin!(joined)).await?.unwrap_or_else(|| Err(unanswered(DOING)))
        }
    }
}
