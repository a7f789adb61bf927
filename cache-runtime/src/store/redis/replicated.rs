//! Removals and `put`s that wait for replicas, where a cache asks for that.
//!
//! `WAIT` blocks its connection, so they have one of their own. A task of the connection's runtime sends what has come meanwhile in one
//! pipeline with one `WAIT` behind it: however many there are, and however long the replicas take, each waits for two of them at most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Cmd, RedisResult, Value, cmd};
use tokio::sync::{mpsc, oneshot};

use super::commands::{pipeline, remove, set};
use super::connection::request::unanswered;
use super::connection::runtime_connection::RuntimeConnection;
use super::error::translate;
use super::pipelines::{by_unlink, removed};
use super::replica_wait::ReplicaWait;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::vocabulary::{KeyResults, KeyWrite};
use crate::util::clock::{after, whole_millis};

/// About how many commands are sent at once.
const AT_ONCE: usize = 512;

/// Where the writes of a runtime wait for their turn. Dropping it ends its task.
pub(super) struct ReplicatedWrites {
    connection: Arc<RuntimeConnection>,
    queue: mpsc::UnboundedSender<QueuedWrites>,
    wait: ReplicaWait,
}

/// The commands of one caller.
struct QueuedWrites {
    commands: Vec<Cmd>,
    answer: oneshot::Sender<Result<Written, Error>>,
}

/// What became of them.
struct Written {
    /// By the primary.
    answers: Vec<RedisResult<Value>>,
    /// Whether enough replicas have acknowledged them.
    replicated: Result<(), Error>,
}

impl Written {
    /// What was done at the primary only is an error of its own kind.
    fn each<T>(self, read: impl Fn(RedisResult<Value>) -> Result<T, Error>) -> Vec<Result<T, Error>> {
        let Self { answers, replicated } = self;
        answers
            .into_iter()
            .map(|answer| read(answer).and_then(|done| replicated.clone().map(|()| done)))
            .collect()
    }
}

impl AsRef<RuntimeConnection> for ReplicatedWrites {
    fn as_ref(&self) -> &RuntimeConnection {
        &self.connection
    }
}

impl ReplicatedWrites {
    pub(super) fn start(connection: RuntimeConnection, wait: ReplicaWait, deadline: Duration) -> Self {
        let (connection, (queue, waiting)) = (Arc::new(connection), mpsc::unbounded_channel());
        let limit = deadline.saturating_add(wait.time);
        connection.runtime.spawn(send_all(Arc::clone(&connection), waiting, wait, limit));
        Self { connection, queue, wait }
    }

    /// Removes each key. An answer for each.
    pub(super) async fn remove_each(&self, keys: &[&[u8]], until: Instant) -> KeyResults<u64> {
        let send = |name| self.write(name, keys.iter().map(|key| remove(name, *key)).collect(), until);
        let written =
            by_unlink(&self.connection.abilities(), send, |written| &mut written.answers[..]).await?;
        Ok(written.each(removed))
    }

    /// Sets each key, or removes it. An answer for each.
    pub(super) async fn set_each(&self, sets: &[KeyWrite<'_>], until: Instant) -> KeyResults<()> {
        let removed: Vec<&[u8]> =
            sets.iter().filter(|set| set.value.is_none()).map(|set| set.key.as_bytes()).collect();
        let mut removed = self.remove_each(&removed, until).await?.into_iter();
        let values = sets.iter().filter_map(|KeyWrite { key, value, ttl }| Some(set(key, (*value)?, *ttl)));
        let done = |answer: RedisResult<Value>| answer.map(drop).map_err(|error| translate("SET", error));
        let mut stored = self.write("SET", values.collect(), until).await?.each(done).into_iter();
        let one = |set: &KeyWrite<'_>| match set.value {
            Some(_) => stored.next(),
            None => removed.next().map(|removed| removed.map(drop)),
        };
        Ok(sets.iter().filter_map(one).collect())
    }

    async fn write(&self, doing: &str, commands: Vec<Cmd>, until: Instant) -> Result<Written, Error> {
        if commands.is_empty() {
            return Ok(Written { answers: Vec::new(), replicated: Ok(()) });
        }
        let (answer, answered) = oneshot::channel();
        let over = || Error::new(ErrorKind::Connection, "the runtime of the cache's connection has ended");
        self.queue.send(QueuedWrites { commands, answer }).map_err(|_| over())?;
        // The replicas' time comes on top, and that of those before.
        let until = until.checked_add(self.wait.time.saturating_mul(2)).unwrap_or(until);
        let answered = executor::timeout_at(until, std::pin::pin!(answered)).await?;
        answered.ok_or_else(|| unanswered(doing))?.unwrap_or_else(|_| Err(over()))
    }
}

async fn send_all(
    connection: Arc<RuntimeConnection>,
    mut waiting: mpsc::UnboundedReceiver<QueuedWrites>,
    wait: ReplicaWait,
    limit: Duration,
) {
    while let Some(first) = waiting.recv().await {
        let (mut count, mut writes) = (first.commands.len(), vec![first]);
        while count < AT_ONCE
            && let Ok(next) = waiting.try_recv()
        {
            count += next.commands.len();
            writes.push(next);
        }
        // Who waits no longer has not been promised that nothing is sent.
        match send(&connection, &writes, wait, after(limit)).await {
            Ok(written) => {
                for (QueuedWrites { answer, .. }, written) in writes.into_iter().zip(written) {
                    let _ = answer.send(Ok(written));
                }
            }
            Err(error) => writes.into_iter().for_each(|QueuedWrites { answer, .. }| {
                let _ = answer.send(Err(error.clone()));
            }),
        }
    }
}

/// Sends everything with one `WAIT`. What became of each caller's commands, in their order.
async fn send(
    connection: &RuntimeConnection,
    writes: &[QueuedWrites],
    wait: ReplicaWait,
    until: Instant,
) -> Result<Vec<Written>, Error> {
    let mut last = cmd("WAIT");
    last.arg(wait.replicas).arg(whole_millis(wait.time));
    let commands = writes.iter().flat_map(|write| write.commands.iter().cloned()).chain([last]);
    let (mut answers, _) = connection.run_all("remove", &pipeline(commands), until).await?;
    let replicated = acknowledged(answers.pop(), wait);
    let mut answers = answers.into_iter();
    let of_one = |write: &QueuedWrites| Written {
        answers: answers.by_ref().take(write.commands.len()).collect(),
        replicated: replicated.clone(),
    };
    Ok(writes.iter().map(of_one).collect())
}

/// # Errors
/// If too few replicas have acknowledged what was sent.
fn acknowledged(
    answer: Option<RedisResult<Value>>,
    ReplicaWait { replicas, time }: ReplicaWait,
) -> Result<(), Error> {
    let count = match answer {
        Some(Ok(Value::Int(count))) => count,
        Some(Err(error)) => {
            let error = translate("WAIT for replicas", error);
            let message = format!("{error}; the change is done at the primary");
            return Err(Error::new(ErrorKind::NotReplicated, message));
        }
        _ => 0,
    };
    if count >= i64::from(replicas) {
        return Ok(());
    }
    let message = format!(
        "{count} of {replicas} replicas have acknowledged the change within {time:?}; it is done at the primary"
    );
    Err(Error::new(ErrorKind::NotReplicated, message))
}

/// How many were removed. Of several failures, one that leaves something to be done.
pub(super) fn sum(removed: impl IntoIterator<Item = Result<u64, Error>>) -> Result<u64, Error> {
    let (mut count, mut unreplicated) = (0, None);
    for removed in removed {
        match removed {
            Ok(removed) => count += removed,
            Err(error) if error.kind() == ErrorKind::NotReplicated => unreplicated = Some(error),
            Err(error) => return Err(error),
        }
    }
    unreplicated.map_or(Ok(count), Err)
}

/// The same for what is only done.
pub(super) fn all(done: impl IntoIterator<Item = Result<(), Error>>) -> Result<(), Error> {
    sum(done.into_iter().map(|done| done.map(|()| 0))).map(drop)
}
