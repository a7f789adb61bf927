//! Which keys the current task, or thread, is computing. A function that calls itself for the same key must not wait for
//! itself, and what one call waits for within another it waits for in the other's time.

use std::collections::HashSet;
use std::iter::successors;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::FlightKey;
use super::offer::OfferedValue;
use crate::util::locks::lock;
use crate::util::process;
#[cfg(feature = "tracing")]
use crate::util::trace::{Span, instrument};

/// What is being computed, innermost first.
#[derive(Clone)]
pub(crate) struct Chain(Arc<Link>);

pub(crate) struct Link {
    keys: Keys,
    /// Of the call that computes: what it has not waited for itself, calls within it may.
    patience: Mutex<Spending>,
    outer: Option<Chain>,
    /// What the body may look at.
    offered: Option<Arc<OfferedValue>>,
}

/// The rest of a patience. Concurrent waits spend it once.
struct Spending {
    left: Duration,
    waits: usize,
    /// When the first of them began.
    since: Instant,
}

/// The keys of one computation.
pub(crate) enum Keys {
    One(FlightKey),
    /// The keys of a batch.
    #[allow(clippy::box_collection, reason = "so that one key takes no more room than it needs")]
    Many(Box<HashSet<FlightKey>>),
}

impl Keys {
    fn contain(&self, key: &FlightKey) -> bool {
        match self {
            Self::One(own) => own == key,
            Self::Many(own) => own.contains(key),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &FlightKey> + Clone {
        let (one, many) = match self {
            Self::One(own) => (Some(own), None),
            Self::Many(own) => (None, Some(&**own)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl From<FlightKey> for Keys {
    fn from(key: FlightKey) -> Self {
        Self::One(key)
    }
}

/// The keys of a computation, and the span that the function's body is in.
pub(crate) struct Computation {
    pub(crate) keys: Keys,
    pub(crate) offered: Option<Arc<OfferedValue>>,
    #[cfg(feature = "tracing")]
    pub(crate) span: Span,
}

/// Without a span of its own.
#[cfg(test)]
impl From<FlightKey> for Computation {
    fn from(key: FlightKey) -> Self {
        Self {
            keys: key.into(),
            offered: None,
            #[cfg(feature = "tracing")]
            span: crate::util::trace::callers(),
        }
    }
}

impl FromIterator<FlightKey> for Keys {
    fn from_iter<I: IntoIterator<Item = FlightKey>>(keys: I) -> Self {
        Self::Many(Box::new(keys.into_iter().collect()))
    }
}

impl Chain {
    /// The computations around the current task.
    pub(crate) fn current() -> Option<Self> {
        CHAIN.try_with(Self::clone).ok()
    }

    /// Runs `future` within such computations, in another task.
    pub(crate) async fn within<F: Future>(chain: Option<Self>, future: F) -> F::Output {
        match chain {
            Some(chain) => CHAIN.scope(chain, future).await,
            None => future.await,
        }
    }

    fn links(&self) -> impl Iterator<Item = &Link> + Clone {
        successors(Some(&*self.0), |link| link.outer.as_ref().map(|outer| &*outer.0))
    }

    /// How many computations there are, one within the other.
    #[cfg(feature = "testing")]
    pub(crate) fn depth(&self) -> usize {
        self.links().count()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &FlightKey> + Clone {
        self.links().flat_map(|link| link.keys.iter())
    }

    /// Begins a wait of a call within all of them; says how long it may take.
    pub(crate) fn begin_wait(&self, now: Instant) -> Duration {
        self.links().map(|link| lock(&link.patience).begin(now)).min().unwrap_or_default()
    }

    pub(crate) fn end_wait(&self, now: Instant) {
        self.links().for_each(|link| lock(&link.patience).end(now));
    }
}

impl Spending {
    fn begin(&mut self, now: Instant) -> Duration {
        if self.waits == 0 {
            self.since = now;
        }
        self.waits += 1;
        self.left.saturating_sub(now.saturating_duration_since(self.since))
    }

    fn end(&mut self, now: Instant) {
        self.waits -= 1;
        if self.waits == 0 {
            self.left = self.left.saturating_sub(now.saturating_duration_since(self.since));
        }
    }
}

tokio::task_local! {
    static CHAIN: Chain;
}

fn extended(keys: Keys, offered: Option<Arc<OfferedValue>>, patience: Duration) -> Chain {
    let patience = Mutex::new(Spending { left: patience, waits: 0, since: Instant::now() });
    Chain(Arc::new(Link { keys, patience, outer: Chain::current(), offered }))
}

/// The older value that the innermost computation offers its body.
pub(crate) fn offered() -> Option<Arc<OfferedValue>> {
    CHAIN.try_with(|chain| chain.0.offered.clone()).ok().flatten()
}

/// Whether this task or thread is within a computation of `key`. A task that a computation spawned is not within it: if
/// the two wait for each other, the bound on every wait ends it.
pub(crate) fn is_computing(key: &FlightKey) -> bool {
    CHAIN.try_with(|chain| chain.links().any(|link| link.keys.contain(key))).unwrap_or(false)
}

/// Runs `future` as a computation of these keys, by a call that would wait for others for as long as `patience` yet.
pub(crate) fn computing<F: Future>(
    computation: impl Into<Computation>,
    patience: Duration,
    future: F,
) -> impl Future<Output = F::Output> {
    let computation = computation.into();
    #[cfg(feature = "tracing")]
    let future = instrument(computation.span, future);
    CHAIN.scope(extended(computation.keys, computation.offered, patience), future)
}

/// The same for blocking code.
pub(crate) fn sync_computing<R>(
    computation: impl Into<Computation>,
    patience: Duration,
    work: impl FnOnce() -> R,
) -> R {
    let computation = computation.into();
    #[cfg(feature = "tracing")]
    let work = || computation.span.within(work);
    let done = CHAIN.sync_scope(extended(computation.keys, computation.offered, patience), work);
    // The work may have forked, and this may be the child, which has a connection of its own. What an async function forks has none: no
    // runtime survives that.
    process::current();
    done
}
