//! The right to store: short, renewed while the function runs, given back when it is not used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::TimeBudget;
use crate::engine::core::Core;
use crate::store::vocabulary::{CasToken, Swap};
use crate::store::{Store, vocabulary};
use crate::util::clock::after;
use crate::util::{process, random};

/// A lease that is ours. Dropping it gives it back, in the background.
#[derive(Debug)]
pub(super) struct Lease {
    cache: Arc<Core>,
    key: Arc<str>,
    mark: CasToken,
    /// What its caller would still wait for Redis, if it is granted and being renewed.
    granted: Option<Duration>,
    /// Whether it is still there to be given back.
    held: bool,
}

/// A mark that nobody had before. With one mark a client or a task, a store from before an invalidation would pass for
/// one of after it.
pub(super) fn new_mark() -> CasToken {
    // The look-up has asked, and a process that was forked since does not get to send it.
    vocabulary::lease(&random::nonce_in(process::known()))
}

/// The same where no look-up came before.
pub(super) fn new_mark_of_now() -> CasToken {
    vocabulary::lease(&random::nonce())
}

/// Where a lease stands beside the value at `key`, which stays readable until it is replaced.
pub(super) fn beside(key: &str) -> String {
    format!("{key}\u{1}refresh")
}

impl Lease {
    /// For a lease that is about to be asked for. It is given back also if the answer does not come, or nobody waits for it any
    /// more: the server may have granted it all the same, and then others would wait for nobody.
    pub(super) fn asked(cache: &Arc<Core>, key: Arc<str>, mark: CasToken) -> Self {
        Self { cache: Arc::clone(cache), key, mark, granted: None, held: true }
    }

    /// The server has granted it: it is renewed from now on.
    pub(super) fn granted(mut self, budget: &TimeBudget) -> Self {
        let now = Instant::now();
        self.cache.renewals.begin(&self.cache, Arc::clone(&self.key), self.mark, now);
        self.granted = Some(budget.left_at(now));
        self
    }

    /// What its caller will wait for Redis yet, at most.
    pub(super) fn left(&self) -> Duration {
        self.granted.unwrap_or_default()
    }

    /// The key at which it stands.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn mark(&self) -> &CasToken {
        &self.mark
    }

    /// Lets it run out after `rest`, before which nobody else gets it.
    pub(super) fn rest(mut self, rest: Duration) {
        if rest.is_zero() {
            return;
        }
        self.held = false;
        let (cache, key, mark) = (Arc::clone(&self.cache), std::mem::take(&mut self.key), self.mark);
        let started = self.cache.background.store(0, |under_way| async move {
            let _under_way = under_way;
            // If that fails it runs out as it would have.
            let swap = Swap { key: &key, mark: &mark, value: &mark, ttl: Some(rest) };
            if let Err(error) = cache.store.swap(&[swap], after(cache.deadline)).await {
                log::debug!("{error}");
            }
        });
        drop(started);
    }

    /// There is nothing to give back: a value has taken its place, or somebody else has.
    pub(super) fn is_gone(&mut self) {
        self.held = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.granted.is_some() {
            self.cache.renewals.end(&self.mark);
        }
        if self.held {
            let lease = (Arc::clone(&self.key), self.mark);
            self.cache.background.give_back.start(&self.cache, vec![lease], self.left());
        }
    }
}

/// Gives leases back together, in the background and in one round trip. They are of one cache.
pub(super) fn give_back(leases: impl IntoIterator<Item = Lease>) {
    let mut leases = leases.into_iter().filter(|lease| lease.held);
    let (Some(first), second) = (leases.next(), leases.next()) else { return };
    // A lone one gives itself back.
    let Some(second) = second else { return drop(first) };
    let mut leases: Vec<Lease> = [first, second].into_iter().chain(leases).collect();
    let (cache, left) = (Arc::clone(&leases[0].cache), leases.iter().map(Lease::left).min());
    let held = leases.iter_mut().map(|lease| {
        lease.held = false;
        (Arc::clone(&lease.key), lease.mark)
    });
    let held = held.collect();
    drop(leases);
    cache.background.give_back.start(&cache, held, left.unwrap_or_default());
}
