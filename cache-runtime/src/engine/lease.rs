//! The right to store: short, renewed while the function runs, given back when it is not used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::background::UnderWay;
use crate::blocking::library_runtime;
use crate::cache::Inner;
use crate::clock::after;
use crate::entry::header;
use crate::home;
use crate::random;
use crate::store::{Mark, Store};

/// A lease that is ours. Dropping it gives it back, in the background.
#[derive(Debug)]
pub(super) struct Lease {
    cache: Arc<Inner>,
    key: String,
    mark: Mark,
    /// Whether it is being renewed.
    renewed: bool,
    /// Whether it is still there to be given back.
    held: bool,
}

/// A mark that nobody had before. With one mark a client or a task, a store from before an invalidation would pass for
/// one of after it.
pub(super) fn new_mark() -> Mark {
    header::lease(&random::nonce())
}

/// Where a lease stands beside the value at `key`, which stays readable until it is replaced.
pub(super) fn beside(key: &str) -> String {
    format!("{key}\u{1}refresh")
}

impl Lease {
    /// For a lease that is about to be asked for. It is given back also if the answer does not come, or nobody waits for it any
    /// more: the server may have granted it all the same, and then others would wait for nobody.
    pub(super) fn asked(cache: &Arc<Inner>, key: String, mark: Mark) -> Self {
        Self { cache: Arc::clone(cache), key, mark, renewed: false, held: true }
    }

    /// The server has granted it: it is renewed from now on.
    pub(super) fn granted(mut self) -> Self {
        self.cache.renewals.begin(&self.cache, &self.key, self.mark);
        self.renewed = true;
        self
    }

    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// There is nothing to give back: a value has taken its place, or somebody else has.
    pub(super) fn is_gone(&mut self) {
        self.held = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.renewed {
            self.cache.renewals.end(&self.mark);
        }
        if self.held {
            let (cache, key, mark) = (Arc::clone(&self.cache), std::mem::take(&mut self.key), self.mark);
            self.cache.background.store(|under_way| give_back(cache, vec![(key.into(), mark)], under_way));
        }
    }
}

/// Gives leases back, in the background.
pub(super) async fn give_back(cache: Arc<Inner>, leases: Vec<(Arc<str>, Mark)>, under_way: UnderWay) {
    let runs_out = after(cache.lease);
    GivingBack { cache, leases, runs_out, under_way: Some(under_way) }.give_back().await;
}

/// Leases on their way back.
struct GivingBack {
    cache: Arc<Inner>,
    leases: Vec<(Arc<str>, Mark)>,
    runs_out: Instant,
    under_way: Option<UnderWay>,
}

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl GivingBack {
    /// Tries until it succeeds, or until the leases have run out by themselves: what made it fail may be the end of the very
    /// connection that they were asked for on, and the next one is on its way.
    async fn give_back(mut self) {
        let mut pause = Duration::from_millis(5);
        loop {
            let leases: Vec<(&str, Mark)> = self.leases.iter().map(|(key, mark)| (&**key, *mark)).collect();
            let until = after(self.cache.deadline);
            let given_back = match &leases[..] {
                [(key, mark)] => self.cache.store.release(key, mark, until).await,
                several => self.cache.store.release_many(several, until).await,
            };
            if given_back.is_ok() || Instant::now() >= self.runs_out || home::sleep(pause).await.is_err() {
                self.leases.clear();
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Drop for GivingBack {
    /// Before its end only if its runtime has ended, which may be what made the caller give up in the first place. Others would
    /// wait for nobody: it goes on where nothing ends.
    fn drop(&mut self) {
        let leases = std::mem::take(&mut self.leases);
        if !leases.is_empty()
            && let Ok(library) = library_runtime()
        {
            let (cache, under_way) = (Arc::clone(&self.cache), self.under_way.take());
            library.spawn(Self { cache, leases, runs_out: self.runs_out, under_way }.give_back());
        }
    }
}
