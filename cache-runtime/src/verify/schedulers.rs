//! What runs the races: `shuttle`'s scheduler, and the machine's own.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// So many schedules of each race.
const SCHEDULES: usize = 2_000;

/// What one of the threads of a race does.
pub(crate) type Racer = Box<dyn FnOnce() + Send>;

/// What a scheduler offers to those that it runs.
pub(crate) trait Scheduler {
    /// Others may go first here.
    fn pause();
    fn block_on<T>(future: impl Future<Output = T>) -> T;
    /// Runs each on a thread of its own, and waits for all of them.
    fn race(racers: Vec<Racer>);
}

/// Runs a race in random schedules; each of them goes through all rounds.
pub(crate) fn in_random_schedules<R: Copy + Send + Sync>(rounds: &'static [R], race: fn(R)) {
    shuttle::check_random(move || rounds.iter().copied().for_each(race), SCHEDULES);
}

/// Runs it as often on real threads, one round after another.
pub(crate) fn on_real_threads<R: Copy>(rounds: &[R], race: fn(R)) {
    rounds.iter().copied().cycle().take(SCHEDULES).for_each(race);
}

/// One thread at a time, and another at every pause.
pub(crate) struct Shuttle;

impl Scheduler for Shuttle {
    fn pause() {
        shuttle::thread::yield_now();
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        shuttle::future::block_on(std::future::poll_fn(|context| {
            let waker = Waker::from(Arc::new(PausingWaker(context.waker().clone())));
            future.as_mut().poll(&mut Context::from_waker(&waker))
        }))
    }

    fn race(racers: Vec<Racer>) {
        let threads: Vec<_> = racers.into_iter().map(shuttle::thread::spawn).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    }
}

/// Lets others run before the one who woke goes on: between what a leader has told its followers and what it does next.
struct PausingWaker(Waker);

impl Wake for PausingWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
        Shuttle::pause();
    }
}

/// Real threads, for what is between two instructions.
pub(crate) struct Threads;

impl Scheduler for Threads {
    fn pause() {
        // Sometimes, so that threads meet at ever other places.
        if crate::util::random::unit() < 0.3 {
            std::thread::yield_now();
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let patience = std::time::Duration::from_secs(20);
        runtime
            .block_on(async { tokio::time::timeout(patience, future).await.expect("never told of the end") })
    }
    fn race(racers: Vec<Racer>) {
        std::thread::scope(|scope| {
            for racer in racers {
                scope.spawn(racer);
            }
        });
    }
}
