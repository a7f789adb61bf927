//! Keys that are asked for by one command, and the callers who wait for the answer.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use redis::{Arg, Cmd, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::reads::lock;
use crate::error::Error;
use crate::store::redis::commands::found;
use crate::store::vocabulary::Found;

/// The most keys of a batch. A server answers other clients between commands, so none may take long.
const MOST_KEYS: usize = 256;
/// The most bytes that a batch's answer should have, as far as they can be foreseen: small values wait for those before them.
const MOST_BYTES: usize = 256 * 1024;

/// Keys that are asked for by one command.
pub(crate) struct Batch {
    /// When the answer must be there, if it leaves at once.
    pub(crate) until: Instant,
    /// How long the answer may take.
    pub(crate) limit: Duration,
    gathered: Mutex<Gathered>,
}

impl Batch {
    /// A batch and its first caller.
    pub(crate) fn of(key: &str, until: Instant, waker: &Waker) -> Joined {
        let mut gathered = Gathered::default();
        let place = gathered.push(key, xxh3_64(key.as_bytes()), waker);
        let limit = until.saturating_duration_since(Instant::now());
        Joined::new(&Arc::new(Self { until, limit, gathered: Mutex::new(gathered) }), place)
    }

    /// A place for the caller, whose waker is in it already; `None` if there is no room for another key, values having
    /// `typical` bytes.
    pub(crate) fn join(self: &Arc<Self>, key: &str, waker: &Waker, typical: usize) -> Option<Joined> {
        Some(Joined::new(self, self.lock().add(key, waker, typical)?))
    }

    /// What to send, once nobody joins any more: `MGET` and this many keys.
    pub(crate) fn take(&self) -> (Cmd, usize) {
        let mut gathered = self.lock();
        (gathered.command.take().unwrap_or_default(), gathered.takers.len())
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        lock(&self.gathered)
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// Gives every caller its answer, unless they have one.
    pub(crate) fn finish(&self, outcome: Outcome) {
        let wakers = {
            let mut gathered = self.lock();
            if gathered.outcome.is_some() {
                return;
            }
            gathered.outcome = Some(outcome);
            std::mem::take(&mut gathered.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[derive(Default)]
struct Gathered {
    /// `MGET` and the keys; taken when it is sent.
    command: Option<Cmd>,
    /// How many callers have still to take the value, for each key.
    takers: Vec<u32>,
    /// Which key has this hash: a hundred callers of one key ask for it once.
    known: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
    /// One for each caller.
    wakers: Vec<Waker>,
    outcome: Option<Outcome>,
}

/// Whose answer is whose.
#[derive(Clone, Copy)]
struct Place {
    key: usize,
    caller: usize,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// One for each key.
    Values(Vec<Value>),
    /// The server refuses the command, perhaps for one of its keys. Each caller asks for itself.
    Refused,
    Failed(Error),
}

impl Gathered {
    /// `None` if there is no room for another key.
    fn add(&mut self, key: &str, waker: &Waker, typical: usize) -> Option<Place> {
        let hash = xxh3_64(key.as_bytes());
        if let Some(&known) = self.known.get(&hash)
            && self.key(known) == Some(key.as_bytes())
        {
            self.takers[known] += 1;
            return Some(self.place(known, waker));
        }
        let keys = self.takers.len();
        (keys < MOST_KEYS && (keys + 1) * typical <= MOST_BYTES).then(|| self.push(key, hash, waker))
    }

    fn push(&mut self, key: &str, hash: u64, waker: &Waker) -> Place {
        let command = self.command.get_or_insert_with(|| {
            let mut command = Cmd::with_capacity(16, 16 * (key.len() + 4));
            command.arg("MGET");
            command
        });
        command.arg(key);
        self.known.insert(hash, self.takers.len());
        self.takers.push(1);
        self.place(self.takers.len() - 1, waker)
    }

    fn place(&mut self, key: usize, waker: &Waker) -> Place {
        self.wakers.push(waker.clone());
        Place { key, caller: self.wakers.len() - 1 }
    }

    /// A key of this batch, the name of the command being the first argument.
    fn key(&self, index: usize) -> Option<&[u8]> {
        match self.command.as_ref()?.args_iter().nth(index + 1)? {
            Arg::Simple(key) => Some(key),
            _ => None,
        }
    }

    /// One caller's answer; `None` if it has to ask for itself.
    fn take(&mut self, key: usize) -> Option<Result<Found, Error>> {
        match self.outcome.as_mut()? {
            Outcome::Values(values) => {
                let value = values.get_mut(key)?;
                self.takers[key] -= 1;
                // The last one need not copy.
                let value =
                    if self.takers[key] == 0 { std::mem::replace(value, Value::Nil) } else { value.clone() };
                Some(found("GET", Ok(value)))
            }
            Outcome::Refused => None,
            Outcome::Failed(error) => Some(Err(error.clone())),
        }
    }
}

/// A caller's place in a batch, and its answer.
pub(crate) struct Joined {
    pub(crate) batch: Arc<Batch>,
    place: Place,
    /// Whether this is the poll in which it joined.
    is_new: bool,
}

impl Joined {
    fn new(batch: &Arc<Batch>, place: Place) -> Self {
        Self { batch: Arc::clone(batch), place, is_new: true }
    }
}

impl Future for Joined {
    type Output = Option<Result<Found, Error>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.is_new) {
            // This poll's waker is there. Should the answer be as well, it has been woken.
            return Poll::Pending;
        }
        let mut gathered = self.batch.lock();
        if gathered.outcome.is_some() {
            return Poll::Ready(gathered.take(self.place.key));
        }
        gathered.wakers[self.place.caller].clone_from(cx.waker());
        Poll::Pending
    }
}

/// The map's keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
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
