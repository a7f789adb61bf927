//! What is known while the traffic runs, and what each call is held to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::calls::DEADLINE;
use crate::lateness::{Absence, BEAT, Metronome, Processors, covered};
use crate::nodes::NodeTimes;

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
    /// Of the runtime. What a task waits for its turn is no wait for Redis.
    runtime: Metronome,
    processors: Arc<Processors>,
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
    /// How late the runtime was with its own tasks, in all and at most.
    runtime: [Duration; 2],
    /// For how long its threads had no processor.
    processors: Duration,
    pub(crate) faults: Vec<String>,
}

/// A call that has begun.
pub(crate) struct Begun {
    shards: Mask,
    generations: [u64; 3],
    at: Instant,
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
            runtime: Metronome::start(),
            processors: Arc::default(),
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
        Begun { shards, generations: self.generations(), at: Instant::now() }
    }

    /// Shows that the runtime runs, for ever.
    pub(crate) async fn beat(&self) {
        let processors = Arc::downgrade(&self.processors);
        std::thread::spawn(move || {
            while let Some(processors) = processors.upgrade() {
                processors.sample();
                std::thread::sleep(BEAT);
            }
        });
        loop {
            tokio::time::sleep(BEAT).await;
            self.runtime.beat();
        }
    }

    /// It has returned.
    pub(crate) fn returned(&self, begun: &Begun, what: impl Fn() -> String) {
        let returned = Instant::now();
        let all = returned - begun.at;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let absent = if all > self.slack { self.by_this_program(begun.at) } else { Vec::new() };
        let others = covered(absent.clone(), begun.at, returned);
        let took = all - others;
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap();
        self.slowest.fetch_max(micros(took), Ordering::Relaxed);
        if took > DEADLINE + self.slack {
            self.late(&format!("{} took {all:?}, {others:?} of it in line", what()));
        }
        let now = self.generations();
        let is_well =
            |shard: &usize| now[*shard] == begun.generations[*shard] && now[*shard].is_multiple_of(2);
        if !(0..3).filter(|shard| begun.shards & (1 << shard) != 0).all(|shard| is_well(&shard)) {
            return;
        }
        let mut took = took;
        if took > self.slack {
            let absent = [absent, self.nodes.absences(begun.shards, begun.at)].concat();
            let held_up = covered(absent, begun.at, returned);
            took = all - held_up;
            if took > self.slack {
                let held_up = format!("{held_up:?} of it in line or at its nodes");
                self.late(&format!("{} took {all:?}, {held_up}, and its nodes were well", what()));
            }
        }
        self.slowest_well.fetch_max(micros(took), Ordering::Relaxed);
        if !(0..3).all(|shard| is_well(&shard)) {
            self.served_while_broken.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// When a call was held up by what its own program does, or the machine with it.
    fn by_this_program(&self, begun: Instant) -> Vec<Absence> {
        self.processors.sample();
        [self.processors.absences(begun), self.runtime.absences(begun)].concat()
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
            runtime: [self.runtime.late(), self.runtime.longest()],
            processors: self.processors.late(),
            faults: self.findings.lock().unwrap().clone(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls, {} of them to nodes that were well while others were not; {} changes taken and {} refused; the slowest \
             call took {} ms, of those to nodes that were well {} ms; {} calls were late, {} values wrong; the runtime was late by \
             {:?} in all and {:?} at most, and its threads had no processor for {:?}",
            self.calls,
            self.served_while_broken,
            self.confirmed,
            self.refused,
            self.slowest / 1000,
            self.slowest_well / 1000,
            self.late,
            self.wrong,
            self.runtime[0],
            self.runtime[1],
            self.processors
        )
    }
}
