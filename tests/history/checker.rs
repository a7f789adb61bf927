//! What a recorded run must not contain.
//!
//! Every record carries numbers from one counter, the database's: a process asks for one before it begins something and
//! for another after it has ended. If an end's number is smaller than a beginning's, the one did end before the other
//! began, whatever the clocks of the processes say. Where the numbers say nothing, nothing is demanded.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A call of a cached function that returned `version` of `key`, alone or with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) key: u64,
    pub(crate) version: u64,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) process: u64,
}

/// An invalidation, or a write to the cache, that returned `Ok` after `version` had been committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) key: u64,
    pub(crate) version: u64,
    pub(crate) end: u64,
    pub(crate) process: u64,
}

/// The database's commit of `version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) key: u64,
    pub(crate) version: u64,
    pub(crate) at: u64,
}

/// All that happened. Version 0 of every key is there from the beginning.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) reads: Vec<Read>,
    pub(crate) promises: Vec<Promise>,
    pub(crate) commits: Vec<Commit>,
    /// When the counter's numbers were given, by the database's clock, from 1 on.
    pub(crate) times: Vec<Instant>,
    /// The processes that keep values, and for how long they may serve what another has invalidated.
    pub(crate) keeping: Option<(u64, Duration)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// The read began after the promise was given, and returned an older version.
    Older(Read, Promise),
    /// The version was not committed when the read ended: another key's value, or garbage.
    FromNowhere(Read),
}

impl History {
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let promises = by_key(&self.promises);
        let commits: HashMap<_, _> =
            self.commits.iter().map(|commit| ((commit.key, commit.version), commit.at)).collect();
        let mut violations = Vec::new();
        for read in &self.reads {
            let newest = promises.get(&read.key).and_then(|promises| self.newest_before(promises, read));
            if let Some(promise) = newest.filter(|promise| promise.version > read.version) {
                violations.push(Violation::Older(*read, promise));
            }
            let committed = commits.get(&(read.key, read.version)).is_some_and(|at| *at < read.end);
            if read.version > 0 && !committed {
                violations.push(Violation::FromNowhere(*read));
            }
        }
        violations
    }

    /// Among those that had ended before the read began, and that bind it, the one of the newest version. Promises need not end
    /// in the order of their versions.
    fn newest_before(&self, promises: &[Promise], read: &Read) -> Option<Promise> {
        let ended = promises.partition_point(|promise| promise.end < read.begin);
        let binding = promises[..ended].iter().filter(|promise| self.binds(promise, read));
        binding.max_by_key(|promise| promise.version).copied()
    }

    /// A process that keeps values may not have heard of another's promise yet. By one clock: the promise's number was
    /// given after its end and the read's before its beginning, so what lay between was no shorter.
    fn binds(&self, promise: &Promise, read: &Read) -> bool {
        let Some((processes, delay)) = self.keeping else { return true };
        let is_own = promise.process == read.process;
        is_own || read.process >= processes || self.time(read.begin) - self.time(promise.end) >= delay
    }

    fn time(&self, number: u64) -> Instant {
        self.times[usize::try_from(number - 1).unwrap()]
    }
}

/// Each key's promises in the order of their ends.
fn by_key(promises: &[Promise]) -> HashMap<u64, Vec<Promise>> {
    let mut of_keys: HashMap<u64, Vec<Promise>> = HashMap::new();
    for promise in promises {
        of_keys.entry(promise.key).or_default().push(*promise);
    }
    of_keys.values_mut().for_each(|promises| promises.sort_by_key(|promise| promise.end));
    of_keys
}

mod tests {
    //! A checker that finds nothing proves nothing: these histories are wrong, or just not wrong.

    use super::*;

    fn read(key: u64, version: u64, begin: u64, end: u64) -> Read {
        Read { key, version, begin, end, process: 0 }
    }

    /// Two commits of key 1, at 10 and 20, whose invalidations ended at 12 and 22.
    fn history(reads: &[Read]) -> History {
        History {
            reads: reads.to_vec(),
            promises: vec![promise(2, 22), promise(1, 12)],
            commits: vec![Commit { key: 1, version: 1, at: 10 }, Commit { key: 1, version: 2, at: 20 }],
            ..History::default()
        }
    }

    fn promise(version: u64, end: u64) -> Promise {
        Promise { key: 1, version, end, process: 1 }
    }

    #[test]
    fn a_read_after_an_invalidation_must_not_be_older() {
        let [before, after] = [read(1, 0, 13, 14), read(1, 1, 30, 31)];
        assert_eq!(
            history(&[before, after]).violations(),
            [Violation::Older(before, promise(1, 12)), Violation::Older(after, promise(2, 22))]
        );
    }

    #[test]
    fn a_process_that_keeps_values_may_hear_of_others_later_but_not_of_its_own() {
        let began = Instant::now();
        let reads = [read(1, 1, 25, 50), read(1, 1, 32, 50)];
        let mut history = history(&reads);
        history.times = (1..=50).map(|number| began + Duration::from_millis(number)).collect();
        history.keeping = Some((1, Duration::from_millis(10)));
        assert_eq!(history.violations(), [Violation::Older(reads[1], promise(2, 22))]);
        history.promises.iter_mut().for_each(|promise| promise.process = 0);
        assert_eq!(history.violations().len(), 2);
        let other = Read { process: 2, ..reads[0] };
        history.reads = vec![other];
        assert_eq!(history.violations(), [Violation::Older(other, history.promises[0])]);
    }

    #[test]
    fn a_read_that_began_before_the_end_of_the_invalidation_may_be_older() {
        let reads = [read(1, 0, 11, 40), read(1, 1, 21, 40), read(1, 1, 13, 14), read(1, 2, 23, 24)];
        assert_eq!(history(&reads).violations(), []);
    }

    #[test]
    fn a_read_may_be_newer_than_all_promises() {
        assert_eq!(history(&[read(1, 2, 13, 21), read(1, 1, 1, 11)]).violations(), []);
    }

    #[test]
    fn a_late_promise_of_an_older_version_takes_nothing_back() {
        let mut history = history(&[read(1, 1, 30, 31)]);
        history.promises = vec![promise(2, 22), promise(1, 25)];
        assert_eq!(history.violations(), [Violation::Older(history.reads[0], promise(2, 22))]);
    }

    #[test]
    fn keys_have_nothing_to_do_with_each_other() {
        assert_eq!(history(&[read(2, 0, 30, 31)]).violations(), []);
    }

    #[test]
    fn a_commit_whose_invalidation_failed_obliges_nobody() {
        let mut history = history(&[read(1, 0, 30, 31)]);
        history.promises.clear();
        assert_eq!(history.violations(), []);
    }

    #[test]
    fn a_version_that_was_not_committed_yet_is_from_nowhere() {
        let [early, never] = [read(1, 2, 13, 15), read(2, 1, 1, 40)];
        let violations = history(&[early, never]).violations();
        assert_eq!(violations, [Violation::FromNowhere(early), Violation::FromNowhere(never)]);
    }
}
