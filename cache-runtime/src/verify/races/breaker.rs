//! Callers that report on a connection, and the reconnector that replaces it: under `shuttle` and on real threads.
//!
//! What must hold: a connection that has ended is replaced, whatever its callers report and in which order; it ends for
//! one reason, which does not change; and it ends by silence only if that many of its callers in a row had no answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::store::redis::connection::breaker::{Breaker, EndReason};
use crate::verify::schedulers::{Racer, Scheduler, Shuttle, Threads, in_random_schedules, on_real_threads};

/// What a caller reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    Answered,
    TimedOut,
    Broken,
}

use Report::{Answered, Broken, TimedOut};

/// What the callers of a round report, each in this order. In each of them connections end.
const ROUNDS: [[[Report; 3]; 3]; 4] = [
    [[TimedOut, TimedOut, TimedOut], [Answered, TimedOut, TimedOut], [Answered, TimedOut, TimedOut]],
    [[TimedOut, TimedOut, Answered], [TimedOut, Broken, TimedOut], [TimedOut, TimedOut, TimedOut]],
    [[Broken, TimedOut, Answered], [Broken, TimedOut, TimedOut], [Answered, TimedOut, TimedOut]],
    [[TimedOut, TimedOut, TimedOut], [TimedOut, TimedOut, TimedOut], [TimedOut, TimedOut, TimedOut]],
];

/// A lane, as far as breakers have to do with it.
struct World {
    /// The connection in use, with what was reported of it so far.
    current: Mutex<Arc<Connection>>,
    replaced: AtomicUsize,
    /// How many callers are done.
    done: AtomicUsize,
}

#[derive(Default)]
struct Connection {
    breaker: Breaker,
    timeouts: AtomicUsize,
    breaks: AtomicUsize,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self { current: Mutex::default(), replaced: AtomicUsize::new(0), done: AtomicUsize::new(0) })
    }

    fn current(&self) -> Arc<Connection> {
        Arc::clone(&self.current.lock().expect("no panic"))
    }

    fn caller<S: Scheduler>(&self, reports: [Report; 3]) {
        for report in reports {
            let used = self.current();
            S::pause();
            let end = used.breaker.end();
            match report {
                Answered => used.breaker.answered(),
                TimedOut => {
                    used.timeouts.fetch_add(1, Ordering::SeqCst);
                    used.breaker.timed_out();
                }
                Broken => {
                    used.breaks.fetch_add(1, Ordering::SeqCst);
                    used.breaker.close();
                    assert!(used.breaker.end().is_some(), "a broken connection goes on");
                }
            }
            assert!(end.is_none() || used.breaker.end() == end, "an end took another reason");
            S::pause();
        }
        // The last one out ends what is there, so that the keeper can leave.
        if self.done.fetch_add(1, Ordering::SeqCst) + 1 == 3 {
            let last = self.current();
            last.breaks.fetch_add(1, Ordering::SeqCst);
            last.breaker.close();
        }
    }

    /// Waits for each connection's end and puts another in its place, until nobody calls any more.
    fn keeper<S: Scheduler>(&self) {
        loop {
            let kept = self.current();
            match S::block_on(kept.breaker.ended()) {
                EndReason::Closed => assert!(kept.breaks.load(Ordering::SeqCst) > 0, "nobody closed it"),
                EndReason::Silent => assert!(kept.timeouts.load(Ordering::SeqCst) >= 3, "it was not silent"),
            }
            *self.current.lock().expect("no panic") = Arc::default();
            self.replaced.fetch_add(1, Ordering::SeqCst);
            S::pause();
            if self.done.load(Ordering::SeqCst) == 3 {
                return;
            }
        }
    }
}

fn race<S: Scheduler + 'static>(callers: [[Report; 3]; 3]) {
    let world = World::new();
    let mut racers: Vec<Racer> = vec![{
        let world = Arc::clone(&world);
        Box::new(move || world.keeper::<S>())
    }];
    racers.extend(callers.map(|reports| -> Racer {
        let world = Arc::clone(&world);
        Box::new(move || world.caller::<S>(reports))
    }));
    S::race(racers);
    assert!(world.replaced.load(Ordering::SeqCst) > 0);
}

#[test]
fn every_end_is_seen_in_random_schedules() {
    in_random_schedules(&ROUNDS, race::<Shuttle>);
}

#[test]
fn every_end_is_seen_on_real_threads() {
    on_real_threads(&ROUNDS, race::<Threads>);
}

#[test]
fn an_answer_begins_the_count_anew() {
    let breaker = Breaker::default();
    for report in [TimedOut, TimedOut, Answered, TimedOut, TimedOut] {
        match report {
            Answered => breaker.answered(),
            _ => breaker.timed_out(),
        }
        assert_eq!(breaker.end(), None);
    }
    breaker.timed_out();
    assert_eq!(breaker.end(), Some(EndReason::Silent));
    breaker.answered();
    breaker.close();
    assert_eq!(breaker.end(), Some(EndReason::Silent));
}
