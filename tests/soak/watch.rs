//! What is known while the traffic runs, and what each call is held to.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::calls::DEADLINE;
use crate::nodes::NodeTimes;
use redis_cached_test_support::Given;

/// How often the runtime shows that it runs.
const TICK: Duration = Duration::from_millis(5);
/// How many findings are kept to be shown.
const SHOWN: usize = 20;

/// A group of a primary and its replica, and all of them.
pub(crate) type Mask = u8;
pub(crate) const ALL: Mask = 0b111;

pub(crate) struct Watch {
    began: Instant,
    nodes: NodeTimes,
    /// What a call may take over its deadline, and at all where its nodes are well, whatever happens to others.
    slack: Duration,
    /// Odd while something is wrong with a shard.
    generations: [AtomicU64; 3],
    calls: AtomicU64,
    served_while_broken: AtomicU64,
    confirmed: AtomicU64,
    refused: AtomicU64,
    slowest: AtomicU64,
    slowest_well: AtomicU64,
    /// In microseconds: as `given`, for the runtime. What a task waits for its turn is no wait for Redis.
    given: AtomicU64,
    late: AtomicU64,
    wrong: AtomicU64,
    findings: Mutex<Vec<String>>,
}

pub(crate) struct Report {
    pub(crate) calls: u64,
    /// Calls to nodes that were well, while others were not.
    pub(crate) served_while_broken: u64,
    pub(crate) confirmed: u64,
    refused: u64,
    slowest: u64,
    slowest_well: u64,
    pub(crate) late: u64,
    pub(crate) wrong: u64,
    pub(crate) faults: Vec<String>,
}

/// A call that has begun.
pub(crate) struct Begun {
    shards: Mask,
    generations: [u64; 3],
    at: Given,
    given: u64,
    nodes: Vec<u64>,
}

impl Watch {
    pub(crate) fn new(nodes: NodeTimes, slack: Duration) -> Self {
        Self {
            began: Instant::now(),
            nodes,
            slack,
            generations: Default::default(),
            calls: AtomicU64::new(0),
            served_while_broken: AtomicU64::new(0),
            confirmed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
            slowest_well: AtomicU64::new(0),
            given: AtomicU64::new(0),
            late: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            findings: Mutex::default(),
        }
    }

    /// Something is about to happen to these, or they are served again. Gives the time.
    pub(crate) fn turn(&self, shards: Mask) -> u128 {
        for (shard, generation) in self.generations.iter().enumerate() {
            if shards & (1 << shard) != 0 {
                generation.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.began.elapsed().as_millis()
    }

    fn generations(&self) -> [u64; 3] {
        self.generations.each_ref().map(|generation| generation.load(Ordering::SeqCst))
    }

    /// A call that concerns these shards.
    pub(crate) fn call(&self, shards: Mask) -> Begun {
        let given = self.given.load(Ordering::Relaxed);
        Begun { shards, generations: self.generations(), at: Given::now(), given, nodes: self.nodes.so_far() }
    }

    /// Counts the time that the runtime gives its tasks, for ever.
    pub(crate) async fn tick(&self) {
        loop {
            let began = Instant::now();
            tokio::time::sleep(TICK).await;
            let given = began.elapsed().min(2 * TICK);
            self.given.fetch_add(u64::try_from(given.as_micros()).unwrap(), Ordering::Relaxed);
        }
    }

    /// It has returned.
    pub(crate) fn returned(&self, begun: &Begun, what: impl Fn() -> String) {
        let by_runtime = Duration::from_micros(self.given.load(Ordering::Relaxed) - begun.given);
        let took = begun.at.elapsed().min(by_runtime);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap();
        self.slowest.fetch_max(micros(took), Ordering::Relaxed);
        if took > DEADLINE + self.slack {
            self.late(&format!("{} took {took:?}", what()));
        }
        let now = self.generations();
        let is_well =
            |shard: &usize| now[*shard] == begun.generations[*shard] && now[*shard].is_multiple_of(2);
        if !(0..3).filter(|shard| begun.shards & (1 << shard) != 0).all(|shard| is_well(&shard)) {
            return;
        }
        let took = took.min(self.by_nodes(begun));
        self.slowest_well.fetch_max(micros(took), Ordering::Relaxed);
        if took > self.slack {
            self.late(&format!("{} took {took:?}, and its nodes were well", what()));
        }
        if !(0..3).all(|shard| is_well(&shard)) {
            self.served_while_broken.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The least time that one of its nodes gave to a call.
    fn by_nodes(&self, begun: &Begun) -> Duration {
        let times = self.nodes.so_far().into_iter().zip(&begun.nodes).enumerate();
        // The primaries come first, then the replicas in the same order.
        let of_call = times.filter(|(node, _)| begun.shards & (1 << (node % 3)) != 0);
        Duration::from_micros(of_call.map(|(_, (now, then))| now - then).min().unwrap_or(u64::MAX))
    }

    /// A change has reached the cache, or not.
    pub(crate) fn told(&self, is_confirmed: bool) {
        let counter = if is_confirmed { &self.confirmed } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A value that is too old, or another key's.
    pub(crate) fn wrong(&self, finding: &str) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
        self.find(finding, 0);
    }

    fn late(&self, finding: &str) {
        self.late.fetch_add(1, Ordering::Relaxed);
        self.find(finding, SHOWN);
    }

    fn find(&self, finding: &str, place: usize) {
        let finding = format!("{} ms: {finding}", self.began.elapsed().as_millis());
        let mut findings = self.findings.lock().unwrap();
        let place = place.min(findings.len());
        findings.insert(place, finding);
        findings.truncate(SHOWN);
    }

    pub(crate) fn report(&self) -> Report {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Report {
            calls: count(&self.calls),
            served_while_broken: count(&self.served_while_broken),
            confirmed: count(&self.confirmed),
            refused: count(&self.refused),
            slowest: count(&self.slowest),
            slowest_well: count(&self.slowest_well),
            late: count(&self.late),
            wrong: count(&self.wrong),
            faults: self.findings.lock().unwrap().clone(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls, {} of them to nodes that were well while others were not; {} changes taken and {} refused; the slowest \
             call took {} ms, of those to nodes that were well {} ms; {} calls were late, {} values wrong",
            self.calls,
            self.served_while_broken,
            self.confirmed,
            self.refused,
            self.slowest / 1000,
            self.slowest_well / 1000,
            self.late,
            self.wrong
        )
    }
}
