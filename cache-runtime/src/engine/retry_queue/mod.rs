//! Invalidations that Redis could not take, and that are retried until it does.
//!
//! A lost invalidation leaves an old value for as long as its TTL lasts. So one that failed, or whose caller went away before it
//! was answered, is kept (the latest of each key) and retried in the background. Until then this process treats the key as
//! a miss and stores nothing at it.
//!
//! Operations are numbered, in the order in which they begin: a success settles only failures of operations that began before
//! it. One that began earlier says nothing of what was stored between the two, however late its answer is read.
//!
//! What was acknowledged lately is remembered, too: where another server takes over, which may not know of it, it is pending again.
//!
//! Nobody knows how long a key's value can stay: functions with different TTLs share keys, in other programs too. So every
//! invalidation is retried for the same time, and one that is given up is counted.

mod queue;
mod recent;
mod takeovers;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::queue::Queue;
use self::recent::{LATELY, Recent};
use self::takeovers::TakeoverCount;
use crate::key::{KeyBuf, bucket};
use crate::store::vocabulary::CasToken;
use crate::util::counter::Counter;
use crate::util::locks::lock;

pub(super) use self::queue::Try;
pub(crate) use self::takeovers::NotedTakeovers;

/// A key that an operation invalidates or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// The key that the entries of all versions have in common, where a cache keeps versions apart.
    Entry(&'a str),
    /// To invalidate a tag is to remove the key of any tag, and then the tag's own.
    Tag(&'a str),
}

impl<'a> Key<'a> {
    /// Of the entry that has this key in calls.
    pub(crate) fn entry(name: &'a str) -> Self {
        Self::Entry(bucket::common(name))
    }

    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Entry(name) | Self::Tag(name) => name,
        }
    }
}

/// A cache's queue.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    queue: Mutex<Queue>,
    /// What is not pending any more, and may be again.
    recent: Mutex<Recent>,
    pub(crate) takeovers: TakeoverCount,
    /// Makes a look-up cost one read while nothing is pending.
    len: AtomicUsize,
    /// The number of the latest operation.
    number: AtomicU64,
    pub(crate) retried: Counter,
    pub(crate) repeated: Counter,
    pub(crate) lost: Counter,
    has_told_of_loss: AtomicBool,
    /// Ends the pause before the next retry.
    pub(super) hurry: Arc<Notify>,
    round_ended: Notify,
}

/// Which tags were pending, as noted before a read whose value names its tags.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotedTags {
    settled: u64,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Whether an entry that has this key in calls was to be invalidated, or to be removed at this key alone.
    pub(crate) fn contains_entry(&self, name: &str) -> bool {
        let is_wanted =
            |queue: &mut Queue| queue.contains(Key::entry(name)) || queue.contains(Key::Entry(name));
        self.len() > 0 && self.with(is_wanted)
    }

    pub(crate) fn contains_any_tag(&self, keys: &[KeyBuf]) -> bool {
        self.len() > 0 && self.with(|queue| keys.iter().any(|key| queue.contains(Key::Tag(key))))
    }

    /// To be called before the read; `None` if no tag is pending.
    pub(crate) fn note_tags(&self) -> Option<NotedTags> {
        if self.len() == 0 {
            return None;
        }
        self.with(|queue| queue.has_tags().then(|| NotedTags { settled: queue.settled_tags() }))
    }

    /// Whether a value that names these tags may be used. Where a tag was settled since the note, it may have been one of these, and
    /// the value may have been read before.
    pub(crate) fn allows(&self, noted: Option<NotedTags>, keys: &[KeyBuf]) -> bool {
        noted.is_none_or(|noted| {
            self.with(|queue| {
                queue.settled_tags() == noted.settled && !keys.iter().any(|key| queue.contains(Key::Tag(key)))
            })
        })
    }

    /// Retries at once, and waits until nothing is pending.
    pub(crate) async fn flush(&self) {
        for round in 0.. {
            // Subscribes before the check, so that an end in between is not missed.
            let ended = self.round_ended.notified();
            if self.len() == 0 {
                return;
            }
            // A round that is under way may have begun too early, the next one has not. Those after it keep their pauses.
            if round < 2 {
                self.hurry.notify_one();
            }
            ended.await;
        }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Queue) -> R) -> R {
        let mut queue = lock(&self.queue);
        let done = work(&mut queue);
        self.len.store(queue.len(), Ordering::Release);
        done
    }

    /// The number of an operation that begins now.
    pub(super) fn number(&self) -> u64 {
        1 + self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps the removal of one value, which failed: what a refresh knows to be of no use. Whatever else is there by then stays. Whether a task that retries is
    /// to be started.
    #[must_use]
    pub(super) fn left_behind(&self, name: &str, value: CasToken) -> bool {
        let number = self.number();
        self.add(|queue, now| usize::from(!queue.left_behind(name, number, value, now)))
    }

    /// Queues the failures at these keys. Returns whether a retry task has to be started.
    #[must_use]
    pub(super) fn failed(&self, keys: &[Key<'_>], number: u64, hold: Option<Duration>) -> bool {
        self.add(|queue, now| keys.iter().filter(|key| !queue.failed(**key, number, hold, now)).count())
    }

    /// Removes the failures that a successful operation settles.
    pub(super) fn succeeded(&self, keys: &[Key<'_>], number: u64, hold: Option<Duration>) {
        if self.len() > 0 {
            let now = Instant::now();
            self.with(|queue| keys.iter().for_each(|key| queue.succeeded(*key, number, hold, now)));
        }
    }

    /// Remembers what was acknowledged. `false` if it is not settled by that: another server may have taken over since the operation
    /// began.
    pub(super) fn acknowledged(&self, keys: &[Key<'_>], number: u64, hold: Option<Duration>) -> bool {
        lock(&self.recent).add(keys, number, hold, Instant::now())
    }

    /// Another server, which may lack what was acknowledged until `lost`, has the keys of which `concerns` holds: what was acknowledged
    /// lately is pending again. Gives the names of the keys, and whether a task that retries is to be started.
    pub(super) fn repeat(&self, lost: Instant, concerns: impl Fn(Key<'_>) -> bool) -> (Vec<String>, bool) {
        let (number, now) = (self.number(), Instant::now());
        let since = lost.min(now).checked_sub(LATELY).unwrap_or(lost);
        let taken = lock(&self.recent).take(number, since, concerns);
        let mut names = Vec::with_capacity(taken.len());
        let starts = self.add(|queue, now| {
            for (name, acknowledged) in taken {
                let hold = acknowledged.hold.map(|hold| (acknowledged.at, hold));
                if queue.repeat(acknowledged.key(&name), number, hold, now) {
                    names.push(name);
                }
            }
            0
        });
        if !names.is_empty() {
            // Behind what is pending: who notes this finds that.
            self.takeovers.happened();
        }
        names.iter().for_each(|_| self.repeated.count());
        (names, starts)
    }

    /// `add` returns how many did not fit.
    fn add(&self, add: impl FnOnce(&mut Queue, Instant) -> usize) -> bool {
        let now = Instant::now();
        let (lost, starts) = self.with(|queue| {
            let lost = add(queue, now);
            (lost, queue.len() > 0 && !std::mem::replace(&mut queue.is_running, true))
        });
        self.lose(lost, "too many are pending");
        starts
    }

    /// No task could be started. The next failure tries again.
    pub(super) fn is_not_running(&self) {
        self.with(|queue| queue.is_running = false);
    }

    /// The names of the tags and of the entries to be retried. `None`, and the end of the task, if there are none.
    pub(super) fn due(&self) -> Option<(Vec<String>, Vec<String>)> {
        let (too_old, due) = self.with(|queue| {
            let too_old = queue.give_up(Instant::now());
            queue.is_running = queue.len() > 0;
            (too_old, queue.is_running.then(|| queue.all()))
        });
        self.lose(too_old, "Redis has not taken it for a day");
        due
    }

    /// The retry for a key, if it is still pending and not under way.
    pub(super) fn begin_try(&self, key: Key<'_>, now: Instant) -> Option<Try> {
        self.with(|queue| queue.begin(key, now))
    }

    pub(super) fn end_try(&self, key: Key<'_>, number: u64, is_done: bool) {
        self.with(|queue| queue.end(key, number, is_done));
        if is_done {
            self.retried.count();
        }
    }

    /// Every pending key has been tried once.
    pub(super) fn end_round(&self) {
        self.round_ended.notify_waiters();
    }

    fn lose(&self, count: usize, why: &str) {
        for _ in 0..count {
            self.lost.count();
        }
        if count > 0 && !self.has_told_of_loss.swap(true, Ordering::Relaxed) {
            log::warn!(
                "gave up on an invalidation ({why}): the old value remains until its TTL ends; further ones are counted in `lost_invalidations` and not logged"
            );
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.len() > 0 {
            log::warn!("a cache was dropped with {} pending invalidations, which are lost", self.len());
        }
    }
}
