//! Which keys the current task, or thread, is computing: a function that calls itself for the same key must not wait for
//! itself.

use std::collections::HashSet;
use std::sync::Arc;

use super::FlightKey;

/// What is being computed, innermost first.
#[derive(Clone)]
struct Chain(Arc<Link>);

struct Link {
    keys: Keys,
    outer: Option<Chain>,
}

/// What one computation is for.
pub(crate) enum Keys {
    One(FlightKey),
    /// A batch's.
    Many(HashSet<FlightKey>),
}

impl Keys {
    fn contain(&self, key: &FlightKey) -> bool {
        match self {
            Self::One(own) => own == key,
            Self::Many(own) => own.contains(key),
        }
    }
}

impl From<FlightKey> for Keys {
    fn from(key: FlightKey) -> Self {
        Self::One(key)
    }
}

impl FromIterator<FlightKey> for Keys {
    fn from_iter<I: IntoIterator<Item = FlightKey>>(keys: I) -> Self {
        Self::Many(keys.into_iter().collect())
    }
}

tokio::task_local! {
    static CHAIN: Chain;
}

fn extended(keys: Keys) -> Chain {
    Chain(Arc::new(Link { keys, outer: CHAIN.try_with(Chain::clone).ok() }))
}

/// Whether this task or thread is within a computation of `key`. A task that a computation spawned is not within it: if
/// the two wait for each other, the bound on every wait ends it.
pub(crate) fn is_computing(key: &FlightKey) -> bool {
    CHAIN
        .try_with(|innermost| {
            let mut link = Some(innermost);
            while let Some(Chain(current)) = link {
                if current.keys.contain(key) {
                    return true;
                }
                link = current.outer.as_ref();
            }
            false
        })
        .unwrap_or(false)
}

/// Runs `future` as a computation of these keys.
pub(crate) fn computing<F: Future>(keys: impl Into<Keys>, future: F) -> impl Future<Output = F::Output> {
    CHAIN.scope(extended(keys.into()), future)
}

/// Runs `work` as a computation of these keys.
pub(crate) fn sync_computing<R>(keys: impl Into<Keys>, work: impl FnOnce() -> R) -> R {
    CHAIN.sync_scope(extended(keys.into()), work)
}
