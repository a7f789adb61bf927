//! Look up, decide, compute, store: the course of one call.
//!
//! The engine is split where the function's own code runs. [`begin`] and [`Ticket::store`] do I/O and know bytes only;
//! between them the caller computes, in its own way: an async function awaits, a blocking one just runs. So there is one
//! engine, and the blocking facade is a thin one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache::{Cache, Inner};
use crate::error::Error;
use crate::stats::Function;
use crate::store::{Found, Store};

/// One call for one key.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) cache: Cache,
    pub(crate) function: Arc<Function>,
    pub(crate) key: String,
}

/// How a call begins.
pub(crate) enum Begun {
    /// Bytes to look at; whether they are an entry of this function is for the caller to find out.
    Found(Vec<u8>, Ticket),
    Nothing(Ticket),
}

/// What a call carries from its look-up to its store.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// What is left of the deadline. One call waits for the cache no longer than that in all, so a server that used it up
    /// in the look-up is not waited for again.
    patience: Duration,
    /// When the function began to compute.
    computing: Instant,
}

impl Call {
    fn cache(&self) -> &Inner {
        &self.cache.0
    }

    /// Looks the key up. Never fails: what cannot be read is not there.
    pub(crate) async fn begin(&self) -> Begun {
        let cache = self.cache();
        let began = Instant::now();
        match cache.store.get(&self.key, began + cache.deadline).await {
            Ok(Found::Bytes(bytes)) => Begun::Found(bytes, Ticket { patience: cache.deadline, computing: began }),
            other => {
                match other {
                    Err(error) => self.failed(&error),
                    Ok(Found::Foreign) => self.function.counters.rejected.count(),
                    Ok(_) => {}
                }
                let now = Instant::now();
                Begun::Nothing(Ticket { patience: cache.deadline.saturating_sub(now - began), computing: now })
            }
        }
    }

    /// Stores an encoded value. Never fails: the caller has the value, and gets it whatever happens here.
    pub(crate) async fn store(&self, ticket: Ticket, bytes: &[u8], ttl: Option<Duration>) {
        let cache = self.cache();
        match cache.store.set(&self.key, bytes, ttl, Instant::now() + ticket.patience).await {
            Ok(()) => self.function.counters.stored.count(),
            Err(error) => self.failed(&error),
        }
    }

    /// Counts, and logs, an error that the caller does not see.
    pub(crate) fn failed(&self, error: &Error) {
        self.function.counters.errors.count();
        self.cache().log(error);
    }

    /// The instant by which an operation that a user asked for is over.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.cache().deadline
    }
}

impl Ticket {
    /// Starts the clock of the function's own work anew, for a look-up whose bytes took time to be refused.
    pub(crate) fn compute(mut self) -> Self {
        self.computing = Instant::now();
        self
    }

    /// How long the function has been computing.
    pub(crate) fn compute_time(&self) -> Duration {
        self.computing.elapsed()
    }
}
