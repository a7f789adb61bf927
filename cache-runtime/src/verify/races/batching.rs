//! Callers that join batches, leave them and take them over, against the tasks that send them and a runtime that ends: under
//! `shuttle` and on real threads.
//!
//! What must hold in every schedule:
//! - A caller that stays gets its own answer; if the runtime has ended, an error that says so.
//! - A request is sent at most once, and with requests of its route only.
//! - The sender of a request is told that its caller has left if, and only if, the caller left before the answer.
//! - In the end no batch is open, and all permits are back.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::ErrorKind;
use crate::store::redis::batching::batcher::{BatchHost, Batcher, Requests, TimeLimit, join, lock};
use crate::store::redis::batching::flush::Flush;
use crate::store::redis::batching::permits::Permits;
use crate::store::redis::route::Route;
use crate::verify::schedulers::{Racer, Scheduler, Shuttle, Threads, in_random_schedules, on_real_threads};

/// The most requests of a batch here.
const MAX: usize = 2;
/// The most batches in flight here.
const PERMITS: usize = 2;
const CALLERS: usize = 5;
/// The threads of the runtime.
const WORKERS: usize = 2;
const DEADLINE: Duration = Duration::from_secs(60);

/// What a caller does once it has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Stays,
    /// Leaves; `true`: after it was polled.
    Leaves(bool),
    /// Sends the batch itself if it can, and then stays.
    TakesOver,
}

use Conduct::{Leaves, Stays, TakesOver};

/// What the callers do, and how many polls of flush tasks the runtime lives; for ever if there is no number.
type Round = ([Conduct; CALLERS], Option<usize>);

const ROUNDS: [Round; 6] = [
    ([Stays, Stays, Leaves(true), Stays, Leaves(false)], None),
    ([Leaves(true), Stays, Leaves(false), Leaves(true), Stays], None),
    ([TakesOver, Stays, TakesOver, Leaves(true), Stays], None),
    ([Stays, Leaves(true), Stays, Stays, Leaves(false)], Some(4)),
    ([TakesOver, Stays, Leaves(true), TakesOver, Stays], Some(3)),
    ([Stays, Stays, TakesOver, Stays, Leaves(true)], Some(0)),
];

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection and its runtime.
struct World<S: Scheduler + 'static> {
    batcher: Batcher<Echoes<S>>,
    /// Flush tasks that wait for a thread of the runtime; `None` once it has ended.
    tasks: Mutex<Option<Vec<Task>>>,
    /// How many callers are done.
    done: AtomicUsize,
    /// How many batches are in flight.
    in_flight: AtomicUsize,
    /// Requests that were sent.
    sent: Mutex<Vec<usize>>,
    /// Requests that were answered.
    answered: Mutex<Vec<usize>>,
    /// Requests whose callers had left by the time of the answer, as their sender was told.
    left: Mutex<Vec<usize>>,
    leavers: Mutex<Vec<Leaver>>,
}

/// A caller that has left.
struct Leaver {
    number: usize,
    /// Whether its batch was answered just before it left.
    was_answered: bool,
    /// And just behind.
    is_answered: bool,
}

/// The requests are the callers' numbers, and so are the answers.
struct Echoes<S>(Vec<usize>, PhantomData<fn() -> S>);

fn route(caller: usize) -> Route {
    Route::of_key(if caller.is_multiple_of(2) { "even" } else { "odd" })
}

impl<S: Scheduler + 'static> BatchHost for World<S> {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task: Task = Box::pin(task);
        let dropped = match &mut *lock(&self.tasks) {
            Some(tasks) => {
                tasks.push(task);
                None
            }
            None => Some(task),
        };
        drop(dropped);
    }

    fn route(&self, requested: impl FnOnce() -> Route) -> Route {
        requested()
    }
}

impl<S: Scheduler + 'static> Requests for Echoes<S> {
    type Host = World<S>;
    type Request<'a> = usize;
    type Answers = Vec<usize>;
    type Answer = usize;

    const DOING: &'static str = "echo";

    fn batcher(world: &World<S>) -> &Batcher<Self> {
        &world.batcher
    }

    fn route(caller: &usize) -> Route {
        route(*caller)
    }

    fn first(caller: usize) -> Self {
        Self(vec![caller], PhantomData)
    }

    fn add<'a>(&mut self, caller: Self::Request<'a>) -> Result<usize, Self::Request<'a>> {
        if self.0.len() == MAX {
            return Err(caller);
        }
        self.0.push(caller);
        Ok(self.0.len() - 1)
    }

    async fn send(self, flush: Flush<Self>) {
        let (world, callers) = (Arc::clone(&flush.host), self.0);
        assert!(world.in_flight.fetch_add(1, Ordering::SeqCst) < PERMITS, "too many in flight");
        let landed = Landed(Arc::clone(&world));
        assert!(
            callers.iter().all(|caller| route(*caller) == route(callers[0])),
            "of two routes: {callers:?}"
        );
        lock(&world.sent).extend(&callers);
        S::pause();
        // The answer takes a turn of the runtime, which may end before it.
        tokio::task::yield_now().await;
        S::pause();
        let left = flush.finish(Ok(callers.clone()));
        lock(&world.answered).extend(&callers);
        lock(&world.left).extend(left.into_iter().map(|place| callers[place]));
        drop(landed);
    }

    fn answer(answers: &mut Vec<usize>, index: usize) -> usize {
        answers[index]
    }
}

struct Landed<S: Scheduler + 'static>(Arc<World<S>>);

impl<S: Scheduler + 'static> Drop for Landed<S> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<S: Scheduler + 'static> World<S> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            batcher: Batcher::new(Permits::new(PERMITS)),
            tasks: Mutex::new(Some(Vec::new())),
            done: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            sent: Mutex::default(),
            answered: Mutex::default(),
            left: Mutex::default(),
            leavers: Mutex::default(),
        })
    }

    /// One call.
    fn caller(self: &Arc<Self>, number: usize, conduct: Conduct) {
        let mut handle = join::<Echoes<S>>(self, number, TimeLimit::Lasting(DEADLINE), None, false);
        S::pause();
        if let Leaves(polled) = conduct {
            if polled {
                let _ = Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
                S::pause();
            }
            let batch = Arc::clone(&handle.batch);
            let was_answered = batch.is_finished();
            drop(handle);
            let is_answered = batch.is_finished();
            lock(&self.leavers).push(Leaver { number, was_answered, is_answered });
        } else {
            if conduct == TakesOver
                && let Some(flush) = handle.take_over(self)
            {
                S::block_on(flush);
            }
            match S::block_on(handle) {
                Ok(answer) => assert_eq!(answer, number, "another caller's answer"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Runtime);
                    assert!(lock(&self.tasks).is_none(), "the runtime has not ended");
                }
            }
        }
        self.done.fetch_add(1, Ordering::SeqCst);
    }

    /// A thread of the runtime. `polls` is how many polls of its tasks are left until it ends.
    fn worker(&self, polls: Option<&AtomicUsize>) {
        loop {
            let task = lock(&self.tasks).as_mut().and_then(Vec::pop);
            match task {
                Some(task) => self.run(task, polls),
                None if self.done.load(Ordering::SeqCst) == CALLERS => return,
                None => S::pause(),
            }
        }
    }

    /// Runs a task to its end, or to the runtime's, which drops it.
    fn run(&self, mut task: Task, polls: Option<&AtomicUsize>) {
        S::block_on(poll_fn(|cx| {
            let one_less = |left: usize| left.checked_sub(1);
            if polls.is_some_and(|polls| {
                polls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err()
            }) {
                return Poll::Ready(());
            }
            task.as_mut().poll(cx)
        }));
        if polls.is_some_and(|polls| polls.load(Ordering::SeqCst) == 0) {
            let tasks = lock(&self.tasks).take();
            drop(tasks);
        }
    }

    /// What must hold when all threads are done.
    fn check(&self) {
        let (mut sent, left, answered) = (lock(&self.sent).clone(), lock(&self.left), lock(&self.answered));
        let requests = sent.len();
        sent.sort_unstable();
        sent.dedup();
        assert_eq!(sent.len(), requests, "a request was sent twice");
        for Leaver { number, was_answered, is_answered } in &*lock(&self.leavers) {
            if *was_answered {
                assert!(!left.contains(number), "it left after the answer");
            } else if !is_answered && answered.contains(number) {
                assert!(left.contains(number), "nobody was told that it had left");
            }
        }
        assert!(self.batcher.open_batches().is_empty(), "a batch is open");
        assert_eq!(self.batcher.permits.available(), PERMITS);
        assert_eq!(self.in_flight.load(Ordering::SeqCst), 0);
    }
}

fn race<S: Scheduler + 'static>((conducts, lives): Round) {
    let (world, polls) = (World::<S>::new(), lives.map(|polls| Arc::new(AtomicUsize::new(polls))));
    let worker = |_| -> Racer {
        let (world, polls) = (Arc::clone(&world), polls.clone());
        Box::new(move || world.worker(polls.as_deref()))
    };
    let caller = |(number, conduct)| -> Racer {
        let world = Arc::clone(&world);
        Box::new(move || world.caller(number, conduct))
    };
    S::race((0..WORKERS).map(worker).chain(conducts.into_iter().enumerate().map(caller)).collect());
    world.check();
}

#[test]
fn every_caller_is_answered_in_random_schedules() {
    in_random_schedules(&ROUNDS, race::<Shuttle>);
}

#[test]
fn every_caller_is_answered_on_real_threads() {
    on_real_threads(&ROUNDS, race::<Threads>);
}
