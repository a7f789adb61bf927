//! Reads that are asked for together travel together.
//!
//! What a hit costs under concurrency is mostly messages: one to the driver, one to the server, one back and one wake-up for
//! each key. So callers who look up keys of one connection at the same time share a batch: one `MGET`, one timer, one message
//! each way. Who reads alone is not delayed and takes no detour: nothing here concerns him but a counter.
//!
//! Hazard: a caller may be dropped, or polled once and then never again. So no caller works for the others: a batch is carried
//! by a task of its own on the connection's runtime. If the runtime ends and drops the task, a guard tells the callers.

use super::turns::Turns;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use redis::{Arg, Cmd, RedisError, RedisResult, Value};
use tokio_util::sync::ReusableBoxFuture;

use super::read_batch::{Batch, Joined, Outcome};
use crate::error::{Error, ErrorKind};
use crate::runtime::executor::timeout_at;
use crate::runtime::lag::Lap;
use crate::store::redis::commands::{found, get};
use crate::store::redis::connection::request::unanswered;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::error::{is_wrong_type, translate};
use crate::store::vocabulary::Found;

/// How much earlier than its own a caller lets a batch's time limit be. Past it, it goes with the next batch.
pub(crate) const EARLIER: Duration = Duration::from_millis(10);
/// How much later than its own. Past it, it takes a timer of its own.
pub(crate) const LATER: Duration = Duration::from_millis(1);

/// The reads of one connection.
#[derive(Default)]
pub(crate) struct Reads {
    /// How many callers are reading.
    readers: AtomicUsize,
    /// The server has shown that it will not take several keys at once, from this user or over this proxy.
    one_by_one: AtomicBool,
    /// The bytes of a value, about, as the last batches had them.
    typical: AtomicUsize,
    /// The batch that takes callers in, until its task closes it.
    open: Mutex<Option<Arc<Batch>>>,
    spare: Mutex<Spare>,
    turns: Turns,
}

/// What the last lone reader has left, which serves the next one.
#[derive(Default)]
struct Spare {
    /// With its buffers.
    command: Cmd,
    /// The memory of its exchange, which is large, and so no part of its future.
    exchange: Option<ReusableBoxFuture<'static, (Cmd, Answer)>>,
}

type Answer = Result<RedisResult<Value>, Error>;

impl Reads {
    /// Counts a caller as reading until what it gives is dropped.
    pub(crate) fn enter(&self) -> Reading<'_> {
        let is_alone = self.readers.fetch_add(1, Ordering::Relaxed) == 0;
        Reading { reads: self, is_alone }
    }

    /// A place in the open batch, or in a new one; and whether it is new.
    fn join(&self, key: &str, until: Instant, waker: &Waker) -> (Joined, bool) {
        let mut open = lock(&self.open);
        if let Some(batch) = open.as_ref().filter(|batch| until <= batch.until + EARLIER)
            && let Some(joined) = batch.join(key, waker, self.typical.load(Ordering::Relaxed))
        {
            return (joined, false);
        }
        let joined = Batch::of(key, until, waker);
        // What was open is full, or too short of time. Its task will send it.
        *open = Some(Arc::clone(&joined.batch));
        (joined, true)
    }

    /// Nobody joins the batch from here on.
    fn close(&self, batch: &Arc<Batch>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, batch)) {
            *open = None;
        }
    }

    /// Learns from an answer how large values are. Growth counts at once, so that not many batches are too large.
    fn learn(&self, values: &[Value]) {
        let bytes =
            values.iter().map(|value| if let Value::BulkString(bytes) = value { bytes.len() } else { 0 });
        let mean = bytes.sum::<usize>() / values.len().max(1);
        let typical = self.typical.load(Ordering::Relaxed);
        self.typical.store(mean.max(typical - typical.div_ceil(8) + mean / 8), Ordering::Relaxed);
    }
}

/// One caller that reads.
pub(crate) struct Reading<'a> {
    reads: &'a Reads,
    is_alone: bool,
}

/// How to read.
pub(crate) enum Way {
    /// Nobody else reads, and whoever begins before this is over will not be alone.
    Alone,
    Together,
    /// Beside others, on a server that does not take several keys at once.
    OneByOne,
}

impl Reads {
    /// Whether the server has shown that it will not take several keys at once.
    pub(crate) fn is_one_by_one(&self) -> bool {
        self.one_by_one.load(Ordering::Relaxed)
    }

    pub(crate) fn go_one_by_one(&self) {
        self.one_by_one.store(true, Ordering::Relaxed);
    }
}

impl Reading<'_> {
    pub(crate) fn way(&self) -> Way {
        match self.is_alone {
            true => Way::Alone,
            false if self.reads.one_by_one.load(Ordering::Relaxed) => Way::OneByOne,
            false => Way::Together,
        }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.reads.readers.fetch_sub(1, Ordering::Relaxed);
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
        let turn = self.connection.reads.turns.wait(self.batch.until, self.batch.limit).await;
        self.connection.reads.close(&self.batch);
        let (command, keys) = self.batch.take();
        let outcome = match &turn {
            None => Err(unanswered("GET")),
            Some(turn) if keys == 1 => self.connection.run("GET", &only(&command), turn.until).await.map(one),
            Some(turn) => {
                let answer = self.connection.run("MGET", &command, turn.until).await;
                answer.map(|answer| self.several(answer, keys))
            }
        };
        turn.iter().for_each(|turn| turn.learn(&outcome));
        self.batch.finish(outcome.unwrap_or_else(Outcome::Failed));
    }

    fn several(&self, answer: RedisResult<Value>, keys: usize) -> Outcome {
        let reads = &self.connection.reads;
        match answer {
            Ok(Value::Array(values)) if values.len() == keys => {
                reads.learn(&values);
                Outcome::Values(values)
            }
            Err(error) if error.is_unrecoverable_error() => Outcome::Failed(translate("GET", error)),
            answer => {
                if answer.is_err_and(|error| is_about_mget(&error)) {
                    reads.one_by_one.store(true, Ordering::Relaxed);
                }
                Outcome::Refused
            }
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.connection.reads.close(&self.batch);
        if !self.batch.is_finished() {
            let ended = "the runtime of the cache's connection has ended";
            self.batch.finish(Outcome::Failed(Error::new(ErrorKind::Runtime, ended)));
        }
    }
}

/// The answer to the `GET` of a batch that nobody else has joined.
fn one(answer: RedisResult<Value>) -> Outcome {
    match answer {
        Ok(value) => Outcome::Values(vec![value]),
        // Of another type, which is an answer: `found` takes whatever is no string for that.
        Err(error) if is_wrong_type(&error) => Outcome::Values(vec![Value::Array(Vec::new())]),
        Err(error) => Outcome::Failed(translate("GET", error)),
    }
}

/// `GET` for the key of an `MGET` of one: like a lone caller's, it tells absent from foreign.
fn only(command: &Cmd) -> Cmd {
    match command.args_iter().nth(1) {
        Some(Arg::Simple(key)) => get(key),
        _ => Cmd::new(),
    }
}

/// Whether a refusal is for the command itself and not for one of its keys: missing rights, a server or a proxy that does
/// not know it, or keys of several nodes.
pub(crate) fn is_about_mget(error: &RedisError) -> bool {
    let names_it = |detail: &str| {
        let detail = detail.to_ascii_lowercase();
        detail.contains("'mget'") || detail.contains("`mget`")
    };
    error.code() == Some("CROSSSLOT") || error.detail().is_some_and(names_it)
}

impl RuntimeConnection {
    /// Reads as the only one.
    pub(crate) async fn read_alone(self: &Arc<Self>, key: &str, until: Instant) -> Result<Found, Error> {
        let mut exchange = self.request_alone(key, until);
        let (command, answer) = (&mut exchange).await;
        *lock(&self.reads.spare) = Spare { command, exchange: Some(exchange) };
        found("GET", answer?)
    }

    /// Not in the caller itself: what the exchange is made of would be part of its future.
    fn request_alone(
        self: &Arc<Self>,
        key: &str,
        until: Instant,
    ) -> ReusableBoxFuture<'static, (Cmd, Answer)> {
        let Spare { mut command, exchange } = std::mem::take(&mut *lock(&self.reads.spare));
        command.clear();
        command.arg("GET").arg(key);
        let connection = Arc::clone(self);
        let alone = async move {
            let answer = connection.run_alone("GET", &command, until).await;
            (command, answer)
        };
        match exchange {
            Some(mut exchange) => {
                exchange.set(alone);
                exchange
            }
            None => ReusableBoxFuture::new(alone),
        }
    }

    /// Reads together with others; `None` if the server wants each to ask for itself.
    pub(crate) async fn read_together(
        self: &Arc<Self>,
        key: &str,
        until: Instant,
    ) -> Option<Result<Found, Error>> {
        let (joined, is_opener) = poll_fn(|cx| Poll::Ready(self.reads.join(key, until, cx.waker()))).await;
        if is_opener {
            // Outside of the locks: a runtime that ends drops the task at once.
            let carrier =
                Carrier { connection: Arc::clone(self), batch: Arc::clone(&joined.batch), lap: Lap::begin() };
            self.runtime.spawn(carrier.carry());
        }
        if joined.batch.until <= until + LATER {
            return joined.await;
        }
        // Rare, and larger than all else that is done here.
        match Box::pin(async { timeout_at(until, pin!(joined)).await }).await {
            Ok(answered) => answered.unwrap_or_else(|| Some(Err(unanswered("GET")))),
            Err(error) => Some(Err(error)),
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
