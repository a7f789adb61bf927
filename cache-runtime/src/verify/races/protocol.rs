//! The races of a flight's end with those who join it, on the tables that the engine uses.
//!
//! Once under `shuttle`, which runs one thread at a time and picks the next at every pause: between any two operations, and
//! inside of one where it wakes followers. Once on real threads, for what is between two instructions and has no pause. The
//! tables' own lock is left as it is: a lock that `shuttle` knows would be a second build of the crate, and buy one pause,
//! between the two halves of a leader's drop; the real threads are there for that one. Nothing in the tables is done in two
//! locked parts but that drop and a landing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::engine::flight::{FlightKey, FlightResult, Flights, Leader, Role};
use crate::store::vocabulary::CasToken;
use crate::verify::schedulers::{Racer, Scheduler, Shuttle, Threads, in_random_schedules, on_real_threads};

/// How a leader ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Value,
    Nothing,
    Dropped,
}

const FINGERPRINT: u64 = 7;

/// One slot, as far as flights have to do with it.
struct World {
    flights: Arc<Flights>,
    /// Ticks at every event, and so tells which of two came first.
    clock: AtomicU64,
    /// The lease that is there to be seen.
    slot: Mutex<Option<CasToken>>,
    /// Whether a flight is open.
    open: AtomicBool,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            flights: Arc::default(),
            clock: AtomicU64::new(1),
            slot: Mutex::new(None),
            open: AtomicBool::new(false),
        })
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// One call: looks, joins, leads if there is nobody to follow.
    fn call<S: Scheduler>(&self, end: End) {
        loop {
            let began = self.tick();
            S::pause();
            let seen = *self.slot.lock().expect("no panic");
            S::pause();
            if let Some(follow) = seen.and_then(|mark| self.flights.seen(mark, FINGERPRINT)) {
                match S::block_on(follow.landed()) {
                    FlightResult::Bytes(bytes) => {
                        assert_eq!(Some(report(&bytes).1), seen, "another flight than the one seen");
                    }
                    FlightResult::Abandoned => continue,
                    FlightResult::Nothing
                    | FlightResult::Failed
                    | FlightResult::Error(_)
                    | FlightResult::Late => {}
                }
                return;
            }
            match self.flights.join(&key()) {
                Role::Leader(lead) => return self.lead::<S>(lead, end),
                Role::Follower(follow) => match S::block_on(follow.landed()) {
                    FlightResult::Bytes(bytes) => {
                        assert!(
                            report(&bytes).0 > began,
                            "joined unseen a flight that had been closed before"
                        );
                        return;
                    }
                    FlightResult::Abandoned => {}
                    FlightResult::Nothing
                    | FlightResult::Failed
                    | FlightResult::Error(_)
                    | FlightResult::Late => return,
                },
            }
        }
    }

    fn lead<S: Scheduler>(&self, mut lead: Leader, end: End) {
        assert!(!self.open.swap(true, Ordering::SeqCst), "two open flights");
        S::pause();
        self.open.store(false, Ordering::SeqCst);
        lead.close();
        let asked = self.tick();
        S::pause();
        let mark = mark(asked);
        assert!(lead.mark(mark), "a mark that is new");
        S::pause();
        *self.slot.lock().expect("no panic") = Some(mark);
        S::pause();
        match end {
            End::Value => lead.land(FlightResult::Bytes(Arc::new(asked.to_le_bytes().to_vec()))),
            End::Nothing => lead.land(FlightResult::Nothing),
            End::Dropped => drop(lead),
        }
        S::pause();
        let mut slot = self.slot.lock().expect("no panic");
        if *slot == Some(mark) {
            *slot = None;
        }
    }
}

fn key() -> FlightKey {
    FlightKey { key: "k".into(), fingerprint: FINGERPRINT }
}

fn mark(asked: u64) -> CasToken {
    let mut mark = [0; 17];
    mark[..8].copy_from_slice(&asked.to_le_bytes());
    mark
}

/// When the flight that gave `bytes` asked, and its mark.
fn report(bytes: &[u8]) -> (u64, CasToken) {
    let asked = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    (asked, mark(asked))
}

/// What the callers of each round do when they lead.
const ROUNDS: [[End; 4]; 3] = [
    [End::Value, End::Dropped, End::Value, End::Nothing],
    [End::Dropped, End::Dropped, End::Value, End::Value],
    [End::Nothing, End::Value, End::Dropped, End::Dropped],
];

fn race<S: Scheduler + 'static>(ends: [End; 4]) {
    let world = World::new();
    let call = |end| -> Racer {
        let world = Arc::clone(&world);
        Box::new(move || world.call::<S>(end))
    };
    S::race(ends.map(call).into());
    assert_eq!(world.flights.len(), 0, "a flight outlived its leader");
}

#[test]
fn every_follower_hears_of_the_end_in_random_schedules() {
    in_random_schedules(&ROUNDS, race::<Shuttle>);
}

#[test]
fn every_follower_hears_of_the_end_on_real_threads() {
    on_real_threads(&ROUNDS, race::<Threads>);
}
