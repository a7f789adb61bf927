//! What happens to the cluster, one thing after another.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use redis_cached_test_support::RedisCluster;

use crate::Failure;
use crate::figures::Calls;

/// Slots that move at the same time.
const MOVERS: usize = 4;
/// Of so many keys one has its slot moved.
const KEYS_PER_SLOT: usize = 5;

/// Something that has begun, in a few words.
pub(crate) struct News {
    pub(crate) at: Duration,
    pub(crate) text: &'static str,
}

/// When it was, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) slots: usize,
    pub(crate) moving: Range<Duration>,
    pub(crate) failover: Range<Duration>,
    /// From the kill until the replica had taken over.
    pub(crate) without_primary: Range<Duration>,
}

/// The thread on which it happens.
pub(crate) struct Incidents(JoinHandle<Report>);

struct Incident {
    cluster: Arc<RedisCluster>,
    keys: Vec<String>,
    calls: Arc<Calls>,
    time: Duration,
    tell: mpsc::Sender<News>,
}

impl Incidents {
    /// Spreads the incidents over `time`.
    pub(crate) fn begin(
        cluster: &Arc<RedisCluster>,
        keys: Vec<String>,
        calls: Arc<Calls>,
        time: Duration,
        tell: mpsc::Sender<News>,
    ) -> Self {
        // The caller keeps the cluster: it ends with the last who has it.
        let incident = Incident { cluster: Arc::clone(cluster), keys, calls, time, tell };
        Self(std::thread::spawn(move || incident.run()))
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    pub(crate) fn join(self) -> Result<Report, Failure> {
        self.0.join().map_err(|_| "something could not be done to the cluster".into())
    }
}

impl Incident {
    fn run(&self) -> Report {
        let mut report = Report::default();
        self.begin_at(0.2, "slots move from one primary to another");
        (report.slots, report.moving) = self.timed(|| self.move_slots(0.4));
        self.begin_at(0.45, "CLUSTER FAILOVER: a primary hands over to its replica");
        ((), report.failover) = self.timed(|| self.cluster.failover(self.cluster.replica(1)));
        self.begin_at(0.55, "kill -9 of another primary");
        ((), report.without_primary) = self.timed(|| {
            self.cluster.primary(0).kill();
            self.cluster.wait_for_primary(self.cluster.replica(0));
        });
        self.begin_at(0.85, "the killed node starts again, as a replica");
        self.cluster.primary(0).restart();
        report
    }

    fn begin_at(&self, part: f64, text: &'static str) {
        std::thread::sleep(self.time.mul_f64(part).saturating_sub(self.calls.elapsed()));
        // Nobody listens any more where the program ends early.
        let _ = self.tell.send(News { at: self.calls.elapsed(), text });
    }

    fn timed<T>(&self, act: impl FnOnce() -> T) -> (T, Range<Duration>) {
        let begin = self.calls.elapsed();
        let result = act();
        (result, begin..self.calls.elapsed())
    }

    /// Moves slots that have keys from the first primary to the last until that part of the time is over. Says how many.
    fn move_slots(&self, until: f64) -> usize {
        let (from, to) = (self.cluster.primary(0), self.cluster.primary(2));
        let slots: BTreeSet<u16> =
            self.keys.iter().step_by(KEYS_PER_SLOT).map(|key| self.cluster.slot(key)).collect();
        let is_of_first = |slot: &u16| self.cluster.owner_of_slot(*slot).port() == from.port();
        let slots: Vec<u16> = slots.into_iter().filter(is_of_first).collect();
        let next = AtomicUsize::new(0);
        let is_time_left = || self.calls.elapsed() < self.time.mul_f64(until);
        std::thread::scope(|scope| {
            let movers: Vec<_> = (0..MOVERS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut moved = 0;
                        while is_time_left() {
                            let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                            self.cluster.migrate(*slot, to).finish();
                            moved += 1;
                        }
                        moved
                    })
                })
                .collect();
            movers.into_iter().map(|mover| mover.join().expect("slots can be moved")).sum()
        })
    }
}
