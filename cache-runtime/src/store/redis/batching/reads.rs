//! Reads that are made at the same time travel together: one `MGET`, one timeout, one message each way.
//!
//! A lone read skips batching; its only cost is a counter.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::{replace, take};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use redis::{Cmd, RedisResult, Value};
use tokio_util::sync::ReusableBoxFuture;
use xxhash_rust::xxh3::xxh3_64;

use super::batched_connection::BatchedConnection;
use super::batcher::{Batcher, Requests, ask, lock};
use super::flush::Flush;
use crate::error::Error;
use crate::runtime::block_on::is_blocking;
use crate::store::redis::abilities::Ability;
use crate::store::redis::commands::get;
use crate::store::redis::connection::read_requests::{KeyArguments, ReadRequests};
use crate::store::redis::error::{is_about_mget, translate};
use crate::store::redis::replies::{found, strange};
use crate::store::redis::route::Route;
use crate::store::vocabulary::Found;

/// The most keys of a batch. A server answers other clients between two commands, so none may take long.
const MAX_KEYS: usize = 256;
/// The most bytes that the values of a batch should have, going by earlier ones: small values wait for those before them.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// The reads of one connection.
#[derive(Default)]
pub(crate) struct Reads {
    batcher: Batcher<KeyBatch>,
    /// The approximate size of a value in bytes, from the last batches.
    typical_size: AtomicUsize,
    spare: Mutex<SpareRead>,
}

/// What a lone read leaves behind for the next one.
#[derive(Default)]
struct SpareRead {
    /// With its buffers.
    command: Cmd,
    /// The memory of its request, which is too large to be part of the caller's future.
    request: Option<ReusableBoxFuture<'static, (Cmd, LoneAnswer)>>,
}

type LoneAnswer = Result<RedisResult<Value>, Error>;

impl Reads {
    pub(crate) fn typical_size(&self) -> usize {
        self.typical_size.load(Ordering::Relaxed)
    }

    /// Learns the size of values from an answer. Growth counts at once, so that few batches are too large.
    pub(super) fn learn(&self, sizes: impl ExactSizeIterator<Item = usize>) {
        let values = sizes.len();
        let mean = sizes.sum::<usize>() / values.max(1);
        let typical = self.typical_size.load(Ordering::Relaxed);
        self.typical_size.store(mean.max(typical - typical.div_ceil(8) + mean / 8), Ordering::Relaxed);
    }
}

pub(super) fn size(value: &Value) -> usize {
    if let Value::BulkString(bytes) = value { bytes.len() } else { 0 }
}

/// A read to be batched.
pub(crate) struct Read<'a> {
    key: &'a str,
    typical_size: usize,
}

/// The keys of a batch.
pub(crate) struct KeyBatch {
    keys: KeyArguments,
    /// How many callers are to take the value of each key.
    takers: Vec<u32>,
    /// The index of the key with this hash: a hundred callers of one key read it once.
    indices: HashMap<u64, usize, BuildHasherDefault<Identity>>,
}

pub(crate) struct KeyAnswers {
    values: KeyValues,
    takers: Vec<u32>,
}

/// What was read for each key.
enum KeyValues {
    /// The answer to an `MGET`.
    Together(Vec<Value>),
    /// The answers to one `GET` each.
    Each(Vec<Result<Found, Error>>),
}

impl KeyBatch {
    #[inline]
    fn push(&mut self, key: &str, hash: u64) -> usize {
        let index = self.takers.len();
        self.keys.push(key.as_bytes());
        self.indices.insert(hash, index);
        self.takers.push(1);
        index
    }
}

impl Requests for KeyBatch {
    type Host = BatchedConnection;
    type Request<'a> = Read<'a>;
    type Answers = KeyAnswers;
    type Answer = Result<Found, Error>;

    const DOING: &'static str = "GET";

    fn batcher(host: &BatchedConnection) -> &Batcher<Self> {
        &host.reads.batcher
    }

    fn route(read: &Read<'_>) -> Route {
        Route::of_key(read.key)
    }

    fn first(Read { key, .. }: Read<'_>) -> Self {
        let keys = KeyArguments::with_capacity(16, 16 * key.len());
        let mut batch = Self { keys, takers: Vec::with_capacity(16), indices: HashMap::default() };
        batch.push(key, xxh3_64(key.as_bytes()));
        batch
    }

    #[inline]
    fn add<'a>(&mut self, read: Self::Request<'a>) -> Result<usize, Self::Request<'a>> {
        let hash = xxh3_64(read.key.as_bytes());
        if let Some(&index) = self.indices.get(&hash)
            && self.keys.get(index) == Some(read.key.as_bytes())
        {
            self.takers[index] += 1;
            return Ok(index);
        }
        let keys = self.keys.len() + 1;
        if keys > MAX_KEYS || keys * read.typical_size > MAX_BYTES {
            return Err(read);
        }
        Ok(self.push(read.key, hash))
    }

    async fn send(self, flush: Flush<Self>) {
        let Self { keys, takers, .. } = self;
        // Boxed because the future of a task is moved half a dozen times.
        let values = Box::pin(flush.host.read_batch(keys, flush.deadline())).await;
        flush.finish(values.map(|values| KeyAnswers { values, takers }));
    }

    #[inline]
    fn answer(KeyAnswers { values, takers }: &mut KeyAnswers, index: usize) -> Result<Found, Error> {
        takers[index] -= 1;
        // The last one need not copy the value.
        let is_last = takers[index] == 0;
        match values {
            KeyValues::Together(values) => {
                let value = &mut values[index];
                found("GET", Ok(if is_last { replace(value, Value::Nil) } else { value.clone() }))
            }
            KeyValues::Each(found) if is_last => replace(&mut found[index], Ok(Found::Absent)),
            KeyValues::Each(found) => found[index].clone(),
        }
    }
}

impl BatchedConnection {
    /// Reads a key, together with others that are being read.
    pub(crate) async fn read(self: &Arc<Self>, key: &str, until: Instant) -> Result<Found, Error> {
        if is_blocking()
            && let Some(found) = self.connection.get_on_this_thread(key, self.reads.batcher.callers(), until)
        {
            return found;
        }
        let entered = self.reads.batcher.enter();
        if entered.is_alone {
            return self.read_alone(key, until).await;
        }
        let typical_size = self.reads.typical_size();
        ask::<KeyBatch>(self, Read { key, typical_size }, until).await?
    }

    async fn read_alone(self: &Arc<Self>, key: &str, until: Instant) -> Result<Found, Error> {
        let mut request = self.request_alone(key, until);
        let (command, answer) = (&mut request).await;
        *lock(&self.reads.spare) = SpareRead { command, request: Some(request) };
        found("GET", answer?)
    }

    /// A function of its own, so that what the request is made of is no part of the caller's future.
    fn request_alone(
        self: &Arc<Self>,
        key: &str,
        until: Instant,
    ) -> ReusableBoxFuture<'static, (Cmd, LoneAnswer)> {
        let SpareRead { mut command, request } = take(&mut *lock(&self.reads.spare));
        command.clear();
        command.arg("GET").arg(key);
        let host = Arc::clone(self);
        let alone = async move {
            let answer = host.connection.run_alone("GET", &command, until).await;
            (command, answer)
        };
        match request {
            Some(mut request) => {
                request.set(alone);
                request
            }
            None => ReusableBoxFuture::new(alone),
        }
    }

    async fn read_batch(&self, keys: KeyArguments, until: Instant) -> Result<KeyValues, Error> {
        if let (1, Some(key)) = (keys.len(), keys.get(0)) {
            // Unlike `MGET`, `GET` tells a missing key from one of another type.
            let answer = self.connection.run("GET", &get(key), until).await?;
            return Ok(KeyValues::Each(vec![found("GET", answer)]));
        }
        let abilities = self.connection.abilities();
        if !abilities.mget.is(Ability::NO) {
            let mut mget = ReadRequests::default();
            mget.mget(&keys);
            let (mut answers, _) = self.connection.run_reads("MGET", &mget, until).await?;
            match answers.pop().ok_or_else(|| strange("MGET"))? {
                Ok(Value::Array(values)) if values.len() == keys.len() => {
                    self.reads.learn(values.iter().map(size));
                    return Ok(KeyValues::Together(values));
                }
                Err(error) if error.is_unrecoverable_error() => return Err(translate("GET", error)),
                Err(error) if is_about_mget(&error) => abilities.mget.refuse(),
                // Refused, perhaps for one of its keys.
                _ => {}
            }
        }
        let (answers, _) = self.connection.run_reads("GET", &keys.gets(), until).await?;
        Ok(KeyValues::Each(answers.into_iter().map(|answer| found("GET", answer)).collect()))
    }
}

/// For a map whose keys are hashes already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
