//! The leases of a batch: asked for, renewed and given back together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::Name;
use crate::cache::Inner;
use crate::engine::background::UnderWay;
use crate::home::{self, home};
use crate::store::{Mark, Store, Swap};

/// Leases that are ours. Dropping them gives back those that are still held, in the background and in one round trip.
#[derive(Debug)]
pub(super) struct Leases {
    cache: Arc<Inner>,
    /// By their marks, which no two leases share.
    held: HashMap<Mark, Name>,
    renewal: Option<AbortHandle>,
}

impl Leases {
    pub(super) fn new(cache: &Arc<Inner>) -> Self {
        Self { cache: Arc::clone(cache), held: HashMap::new(), renewal: None }
    }

    /// A lease is about to be asked for. From here on it is given back, whether the answer comes or not: the server may have
    /// granted it all the same.
    pub(super) fn ask(&mut self, key: &Name, mark: Mark) {
        self.held.insert(mark, Arc::clone(key));
    }

    /// There is nothing to give back: a value has taken its place, or somebody else has.
    pub(super) fn is_gone(&mut self, mark: &Mark) {
        self.held.remove(mark);
    }

    /// It has not been told whether they were granted. They are given back at once, and not renewed with the others.
    pub(super) fn give_up(&mut self, marks: &[Mark]) {
        let held = marks.iter().filter_map(|mark| self.held.remove_entry(mark)).collect();
        drop(Self { cache: Arc::clone(&self.cache), held, renewal: None });
    }

    /// Those that are held are renewed from now on.
    pub(super) fn granted(mut self) -> Self {
        if !self.held.is_empty() {
            let renewal = renew(Arc::clone(&self.cache), self.list());
            self.renewal = home().ok().map(|home| home.spawn(renewal).abort_handle());
        }
        self
    }

    fn list(&self) -> Vec<(Name, Mark)> {
        self.held.iter().map(|(mark, key)| (Arc::clone(key), *mark)).collect()
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        if let Some(renewal) = self.renewal.take() {
            renewal.abort();
        }
        if !self.held.is_empty() {
            let (cache, list) = (Arc::clone(&self.cache), self.list());
            self.cache.background.store(|under_way| give_back(cache, list, under_way));
        }
    }
}

/// Tries until it succeeds, or until the leases have run out by themselves; see the release of a single one.
async fn give_back(cache: Arc<Inner>, leases: Vec<(Name, Mark)>, _: UnderWay) {
    let leases: Vec<(&str, Mark)> = leases.iter().map(|(key, mark)| (&**key, *mark)).collect();
    let runs_out = Instant::now() + cache.lease;
    let mut pause = Duration::from_millis(5);
    loop {
        let done = cache.store.release_many(&leases, Instant::now() + cache.deadline).await.is_ok();
        if done || Instant::now() >= runs_out || home::sleep(pause).await.is_err() {
            return;
        }
        pause *= 2;
    }
}

/// Keeps the leases for as long as the computation takes. One that has been taken away is let go; its value will not be
/// stored.
async fn renew(cache: Arc<Inner>, mut leases: Vec<(Name, Mark)>) {
    let lease = cache.lease;
    while !leases.is_empty() {
        tokio::time::sleep((lease / 3).max(Duration::from_millis(1))).await;
        let swap = |(key, mark): &(Name, Mark)| (Arc::clone(key), *mark);
        let asked: Vec<_> = leases.iter().map(swap).collect();
        let swaps: Vec<_> =
            asked.iter().map(|(key, mark)| Swap { key, mark, value: mark, ttl: Some(lease) }).collect();
        if let Ok(done) = cache.store.swap_many(&swaps, Instant::now() + cache.deadline).await {
            let mut done = done.into_iter();
            leases.retain(|_| !matches!(done.next(), Some(Ok(false))));
        }
    }
}
