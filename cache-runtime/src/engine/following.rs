//! What is counted of followers, which bring the changes of data sources to a cache.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::util::counter::Counter;
use crate::util::locks::lock;
use crate::util::serialize_fields::serialize_fields;

/// The followers of a cache, those that run and those that have ended.
#[derive(Debug, Default)]
pub(crate) struct Following {
    pub(crate) changes: Counter,
    pub(crate) unknown: Counter,
    pub(crate) failures: Counter,
    /// Since when each follower that runs is behind, if it is.
    running: Mutex<Vec<Behind>>,
    has_begun: AtomicBool,
    number: Counter,
}

#[derive(Debug)]
struct Behind {
    number: u64,
    behind_since: Option<Instant>,
}

/// What [`Cache::follow`](crate::Cache::follow) has done in this cache, by all its followers together.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeStats {
    /// The followers that run now.
    pub followers: u64,
    /// Changes that were invalidated: Redis has acknowledged it. A change that its source gave twice counts twice.
    pub changes: u64,
    /// Those of them of which the source could not say what they are: [`Change::Unknown`](crate::Change::Unknown).
    pub unknown: u64,
    /// Attempts that failed, and are made again: to hear the source, to invalidate, to acknowledge.
    pub failures: u64,
    /// For how long the follower that is furthest behind has had changes that are not invalidated, or has not heard its source. Zero while all wait
    /// for changes. What a source does not know yet is not in it.
    pub behind: Duration,
}

serialize_fields!(ChangeStats { followers, changes, unknown, failures, behind });

impl Following {
    /// `None` where nobody ever followed.
    pub(crate) fn stats(&self) -> Option<ChangeStats> {
        if !self.has_begun.load(Ordering::Relaxed) {
            return None;
        }
        let running = lock(&self.running);
        let behind = running.iter().filter_map(|running| running.behind_since).min();
        Some(ChangeStats {
            followers: running.len() as u64,
            changes: self.changes.get(),
            unknown: self.unknown.get(),
            failures: self.failures.get(),
            behind: behind.map(|since| since.elapsed()).unwrap_or_default(),
        })
    }

    /// A follower begins. It ends when what this gives is dropped.
    pub(crate) fn begin(&self) -> RunningFollower<'_> {
        let number = self.number.count_from();
        self.has_begun.store(true, Ordering::Relaxed);
        lock(&self.running).push(Behind { number, behind_since: None });
        RunningFollower { following: self, number }
    }
}

/// A follower that runs.
#[derive(Debug)]
pub(crate) struct RunningFollower<'a> {
    pub(crate) following: &'a Following,
    number: u64,
}

impl RunningFollower<'_> {
    /// It has something to do, or nobody to hear. Whether it had not before.
    pub(crate) fn is_behind(&self) -> bool {
        let mut is_news = false;
        self.with(|since| {
            is_news = since.is_none();
            since.get_or_insert_with(Instant::now);
        });
        is_news
    }

    /// It has nothing to do but to wait.
    pub(crate) fn is_up_to_date(&self) {
        self.with(|since| *since = None);
    }

    fn with(&self, work: impl FnOnce(&mut Option<Instant>)) {
        let mut all = lock(&self.following.running);
        if let Some(own) = all.iter_mut().find(|running| running.number == self.number) {
            work(&mut own.behind_since);
        }
    }
}

impl Drop for RunningFollower<'_> {
    fn drop(&mut self) {
        lock(&self.following.running).retain(|running| running.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_follower_that_is_furthest_behind_counts() {
        let following = Following::default();
        assert_eq!(following.stats(), None);
        let (first, second) = (following.begin(), following.begin());
        let stats = || following.stats().expect("followers");
        assert_eq!((stats().followers, stats().behind), (2, Duration::ZERO));
        assert!(first.is_behind() && !first.is_behind());
        std::thread::sleep(Duration::from_millis(5));
        assert!(second.is_behind() && stats().behind >= Duration::from_millis(5));
        first.is_up_to_date();
        drop(second);
        assert_eq!((stats().followers, stats().behind), (1, Duration::ZERO));
        drop(first);
        assert_eq!(stats().followers, 0, "what was counted stays");
    }
}
