//! Which keys the current task, or thread, is computing: a function that calls itself for the same key must not wait for
//! itself.

use std::sync::Arc;

use super::FlightKey;

/// What is being computed, innermost first.
#[derive(Clone)]
struct Chain(Arc<Link>);

struct Link {
    key: FlightKey,
    outer: Option<Chain>,
}

tokio::task_local! {
    static CHAIN: Chain;
}

fn extended(key: FlightKey) -> Chain {
    Chain(Arc::new(Link { key, outer: CHAIN.try_with(Chain::clone).ok() }))
}

/// Whether this task or thread is within a computation of `key`. A task that a computation spawned is not within it: if
/// the two wait for each other, the bound on every wait ends it.
pub(crate) fn is_computing(key: &FlightKey) -> bool {
    CHAIN
        .try_with(|innermost| {
            let mut link = Some(innermost);
            while let Some(Chain(current)) = link {
                if current.key == *key {
                    return true;
                }
                link = current.outer.as_ref();
            }
            false
        })
        .unwrap_or(false)
}

/// Runs `future` as a computation of `key`.
pub(crate) async fn computing<F: Future>(key: FlightKey, future: F) -> F::Output {
    CHAIN.scope(extended(key), future).await
}

/// Runs `work` as a computation of `key`.
pub(crate) fn sync_computing<R>(key: FlightKey, work: impl FnOnce() -> R) -> R {
    CHAIN.sync_scope(extended(key), work)
}
