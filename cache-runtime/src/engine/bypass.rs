//! Scopes in which nothing is read from a cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::core::Core;

/// How many scopes there are in the process. Hardly ever any, and then a hit pays for one read.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

tokio::task_local! {
    /// The caches that are bypassed, innermost last.
    static BYPASSED: Vec<Arc<Core>>;
}

/// A disabled cache is always bypassed: a scope that does not end, so that programs without one do not pay for the question.
pub(crate) fn of_a_disabled_cache() {
    SCOPES.fetch_add(1, Ordering::Relaxed);
}

/// Whether the current task's calls are to compute, whatever `cache` has.
#[inline]
pub(crate) fn is_bypassed(cache: &Arc<Core>) -> bool {
    SCOPES.load(Ordering::Relaxed) > 0 && is_within(cache)
}

fn is_within(cache: &Arc<Core>) -> bool {
    cache.is_disabled
        || BYPASSED
            .try_with(|caches| caches.iter().any(|bypassed| Arc::ptr_eq(bypassed, cache)))
            .unwrap_or(false)
}

pub(crate) async fn scope<F: Future>(cache: &Arc<Core>, future: F) -> F::Output {
    let _scope = BypassScope::enter();
    BYPASSED.scope(with(cache), future).await
}

/// The caches that the current task bypasses.
pub(crate) fn bypassed() -> Option<Vec<Arc<Core>>> {
    BYPASSED.try_with(Vec::clone).ok()
}

/// Runs `future` within such a scope.
pub(crate) async fn within<F: Future>(bypassed: Option<Vec<Arc<Core>>>, future: F) -> F::Output {
    match bypassed {
        Some(caches) => {
            let _scope = BypassScope::enter();
            BYPASSED.scope(caches, future).await
        }
        None => future.await,
    }
}

pub(crate) fn sync_scope<R>(cache: &Arc<Core>, work: impl FnOnce() -> R) -> R {
    let _scope = BypassScope::enter();
    BYPASSED.sync_scope(with(cache), work)
}

fn with(cache: &Arc<Core>) -> Vec<Arc<Core>> {
    let mut caches = BYPASSED.try_with(Vec::clone).unwrap_or_default();
    caches.push(Arc::clone(cache));
    caches
}

struct BypassScope;

impl BypassScope {
    fn enter() -> Self {
        SCOPES.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for BypassScope {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
    }
}
