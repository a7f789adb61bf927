//! The leases of a batch: asked for, renewed and given back together.

use crate::engine::Budget;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::Name;
use crate::engine::core::Core;
use crate::store::vocabulary::CasToken;

/// Leases that are ours. Dropping them gives back those that are still held, in the background and in one round trip.
#[derive(Debug)]
pub(super) struct Leases {
    cache: Arc<Core>,
    /// By their marks, which no two leases share.
    held: HashMap<CasToken, Name>,
    /// What their caller would still wait for Redis, if they are being renewed.
    granted: Option<Duration>,
}

impl Leases {
    pub(super) fn new(cache: &Arc<Core>) -> Self {
        Self { cache: Arc::clone(cache), held: HashMap::new(), granted: None }
    }

    /// A lease is about to be asked for. From here on it is given back, whether the answer comes or not: the server may have
    /// granted it all the same.
    pub(super) fn ask(&mut self, key: &Name, mark: CasToken) {
        self.held.insert(mark, Arc::clone(key));
    }

    /// There is nothing to give back: a value has taken its place, or somebody else has.
    pub(super) fn is_gone(&mut self, mark: &CasToken) {
        if self.held.remove(mark).is_some() && self.granted.is_some() {
            self.cache.renewals.end(mark);
        }
    }

    /// It has not been told whether they were granted. They are given back at once, and not renewed with the others.
    pub(super) fn give_up(&mut self, marks: &[CasToken]) {
        let held = marks.iter().filter_map(|mark| self.held.remove_entry(mark)).collect();
        drop(Self { cache: Arc::clone(&self.cache), held, granted: None });
    }

    /// Those that are held are renewed from now on.
    pub(super) fn granted(mut self, budget: &Budget) -> Self {
        for (mark, key) in &self.held {
            self.cache.renewals.begin(&self.cache, Arc::clone(key), *mark);
        }
        self.granted = Some(budget.left());
        self
    }

    fn list(&self) -> Vec<(Name, CasToken)> {
        self.held.iter().map(|(mark, key)| (Arc::clone(key), *mark)).collect()
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        if self.granted.is_some() {
            self.held.keys().for_each(|mark| self.cache.renewals.end(mark));
        }
        if !self.held.is_empty() {
            self.cache.background.give_back.start(&self.cache, self.list(), self.granted.unwrap_or_default());
        }
    }
}
