//! Turns, rounds and ratios.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::options::Options;
use crate::table::Report;

/// How many tasks call at once, where tasks do.
pub const TASKS: [usize; 4] = [1, 16, 64, 256];

/// How often in a row a turn may be repeated. More is no hiccup of the machine.
const LOST_TURNS: usize = 3;

/// What one turn of a contender gave.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Operations per second.
    pub rate: f64,
    /// Processor time of the client, in seconds per operation. Other programs on the machine hardly touch it.
    pub cpu: f64,
}

/// One way of doing what a scenario is about.
pub trait Contender: Send + Sync + 'static {
    const NAME: &'static str;

    /// Does it once. `index` is another for each task and counts up within it, so that contenders touch the same keys in
    /// the same order.
    ///
    /// An error says why this was not what the scenario is about: the turn is lost.
    fn once(&self, index: u64) -> impl Future<Output = Result<(), String>> + Send;

    /// Returns when nothing of the turn is left to do. That time is the turn's.
    fn finish(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

pub type Turn<'a> = Pin<Box<dyn Future<Output = Result<Sample, String>> + 'a>>;

/// A [`Contender`] behind a pointer. One indirect call a turn, none an operation.
pub trait Runner {
    fn name(&self) -> &'static str;

    /// Runs for one slice of time with this many callers.
    fn turn(&self, callers: usize, slice: Duration) -> Turn<'_>;
}

impl<C: Contender> Runner for Arc<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn turn(&self, tasks: usize, slice: Duration) -> Turn<'_> {
        Box::pin(sample(self, tasks, slice))
    }
}

async fn sample<C: Contender>(contender: &Arc<C>, tasks: usize, slice: Duration) -> Result<Sample, String> {
    let over = Arc::new(AtomicBool::new(false));
    let began = Began::now();
    let tasks: Vec<_> = (0..tasks as u64)
        .map(|task| {
            let (contender, over) = (Arc::clone(contender), Arc::clone(&over));
            tokio::spawn(async move {
                // Far apart, so that tasks do not run after each other through the same keys.
                let first = task * 7919;
                let mut done = 0;
                while !over.load(Ordering::Relaxed) {
                    contender.once(first + done).await?;
                    done += 1;
                }
                Ok::<u64, String>(done)
            })
        })
        .collect();
    tokio::time::sleep(slice).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a contender does not panic")?;
    }
    contender.finish().await;
    // Until the last task is done: the time of every operation counted is in it.
    Ok(began.sample(done))
}

/// The beginning of a turn.
pub struct Began {
    time: Instant,
    cpu: Duration,
}

impl Began {
    pub fn now() -> Self {
        Self { time: Instant::now(), cpu: cpu_time() }
    }

    /// A turn that ends now, with so many operations.
    pub fn sample(&self, done: u64) -> Sample {
        Sample {
            rate: done as f64 / self.time.elapsed().as_secs_f64(),
            cpu: (cpu_time() - self.cpu).as_secs_f64() / done as f64,
        }
    }
}

/// The processor time of this process so far: the client's, and not the server's.
fn cpu_time() -> Duration {
    time_of(ClockId::ProcessCPUTime)
}

/// The processor time of this thread so far.
pub fn thread_time() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

fn time_of(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).expect("nothing runs for less than no time")
}

/// Lets the contenders take turns, with so many callers of the named kind. The first is the yardstick.
pub async fn compare(
    title: &str,
    options: &Options,
    (unit, callers): (&'static str, &[usize]),
    contenders: &[Box<dyn Runner + '_>],
) -> Result<Report, String> {
    // Connections, tables and branch predictors warm up on nobody's account.
    for contender in contenders {
        turn(&**contender, callers[callers.len() / 2], options.slice).await?;
    }
    let mut report =
        Report::new(title, unit, callers, contenders.iter().map(|contender| contender.name()).collect());
    for round in 0..options.rounds {
        for (row, callers) in callers.iter().enumerate() {
            let mut samples = vec![None; contenders.len()];
            // Another one begins in each round, so that no contender always runs in the wake of the same other.
            for place in 0..contenders.len() {
                let contender = (round + place) % contenders.len();
                samples[contender] = Some(turn(&*contenders[contender], *callers, options.slice).await?);
            }
            report.add(row, samples.into_iter().flatten());
        }
    }
    Ok(report)
}

/// One turn, again where it was lost: on a busy machine everything stands still now and then for longer than a time limit.
pub async fn turn(contender: &dyn Runner, callers: usize, slice: Duration) -> Result<Sample, String> {
    let mut lost = 0;
    loop {
        match contender.turn(callers, slice).await {
            Ok(sample) => return Ok(sample),
            Err(reason) if lost < LOST_TURNS => {
                lost += 1;
                eprintln!("A turn of {} was lost: {reason}", contender.name());
            }
            Err(reason) => {
                return Err(format!("{} lost too many turns in a row: {reason}", contender.name()));
            }
        }
    }
}
